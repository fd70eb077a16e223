import type { V1Secret } from '@kubernetes/client-node';
import { z } from 'zod';
import { HoldpointError } from '../../contracts/errors.ts';
import type { KubernetesTarget } from '../../contracts/kubernetes-cluster.ts';
import {
  accountOf,
  type KubernetesAccess,
  kubernetesAccesses,
  kubernetesAccessOf,
  accountsNamespace as namespace,
} from '../../contracts/tools/kubernetes-access.ts';
import { bounded } from '../tools/bounded.ts';
import { type Cluster, within } from '../tools/kubernetes/cluster.ts';
import { statusOf } from '../tools/kubernetes/kube-failure.ts';
import { listAll } from '../tools/kubernetes/listing.ts';
import type { Minter } from './minter.ts';

/** Kubernetes gives no shorter ones, and our admission policy no longer ones. */
const tokenSeconds = 600;
const callMsMax = 5_000;
const objectPrefix = 'holdpoint-c-';
const objectType = 'holdpoint.dev/credential';
const label = 'holdpoint.dev/credential';
const noteAnnotation = 'holdpoint.dev/note';

/**
 * Tokens of service accounts, three for each runbook, all in one namespace. Each token is bound to an object of its own, an empty
 * Secret: when that is deleted, the token ends, and whoever looks at the cluster sees which are out, and what for. The broker's own
 * account may make such objects and such tokens, and nothing else (`holdpoint runbook rbac`).
 */
export function createKubernetesMinter(kubernetes: readonly KubernetesTarget[]): Minter {
  const targets = new Map(kubernetes.map((target) => [target.cluster, target]));
  const call = async <T>(place: string, doing: string, body: (cluster: Cluster) => Promise<T>): Promise<T> => {
    const target = targets.get(place);
    if (target === undefined) throw new HoldpointError('TARGET_REFUSED', 'credential: this broker mints elsewhere');
    const { url, ca, mintToken: token } = target;
    const signal = AbortSignal.timeout(callMsMax);
    return within({ url, ca, token }, { signal, doing }, body).catch((error: unknown) => {
      throw asMinter(error, doing);
    });
  };
  return {
    places: [...targets.keys()],
    accessOf(kind, tool, runbook) {
      const access = kubernetesAccessOf(kind, tool);
      if (access === null) throw new HoldpointError('TOOL_UNKNOWN', 'credential: expected a tool of a cluster');
      const account = accountOf(runbook, access);
      if (account === null)
        throw new HoldpointError('TARGET_REFUSED', `credential: no account can be named after \`${runbook}\``);
      return account;
    },
    placeOf(scopes) {
      const [place, ...others] = targets.keys();
      if (place === undefined || others.length > 0 || !scopes.some(({ kind }) => inCluster.includes(kind)))
        throw new HoldpointError('TARGET_REFUSED', 'credential: expected a scope of the one cluster of this broker');
      return place;
    },
    mint: ({ id, access: account, place, note }) =>
      call(place, 'mint', async ({ core }) => {
        const { metadata } = await core.createNamespacedSecret({ namespace, body: objectOf(id, note) });
        const to = { apiVersion: 'v1', kind: 'Secret', name: metadata?.name ?? '', uid: metadata?.uid ?? '' };
        const spec = { audiences: [], expirationSeconds: tokenSeconds, boundObjectRef: to };
        const made = await core.createNamespacedServiceAccountToken({ namespace, name: account, body: { spec } });
        return { system: 'kubernetes', cluster: place, access: accessOf(account), token: tokenOf(made.status) };
      }),
    withdraw: (place, id) =>
      call(place, 'withdraw', async ({ core }) => {
        await core.deleteNamespacedSecret({ namespace, name: objectPrefix + id }).catch((error: unknown) => {
          if (statusOf(error) !== 404) throw error;
        });
      }),
    issued: (place) =>
      call(place, 'issued', async ({ core }) => {
        const { items } = await listAll((page) =>
          core.listNamespacedSecret({ namespace, labelSelector: label, ...page }),
        );
        return items.map(({ metadata }) => (metadata?.name ?? '').slice(objectPrefix.length));
      }),
  };
}

const inCluster: readonly string[] = ['namespaces', 'nodes'];

const objectOf = (id: string, note: string): V1Secret => ({
  metadata: {
    name: objectPrefix + id,
    labels: { [label]: 'bound' },
    annotations: { [noteAnnotation]: bounded(note, 500) },
  },
  type: objectType,
  immutable: true,
});

const accessOf = (account: string): KubernetesAccess => {
  const found = kubernetesAccesses.find((access) => account.endsWith(`-${access}`));
  if (found === undefined) throw new HoldpointError('TARGET_REFUSED', 'credential: expected an account of ours');
  return found;
};

/** INVARIANT: what a server gave that lasts longer than was asked for is not passed on. */
const Given = z.object({ token: z.string().min(16).max(8_192), expirationTimestamp: z.coerce.date() });
function tokenOf(status: unknown): string {
  const given = Given.safeParse(status);
  if (!given.success) throw new HoldpointError('TARGET_REFUSED', 'mint: the API server gave no token');
  if (given.data.expirationTimestamp.getTime() > Date.now() + (tokenSeconds + 60) * 1_000)
    throw new HoldpointError('TARGET_REFUSED', 'mint: the API server gave a token that lasts too long');
  return given.data.token;
}

/** Whatever is not the target's absence is its refusal: an account that was never made, a namespace that is not there. */
function asMinter(error: unknown, doing: string): unknown {
  if (!(error instanceof HoldpointError) || error.code === 'TARGET_REFUSED') return error;
  if (error.code === 'TARGET_AWAY' || error.code === 'TARGET_BUSY')
    return new HoldpointError('TARGET_AWAY', error.message);
  return new HoldpointError('TARGET_REFUSED', `${doing}: ${error.message}`);
}
