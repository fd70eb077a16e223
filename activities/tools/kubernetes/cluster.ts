import type { AppsV1Api, CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { KubernetesAccess } from '../../../contracts/tools/kubernetes-access.ts';
import type { LookContext } from '../implement.ts';
import type { Access, Login } from './access.ts';
import { type Bounds, connect } from './https.ts';
import { kubeFailure } from './kube-failure.ts';

/** Typed clients of one identity: there is no other way to the API server. */
export type Cluster = {
  readonly apps: AppsV1Api;
  readonly core: CoreV1Api;
  readonly metrics: CustomObjectsApi;
  /** Each request from now on is bounded so. */
  within(bounds: Bounds): void;
  close(): void;
};

/** One request; a read of several asks them within what is left of its own time. */
export const requestMsMax = 8_000;

/** Loaded when it is needed first: an executor without a cluster never pays for it. */
export async function openCluster(login: Login, signal: AbortSignal): Promise<Cluster> {
  const client = await import('@kubernetes/client-node');
  let bounds: Bounds = { timeoutMs: () => requestMsMax, signal };
  const { library, close } = connect(login, () => bounds, client);
  const configuration = client.createConfiguration({
    baseServer: new client.ServerConfiguration(login.url, {}),
    httpApi: library,
  });
  return {
    apps: new client.AppsV1Api(configuration),
    core: new client.CoreV1Api(configuration),
    metrics: new client.CustomObjectsApi(configuration),
    within: (given) => {
      bounds = given;
    },
    close,
  };
}

type Doing = { readonly signal: AbortSignal; readonly doing: string };

/** Asks for a credential, opens the cluster with it, runs `body`, and closes it. Throws what `within` and the broker throw. */
export const withCluster = async <T>(
  access: Access,
  purpose: KubernetesAccess,
  { credential, signal, doing }: Doing & LookContext,
  body: (cluster: Cluster) => Promise<T>,
): Promise<T> => within(access(purpose, await credential()), { signal, doing }, body);

/** Opens a cluster, runs `body`, and closes it. Throws `TARGET_*`, `NOT_FOUND`, `BAD_INPUT` or `TOO_LARGE`. */
export async function within<T>(
  login: Login,
  { signal, doing }: Doing,
  body: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(login, signal);
  try {
    if (signal.aborted) throw new HoldpointError('TARGET_AWAY', `${doing}: cancelled before it began`);
    return await body(cluster);
  } catch (error) {
    throw kubeFailure(error, doing);
  } finally {
    cluster.close();
  }
}
