import { setTimeout as sleep } from 'node:timers/promises';
import type { LookContext, Postcondition } from '../implement.ts';
import type { Access } from './access.ts';
import { type Cluster, requestMsMax, withCluster } from './cluster.ts';
import { statusOf } from './kube-failure.ts';

const firstPauseMs = 200;
const pauseMsMax = 2_000;

/**
 * Looks until what a write is for holds, at most `waitMsMax`, and answers what was seen last. An abort ends the waiting and
 * not the looking: one answer there always is. Throws when the target cannot be read.
 */
export function awaitCluster(
  access: Access,
  { waitMsMax, signal, credential }: LookContext & { readonly waitMsMax: number },
  look: (cluster: Cluster) => Promise<Postcondition>,
): Promise<Postcondition> {
  const own = AbortSignal.timeout(Math.ceil(waitMsMax) + 2 * requestMsMax);
  return withCluster(access, 'predict', { signal: own, credential, doing: 'postcondition' }, async (cluster) => {
    const end = performance.now() + waitMsMax;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, pauseMsMax)) {
      const found = await orGone(look(cluster));
      if (found.held || signal.aborted || performance.now() + pauseMs > end) return found;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  });
}

const orGone = (found: Promise<Postcondition>): Promise<Postcondition> =>
  found.catch((error: unknown) => {
    if (statusOf(error) === 404) return { held: false, detail: 'it is gone' };
    throw error;
  });
