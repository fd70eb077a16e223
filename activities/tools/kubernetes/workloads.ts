import type { V1DaemonSet, V1Deployment, V1StatefulSet } from '@kubernetes/client-node';
import { workload, workloads } from '../../../contracts/tools/kubernetes-reads.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { countsOf, deploymentEntity } from './entities.ts';
import { conditionsOf, containersOf, imagesOf, timeOf } from './facts.ts';
import { listAll } from './listing.ts';

const listedMax = 300;

type Workload =
  | { readonly kind: 'Deployment'; readonly object: V1Deployment }
  | { readonly kind: 'StatefulSet'; readonly object: V1StatefulSet }
  | { readonly kind: 'DaemonSet'; readonly object: V1DaemonSet };

/** The workloads of one namespace; those that lack most pods first, so that a cut list keeps what matters. */
export const readWorkloads = (access: Access): ReadTool => ({
  kind: 'read',
  contract: workloads,
  read: ({ namespace }, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'workloads' }, async (cluster) => {
      const { all, cut } = await everyWorkload(cluster, String(namespace));
      const found = all
        .map((one) => ({ line: lineOf(one), one }))
        .sort((a, b) => a.line.ready - a.line.desired - (b.line.ready - b.line.desired))
        .map(({ line, one }) => ({ line, entity: one.kind === 'Deployment' ? deploymentEntity(one.object) : null }));
      const { kept, truncated } = fitting(found, { count: listedMax, bytes: bytesMax }, jsonBytes);
      return {
        data: { workloads: kept.map(({ line }) => line), truncated: cut || truncated },
        entities: kept.flatMap(({ entity }) => (entity === null ? [] : [entity])),
      };
    }),
});

async function everyWorkload({ apps }: Cluster, namespace: string) {
  const deployments = await listAll((page) => apps.listNamespacedDeployment({ namespace, ...page }));
  const stateful = await listAll((page) => apps.listNamespacedStatefulSet({ namespace, ...page }));
  const daemons = await listAll((page) => apps.listNamespacedDaemonSet({ namespace, ...page }));
  const all: Workload[] = [
    ...deployments.items.map((object) => ({ kind: 'Deployment', object }) as const),
    ...stateful.items.map((object) => ({ kind: 'StatefulSet', object }) as const),
    ...daemons.items.map((object) => ({ kind: 'DaemonSet', object }) as const),
  ];
  return { all, cut: deployments.truncated || stateful.truncated || daemons.truncated };
}

const lineOf = (one: Workload) => ({
  kind: one.kind,
  name: bounded(one.object.metadata?.name ?? '', 253),
  ...numbersOf(one),
  images: imagesOf(one.object.spec?.template.spec),
});

function numbersOf(one: Workload) {
  if (one.kind === 'Deployment') return countsOf(one.object);
  if (one.kind === 'StatefulSet') {
    const { spec, status } = one.object;
    const { readyReplicas: ready = 0, updatedReplicas: updated = 0, availableReplicas: available = 0 } = status ?? {};
    return { desired: spec?.replicas ?? 1, ready, updated, available };
  }
  const { status } = one.object;
  const { numberReady: ready = 0, updatedNumberScheduled: updated = 0, numberAvailable: available = 0 } = status ?? {};
  return { desired: status?.desiredNumberScheduled ?? 0, ready, updated, available };
}

/** One workload in full, as far as it may be seen. */
export const readWorkload = (access: Access): ReadTool => ({
  kind: 'read',
  contract: workload,
  read: ({ namespace, kind, name }, { signal, credential }) =>
    withCluster(access, 'read', { signal, credential, doing: 'workload' }, async (cluster) => {
      const one = await oneWorkload(cluster, kind, { namespace: String(namespace), name: String(name) });
      const { metadata, spec, status } = one.object;
      return {
        data: {
          ...lineOf(one),
          createdAt: timeOf(metadata?.creationTimestamp),
          paused: one.kind === 'Deployment' && one.object.spec?.paused === true,
          strategy: strategyOf(one),
          containers: containersOf(spec?.template.spec),
          conditions: conditionsOf(status?.conditions),
          truncated: false,
        },
        entities: one.kind === 'Deployment' ? [deploymentEntity(one.object)] : [],
      };
    }),
});

async function oneWorkload(
  { apps }: Cluster,
  kind: unknown,
  at: { readonly namespace: string; readonly name: string },
): Promise<Workload> {
  if (kind === 'StatefulSet') return { kind, object: await apps.readNamespacedStatefulSet(at) };
  if (kind === 'DaemonSet') return { kind, object: await apps.readNamespacedDaemonSet(at) };
  return { kind: 'Deployment', object: await apps.readNamespacedDeployment(at) };
}

const strategyOf = (one: Workload): string | null =>
  (one.kind === 'Deployment' ? one.object.spec?.strategy?.type : one.object.spec?.updateStrategy?.type) ?? null;
