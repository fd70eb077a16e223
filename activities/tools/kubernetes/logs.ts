import type { V1Pod } from '@kubernetes/client-node';
import { logs } from '../../../contracts/tools/kubernetes-reads.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { type Cluster, withCluster } from './cluster.ts';
import { statusOf } from './kube-failure.ts';
import { placedPods, worstFirst } from './pods.ts';

const lineCharsMax = 1_024;
const linesMax = 1_000;

/** The last lines of one container. A container that has not begun, or has no former run, has none. */
export const readLogs = (access: Access): ReadTool => ({
  kind: 'read',
  contract: logs,
  read: (args, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'logs' }, async (cluster) => {
      const pod = await podToRead(cluster, args);
      const container = pod === null ? null : containerToRead(pod, args);
      const place = { pod: pod?.metadata?.name ?? null, container, previous: args.previous === true };
      if (pod === null || container === null || (place.previous && !hasRestarted(pod, container)))
        return { data: { ...place, raw: [], truncated: false }, entities: [] };
      const text = await textOf(cluster, pod, container, args, bytesMax);
      return { data: { ...place, ...linesOf(text, bytesMax) }, entities: [] };
    }),
});

async function podToRead(cluster: Cluster, args: JsonObject): Promise<V1Pod | null> {
  const namespace = String(args.namespace);
  if (typeof args.pod === 'string') return cluster.core.readNamespacedPod({ namespace, name: args.pod });
  const { items } = await placedPods(cluster, args);
  return [...items].sort(worstFirst)[0]?.pod ?? null;
}

/** The one that was asked for, or the one that restarted most. */
function containerToRead({ spec, status }: V1Pod, { container }: JsonObject): string | null {
  if (typeof container === 'string') return container;
  const [worst] = [...(status?.containerStatuses ?? [])].sort((a, b) => b.restartCount - a.restartCount);
  return worst?.name ?? spec?.containers[0]?.name ?? null;
}

const hasRestarted = ({ status }: V1Pod, container: string): boolean =>
  (status?.containerStatuses ?? []).some(({ name, restartCount }) => name === container && restartCount > 0);

async function textOf(
  { core }: Cluster,
  { metadata }: V1Pod,
  container: string,
  { namespace, previous, lines }: JsonObject,
  bytesMax: number,
): Promise<string> {
  try {
    return await core.readNamespacedPodLog({
      namespace: String(namespace),
      name: metadata?.name ?? '',
      container,
      previous: previous === true,
      tailLines: typeof lines === 'number' ? lines : linesMax,
      limitBytes: bytesMax,
    });
  } catch (error) {
    if (statusOf(error) === 400) return '';
    throw error;
  }
}

/** The newest lines stay where not all fit. */
function linesOf(text: string, bytesMax: number): { readonly raw: readonly string[]; readonly truncated: boolean } {
  const written = text.split('\n');
  if (written.at(-1) === '') written.pop();
  const lines = written.map((line) => bounded(line, lineCharsMax)).reverse();
  const { kept, truncated } = fitting(lines, { count: linesMax, bytes: bytesMax }, jsonBytes);
  const cut = Buffer.byteLength(text) >= bytesMax || written.some((line) => line.length > lineCharsMax);
  return { raw: [...kept].reverse(), truncated: truncated || cut };
}
