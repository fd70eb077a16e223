import type { Found, IncidentRun, KillScope, TemporalDeps } from './incident-runs.ts';
import { describe, findRunning, requestCancel, terminate } from './incident-runs.ts';

export type SweepDeps = TemporalDeps & {
  readonly scope: KillScope;
  readonly reason: string;
  /** Server time in ms; incidents that started later are left alone. */
  readonly startedBefore?: number;
  /** How long a run may take to close once it was asked to cancel. */
  readonly graceMs?: number;
  readonly sweepMsMax?: number;
  /** Runs that were asked to cancel before the sweep. */
  readonly cancelled?: readonly IncidentRun[];
  /** Asked before each pass and each look: false ends the sweep where it is. */
  readonly goOn?: () => Promise<boolean>;
};
export type Swept = {
  readonly cancelled: readonly IncidentRun[];
  readonly terminated: readonly IncidentRun[];
  /** Runs that were in triage to the end: no runbook is known for them, and the fence stops what they may become. */
  readonly undecided: readonly IncidentRun[];
  readonly passes: number;
  /** False when time ran out, or the server failed, before two passes in a row found nothing and every run had closed. */
  readonly complete: boolean;
};

const pauseMs = 500;
const emptyPassesNeeded = 2;
const parallelMax = 32;
const keyOf = ({ workflowId, runId }: IncidentRun): string => `${workflowId} ${runId}`;
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < items.length) await work(items[next++] as T);
  };
  await Promise.all(Array.from({ length: parallelMax }, lane));
}

/**
 * Cancels every incident in scope by parallel calls, in passes until two in a row find none, and terminates what has not
 * closed after the grace period. A server that fails is asked again until `sweepMsMax` is over. Never throws.
 */
export async function sweep(deps: SweepDeps): Promise<Swept> {
  const cancelled = new Map((deps.cancelled ?? []).map((run) => [keyOf(run), run]));
  const { passes, undecided, emptied } = await cancelAll(deps, cancelled);
  const runs = [...cancelled.values()];
  const { terminated, closed } = await closeAll(deps, runs);
  return { cancelled: runs, terminated, undecided, passes, complete: emptied && closed };
}

// A server that does not answer is no reason to stop stopping.
const mayGoOn = async ({ goOn }: SweepDeps): Promise<boolean> => goOn === undefined || goOn().catch(() => true);

async function cancelAll(deps: SweepDeps, cancelled: Map<string, IncidentRun>) {
  const deadline = Date.now() + (deps.sweepMsMax ?? 15_000);
  let empty = 0;
  let passes = 0;
  let undecided: readonly IncidentRun[] = [];
  while (empty < emptyPassesNeeded && Date.now() < deadline) {
    if (passes > 0) await sleep(pauseMs);
    if (!(await mayGoOn(deps))) break;
    passes++;
    const found = await onePass(deps, cancelled);
    undecided = found?.undecided ?? undecided;
    // A pass with runs still in triage is no proof: each is about to say which runbook it belongs to.
    empty = found?.fresh === 0 && undecided.length === 0 ? empty + 1 : 0;
  }
  return { passes, undecided, emptied: empty >= emptyPassesNeeded };
}

async function onePass(deps: SweepDeps, cancelled: Map<string, IncidentRun>) {
  let found: Found;
  try {
    found = await findRunning(deps, deps.scope, deps.startedBefore ?? Number.POSITIVE_INFINITY);
  } catch {
    return null;
  }
  const fresh = found.inScope.filter((run) => !cancelled.has(keyOf(run)));
  let open = 0;
  await inParallel(fresh, async (run) => {
    // One that failed is not noted, so the next pass asks again; one that closed meanwhile needs nothing.
    const asked = await requestCancel(deps, run, deps.reason).catch(() => null);
    if (asked === true) cancelled.set(keyOf(run), run);
    if (asked !== false) open++;
  });
  return { fresh: open, undecided: found.undecided };
}

async function closeAll(deps: SweepDeps, runs: readonly IncidentRun[]) {
  const deadline = Date.now() + (deps.graceMs ?? 10_000);
  let open = runs;
  for (;;) {
    open = await stillOpen(deps, open);
    if (open.length === 0 || Date.now() >= deadline) break;
    if (!(await mayGoOn(deps))) return { terminated: [], closed: false };
    await sleep(pauseMs / 2);
  }
  const terminated: IncidentRun[] = [];
  let failed = 0;
  await inParallel(open, async (run) => {
    const done = await terminate(deps, run, deps.reason).catch(() => null);
    if (done === true) terminated.push(run);
    if (done === null) failed++;
  });
  return { terminated, closed: failed === 0 };
}

async function stillOpen(deps: TemporalDeps, runs: readonly IncidentRun[]): Promise<readonly IncidentRun[]> {
  const open: IncidentRun[] = [];
  await inParallel(runs, async (run) => {
    const state = await describe(deps, run).catch(() => 'unknown' as const);
    if (state === 'unknown' || state?.running) open.push(run);
  });
  return open;
}
