import type { V1Pod, V1ReplicaSet } from '@kubernetes/client-node';
import { pods } from '../../../contracts/tools/kubernetes-reads.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import { bounded, boundedOrNull, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { podEntity } from './entities.ts';
import { containerStatesOf, isReady, restartsOf, timeOf } from './facts.ts';
import { controllerOf, podsOf, readFamily } from './family.ts';
import { type Listed, listAll } from './listing.ts';

const podsMax = 500;

/** A pod, and the deployment that replaces it. */
export type Placed = { readonly pod: V1Pod; readonly deployment: string | null };

/** Pods of one namespace or of one deployment; those in trouble first, so that a cut list keeps what matters. */
export const readPods = (access: Access): ReadTool => ({
  kind: 'read',
  contract: pods,
  read: (args, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'pods' }, async (cluster) => {
      const { items, truncated: cut } = await placedPods(cluster, args);
      const found = [...items].sort(worstFirst).map(({ pod, deployment }) => ({
        line: lineOf(pod, deployment),
        entity: podEntity(pod, deployment),
      }));
      const { kept, truncated } = fitting(found, { count: podsMax, bytes: bytesMax }, jsonBytes);
      return {
        data: { pods: kept.map(({ line }) => line), truncated: cut || truncated },
        entities: kept.map(({ entity }) => entity),
      };
    }),
});

/** Not ready before ready, and then by restarts. */
export const worstFirst = (a: Placed, b: Placed): number =>
  Number(isReady(a.pod)) - Number(isReady(b.pod)) || restartsOf(b.pod) - restartsOf(a.pod);

/** The pods that `namespace` and `deployment` name, each with the deployment that owns it by its controllers. */
export async function placedPods(cluster: Cluster, args: JsonObject): Promise<Listed<Placed>> {
  const namespace = String(args.namespace);
  if (typeof args.deployment === 'string') {
    const { deployment } = args;
    const own = await podsOf(cluster, await readFamily(cluster, { namespace, deployment }));
    return { items: own.items.map((pod) => ({ pod, deployment })), truncated: own.truncated };
  }
  const listed = await listAll((page) => cluster.core.listNamespacedPod({ namespace, ...page }));
  const sets = await listAll((page) => cluster.apps.listNamespacedReplicaSet({ namespace, ...page }));
  const owners = new Map(sets.items.map((set) => [set.metadata?.uid, deploymentOf(set)]));
  const items = listed.items.map((pod) => ({
    pod,
    deployment: owners.get(controllerOf(pod.metadata)?.uid) ?? null,
  }));
  return { items, truncated: listed.truncated || sets.truncated };
}

function deploymentOf({ metadata }: V1ReplicaSet): string | null {
  const owner = controllerOf(metadata);
  return owner?.kind === 'Deployment' ? bounded(owner.name, 253) : null;
}

const lineOf = (pod: V1Pod, deployment: string | null) => ({
  name: bounded(pod.metadata?.name ?? '', 253),
  phase: bounded(pod.status?.phase ?? '', 32),
  ready: isReady(pod),
  node: boundedOrNull(pod.spec?.nodeName, 253),
  deployment,
  createdAt: timeOf(pod.metadata?.creationTimestamp),
  containers: containerStatesOf(pod),
});
