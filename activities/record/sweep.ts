import { type SealDeps, settleAndSeal } from './seal.ts';
import type { RunEntry } from './state.ts';
import type { IncidentView } from './temporal-view.ts';

const sealedWatched = 100;
const sealedEveryPasses = 5;
const parallel = 8;
const missingPassesMax = 256;

export type Sweep = {
  /** One look at every workflow id that is not sealed: true when a run was sealed. Throws `TEMPORAL_AWAY`, and goes on where it was the next time. */
  pass(): Promise<boolean>;
};

/**
 * Finds, from outside, what a run cannot be trusted to say of itself: that it ended, and that it was born of a Reset. A
 * sealed workflow id is looked at now and then as well, because a Reset brings it back.
 */
export function createSweep(deps: SealDeps): Sweep {
  const missing = new Map<string, { seen: number; due: number }>();
  let passes = 0;
  const visit = async (workflowId: string): Promise<void> => {
    const back = missing.get(workflowId);
    if (back !== undefined && passes < back.due) return;
    if (await visitIncident(deps, workflowId)) {
      missing.delete(workflowId);
      return;
    }
    // Nothing can be sealed of what the server never had or has forgotten: it stays open in the log, and is asked for rarely.
    const seen = (back?.seen ?? 0) + 1;
    missing.set(workflowId, { seen, due: passes + Math.min(2 ** seen, missingPassesMax) });
    if (seen === 1) deps.logger.warn({ workflowId }, 'temporal has no such run: it cannot be sealed');
  };
  return {
    async pass() {
      passes += 1;
      const { runs } = deps.log.state;
      const again = passes % sealedEveryPasses === 0 ? runs.sealed().slice(-sealedWatched) : [];
      const ids = [...runs.unsealed(), ...again];
      const before = runs.sealCount();
      for (let at = 0; at < ids.length; at += parallel) await Promise.all(ids.slice(at, at + parallel).map(visit));
      return runs.sealCount() > before;
    },
  };
}

/** False when the server has no run of this workflow id. */
async function visitIncident(deps: SealDeps, workflowId: string): Promise<boolean> {
  const latest = await deps.temporal.incident(workflowId);
  if (latest === null) return false;
  await announceReset(deps, workflowId, latest);
  const open = deps.log.state.runs.of(workflowId).filter(({ sealed }) => !sealed);
  let found = true;
  for (const run of open) {
    const view = run.runId === latest.runId ? latest : await deps.temporal.incident(workflowId, run.runId);
    if (view === null) found = false;
    else if (view.closedAt !== null) await settleAndSeal(deps, run, view);
  }
  return found;
}

/** A run that is not the first of its workflow id was born of a Reset, or started over its ended one: recorded, then told so. */
async function announceReset(deps: SealDeps, workflowId: string, latest: IncidentView): Promise<void> {
  const { log, temporal, logger } = deps;
  if (log.state.runs.get(workflowId, latest.runId)?.announced === true) return;
  const from = await bornOf(deps, workflowId, latest.runId);
  if (from === null) return;
  await log.write((writer) => {
    if (writer.state.runs.get(workflowId, latest.runId)?.announced === true) return;
    writer.append({ kind: 'reset', workflowId, runId: latest.runId, from });
  });
  if (latest.closedAt !== null) return;
  await temporal.note(workflowId, latest.runId, { kind: 'reset' }).catch(() => {
    logger.warn({ workflowId }, 'a run born of a reset could not be told so; its executor refuses its old holds');
  });
}

/** The run whose reset link names this one; without such a link, the newest other run that the log knows. */
async function bornOf({ log, temporal }: SealDeps, workflowId: string, runId: string): Promise<string | null> {
  const others: readonly RunEntry[] = log.state.runs.of(workflowId).filter((run) => run.runId !== runId);
  for (const other of [...others].reverse()) {
    const view = await temporal.incident(workflowId, other.runId);
    if (view?.resetTo === runId) return other.runId;
  }
  return others.at(-1)?.runId ?? null;
}
