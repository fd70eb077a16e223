import type { V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { resources } from '../../../contracts/tools/kubernetes-reads.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { quantitiesOf, resourcesOf, wordOf } from './facts.ts';
import { statusOf } from './kube-failure.ts';
import { placedPods, worstFirst } from './pods.ts';

const containersMax = 500;
const metricsPagesOf = 2_000;

/** As the metrics API has it; what does not fit is not use. */
const PodMetrics = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string().max(253) }),
      containers: z.array(z.object({ name: z.string().max(253), usage: z.record(z.string(), z.string()) })).max(200),
    }),
  ),
});
type Used = ReadonlyMap<string, ReturnType<typeof quantitiesOf>>;

/** What containers ask for, may use, and use, as far as the cluster measures it. */
export const readResources = (access: Access): ReadTool => ({
  kind: 'read',
  contract: resources,
  read: (args, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'resources' }, async (cluster) => {
      const pods = await placedPods(cluster, args);
      const used = await usedIn(cluster, String(args.namespace));
      const found = [...pods.items].sort(worstFirst).flatMap(({ pod }) => linesOf(pod, used));
      const { kept, truncated } = fitting(found, { count: containersMax, bytes: bytesMax }, jsonBytes);
      const metrics = used === null ? 'absent' : 'present';
      return { data: { metrics, containers: kept, truncated: pods.truncated || truncated }, entities: [] };
    }),
});

/** Null where this cluster serves no metrics: 404 where nobody registered them, 503 where what was registered is away. */
async function usedIn({ metrics }: Cluster, namespace: string): Promise<Used | null> {
  const asked = { group: 'metrics.k8s.io', version: 'v1beta1', plural: 'pods', namespace, limit: metricsPagesOf };
  const answer: unknown = await metrics.listNamespacedCustomObject(asked).catch((error: unknown) => {
    if (statusOf(error) === 404 || statusOf(error) === 503) return null;
    throw error;
  });
  const parsed = PodMetrics.safeParse(answer);
  if (!parsed.success) return null;
  const pairs = parsed.data.items.flatMap(({ metadata, containers }) =>
    containers.map(({ name, usage }) => [`${metadata.name}/${name}`, quantitiesOf(usage)] as const),
  );
  return new Map(pairs);
}

const linesOf = ({ metadata, spec, status }: V1Pod, used: Used | null) =>
  (spec?.containers ?? []).map((container) => {
    const seen = status?.containerStatuses?.find(({ name }) => name === container.name);
    return {
      pod: bounded(metadata?.name ?? '', 253),
      container: bounded(container.name, 63),
      ...resourcesOf(container.resources),
      used: used?.get(`${metadata?.name}/${container.name}`) ?? null,
      restarts: seen?.restartCount ?? 0,
      lastReason: wordOf(seen?.lastState?.terminated?.reason),
    };
  });
