import type { V1Deployment, V1LabelSelector, V1OwnerReference, V1Pod, V1ReplicaSet } from '@kubernetes/client-node';
import type { Cluster } from './cluster.ts';
import { annotationOf } from './facts.ts';
import { type Listed, listAll } from './listing.ts';

/** One revision of a deployment: the replica set that holds its pod template. */
export type Revision = { readonly number: number; readonly set: V1ReplicaSet };
/** A deployment with its revisions, the newest first. */
export type Family = {
  readonly deployment: V1Deployment;
  /** Null until the controller has seen the newest specification. */
  readonly current: Revision | null;
  readonly earlier: readonly Revision[];
  readonly truncated: boolean;
};
export type Named = { readonly namespace: string; readonly deployment: string };

const revisionName = 'deployment.kubernetes.io/revision';

export async function readFamily(cluster: Cluster, { namespace, deployment: name }: Named): Promise<Family> {
  const deployment = await cluster.apps.readNamespacedDeployment({ namespace, name });
  const { items, truncated } = await listAll((page) =>
    cluster.apps.listNamespacedReplicaSet({ namespace, labelSelector: selectorOf(deployment.spec?.selector), ...page }),
  );
  return { ...revisionsOf(deployment, items), truncated };
}

/** Pods of these replica sets. A label alone makes no pod the deployment's: its controller does. */
export async function podsOf(cluster: Cluster, { deployment, current, earlier }: Family): Promise<Listed<V1Pod>> {
  const { namespace = '' } = deployment.metadata ?? {};
  const labelSelector = selectorOf(deployment.spec?.selector);
  const pods = await listAll((page) => cluster.core.listNamespacedPod({ namespace, labelSelector, ...page }));
  const sets = new Set([...(current === null ? [] : [current]), ...earlier].map(({ set }) => set.metadata?.uid));
  const own = pods.items.filter(({ metadata }) => sets.has(controllerOf(metadata)?.uid));
  return { items: own, truncated: pods.truncated };
}

export const controllerOf = (metadata: V1Pod['metadata']): V1OwnerReference | undefined =>
  metadata?.ownerReferences?.find(({ controller }) => controller === true);

export function revisionsOf(
  deployment: V1Deployment,
  sets: readonly V1ReplicaSet[],
): Pick<Family, 'deployment' | 'current' | 'earlier'> {
  const revisions = sets
    .filter(({ metadata }) => controllerOf(metadata)?.uid === deployment.metadata?.uid)
    .map((set) => ({ set, number: Number(annotationOf(set.metadata, revisionName) ?? Number.NaN) }))
    .filter(({ number }) => Number.isSafeInteger(number) && number > 0)
    .sort((a, b) => b.number - a.number);
  const newest = Number(annotationOf(deployment.metadata, revisionName) ?? Number.NaN);
  const current = hasBeenSeen(deployment) ? (revisions.find(({ number }) => number === newest) ?? null) : null;
  return { deployment, current, earlier: revisions.filter(({ number }) => number < newest) };
}

/** Whether the controller has seen the specification as it is: until then, its status is of an older one. */
export const hasBeenSeen = ({ metadata, status }: V1Deployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);

export function selectorOf(selector: V1LabelSelector | undefined): string {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([name, value]) => `${name}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
