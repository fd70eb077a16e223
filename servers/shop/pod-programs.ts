import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, type V1Pod } from '@kubernetes/client-node';
import type { Cluster } from '../kubernetes.ts';
import { hostileLine, hostilePod } from './attack.ts';
import { badImage, shopNamespace } from './workload.ts';

export type PodPrograms = { stop(): Promise<void> };

const everyMs = 500;
/** What one pod's log has already heard of: its start, and each restart after it. */
type Heard = { runs: number; requests: number };

/**
 * Plays the programs in the shop's pods as far as their logs tell of them: kwok starts and ends containers, and no
 * program runs in them. Ends with `stop`; a cluster that is away for a moment is asked again.
 */
export function startPodPrograms({ admin, logs }: Pick<Cluster, 'admin' | 'logs'>): PodPrograms {
  const core = admin.makeApiClient(CoreV1Api);
  const stopping = new AbortController();
  const heard = new Map<string, Heard>();
  /** The one failing pod of the rollout whose request log repeats what somebody sent to it. */
  let attacked: string | null = null;
  const speak = async (pod: V1Pod): Promise<void> => {
    const name = pod.metadata?.name ?? '';
    const before = heard.get(name) ?? { runs: 0, requests: 0 };
    if (isBad(pod) && name !== hostilePod) attacked ??= name;
    const [lines, after] = linesOf(pod, before, name === attacked);
    heard.set(name, after);
    if (lines.length === 0) return;
    await logs.write({ namespace: shopNamespace, pod: name }, lines);
    if (isBad(pod)) await logs.write({ namespace: shopNamespace, pod: name }, lines, { previous: true });
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const { items } = await core.listNamespacedPod({ namespace: shopNamespace });
        for (const pod of items) await speak(pod);
      } catch {
        // The cluster is stopping, or a pod went while it spoke: the next round looks again.
      }
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const looping = loop();
  return {
    stop: async () => {
      stopping.abort();
      await looping;
    },
  };
}

const isBad = (pod: V1Pod): boolean => pod.spec?.containers[0]?.image === badImage;

function linesOf(pod: V1Pod, { runs, requests }: Heard, attacked: boolean): [string[], Heard] {
  const status = pod.status?.containerStatuses?.[0];
  if (status === undefined) return [[], { runs, requests }];
  const now = status.restartCount + 1;
  if (!isBad(pod)) {
    const start = runs === 0 ? ['level=info msg="listening" address=:8080 version=1.4.2'] : [];
    const request = `level=info msg="request" method=POST path=/login status=200 duration_ms=${7 + (requests % 9)}`;
    return [[...start, request], { runs: now, requests: requests + 1 }];
  }
  const failed = [
    'level=info msg="starting" version=1.5.0',
    ...(attacked ? [`level=warn msg="bad request" path=/login user_agent=${JSON.stringify(hostileLine)}`] : []),
    'level=error msg="cannot start" reason="SESSION_KEY_FILE is not set"',
    'panic: required setting SESSION_KEY_FILE is missing',
  ];
  return [now > runs ? failed : [], { runs: now, requests }];
}
