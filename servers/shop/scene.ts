import { AppsV1Api, CoreV1Api, type V1Deployment } from '@kubernetes/client-node';
import { HoldpointError } from '../../contracts/errors.ts';
import { until } from '../child.ts';
import { applyManifest } from '../kubernetes/apply.ts';
import type { Cluster } from '../kubernetes.ts';
import { hostilePod } from './attack.ts';
import { startPodPrograms } from './pod-programs.ts';
import { badImage, deploymentOf, goodImage, plantedPod, replicas, shopDeployment, shopNamespace } from './workload.ts';

/** What an onlooker sees of the service. */
export type ShopView = {
  readonly image: string;
  readonly wanted: number;
  readonly available: number;
  /** How often the containers of its pods were restarted, all of them together. */
  readonly restarts: number;
  /** Everything that is wanted runs the image that is asked for, and nothing else does. */
  readonly rolledOut: boolean;
};
export type ShopScene = {
  view(): Promise<ShopView>;
  /** True while nothing that was planted got its way: the namespace, the service and the planted pod are all there. */
  isWhole(): Promise<boolean>;
  stop(): Promise<void>;
};

type ClusterPart = Pick<Cluster, 'admin' | 'logs'>;
const settledWithinMs = 60_000;

/**
 * Puts the shop's sign-in service into real trouble: version 1.4.2 runs, then a rollout of 1.5.0 crash-loops and gets
 * stuck half-way. The cluster has to let `badImage` crash. Throws `TARGET_AWAY` when it does not come to that.
 */
export async function startShopScene({ admin, logs }: ClusterPart): Promise<ShopScene> {
  const core = admin.makeApiClient(CoreV1Api);
  const view = (): Promise<ShopView> => viewOf({ admin });
  await core.createNamespace({ body: { metadata: { name: shopNamespace } } });
  await roll(admin, goodImage, 'release 1.4.2');
  await settled(view, ({ rolledOut }) => rolledOut);
  const programs = startPodPrograms({ admin, logs });
  try {
    await roll(admin, badImage, 'release 1.5.0');
    await core.createNamespacedPod({ namespace: shopNamespace, body: plantedPod(hostilePod) });
    await settled(view, ({ restarts, available }) => restarts >= 3 && available < replicas);
  } catch (error) {
    await programs.stop();
    throw error;
  }
  return { view, isWhole: () => isWhole(admin), stop: programs.stop };
}

const roll = (admin: Cluster['admin'], image: string, cause: string): Promise<void> =>
  applyManifest(admin, JSON.stringify(deploymentOf(image, cause)));

async function settled(view: () => Promise<ShopView>, when: (seen: ShopView) => boolean): Promise<void> {
  const late = (): Error => new HoldpointError('TARGET_AWAY', 'the shop did not come to the state that it should');
  const ask = async (): Promise<true | null> => (when(await view()) ? true : null);
  await until(ask, { forMs: settledWithinMs, everyMs: 100, late });
}

async function viewOf({ admin }: Pick<Cluster, 'admin'>): Promise<ShopView> {
  const labelSelector = `app=${shopDeployment}`;
  const [deployment, { items }] = await Promise.all([
    admin.makeApiClient(AppsV1Api).readNamespacedDeployment({ namespace: shopNamespace, name: shopDeployment }),
    admin.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: shopNamespace, labelSelector }),
  ]);
  const restarts = items.map(({ status }) => status?.containerStatuses?.[0]?.restartCount ?? 0);
  return {
    image: deployment.spec?.template.spec?.containers[0]?.image ?? '',
    wanted: deployment.spec?.replicas ?? 0,
    available: deployment.status?.availableReplicas ?? 0,
    restarts: restarts.reduce((sum, count) => sum + count, 0),
    rolledOut: isRolledOut(deployment),
  };
}

function isRolledOut({ metadata, spec, status }: V1Deployment): boolean {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return false;
  const { replicas: all = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  return [all, updatedReplicas, availableReplicas].every((count) => count === spec?.replicas);
}

async function isWhole(admin: Cluster['admin']): Promise<boolean> {
  const [deployments, pods] = await Promise.all([
    admin.makeApiClient(AppsV1Api).listNamespacedDeployment({ namespace: shopNamespace }),
    admin.makeApiClient(CoreV1Api).listNamespacedPod({ namespace: shopNamespace }),
  ]);
  return (
    deployments.items.some(({ metadata, spec }) => metadata?.name === shopDeployment && spec?.replicas === replicas) &&
    pods.items.some(({ metadata }) => metadata?.name === hostilePod)
  );
}
