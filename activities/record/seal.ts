import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { archivedBytesMax, type Blobs } from './blobs.ts';
import type { Log } from './log.ts';
import type { RunEntry } from './state.ts';
import type { IncidentView, TemporalView } from './temporal-view.ts';

export type SealDeps = {
  readonly log: Log;
  readonly blobs: Blobs;
  readonly temporal: TemporalView;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly bundleDir: string;
  /** How long an executor has to sign what came of an attempt, after its run ended, in ms. */
  readonly unknownAfterMs: number;
};

/** Ends one closed run in the log, from outside, however it closed: first every attempt has an outcome, then the seal. */
export async function settleAndSeal(deps: SealDeps, run: RunEntry, view: IncidentView): Promise<void> {
  if (await settle(deps, run, view.closedAt ?? 0)) await seal(deps, run, view);
}

/** True when no attempt of the run is without an outcome; one that nobody vouched for in time is *unknown*. */
async function settle({ log, clock, unknownAfterMs }: SealDeps, run: RunEntry, closedAt: number): Promise<boolean> {
  const open = log.state.intents.ofRun(run.workflowId, run.runId).filter(({ ends }) => ends.length === 0);
  const overdue = open.filter(({ startBefore }) => clock() >= Math.max(closedAt, startBefore) + unknownAfterMs);
  for (const { body } of overdue)
    await log.write((writer) => {
      // An executor's own word may have arrived meanwhile, and is worth more.
      if (writer.state.intents.attempt(body.digest, body.attempt)?.ends.length !== 0) return;
      const { workflowId, runId, digest, attempt } = body;
      const why = `no executor signed what came of it within ${unknownAfterMs} ms of the end of its run`;
      writer.append({
        kind: 'outcome',
        workflowId,
        runId,
        digest,
        attempt,
        outcome: null,
        status: 'unknown',
        why,
      });
    });
  return open.length === overdue.length;
}

async function seal(deps: SealDeps, run: RunEntry, { status }: IncidentView): Promise<void> {
  const { log, blobs, temporal } = deps;
  const { workflowId, runId } = run;
  const { json, events } = await temporal.history(workflowId, runId);
  const history = await blobs.put(Buffer.from(json, 'utf8'), archivedBytesMax);
  const bundle = bundleOf(log, run);
  await archiveBundle(deps, bundle);
  await log.write((writer) => {
    const known = writer.state.runs.get(workflowId, runId);
    if (known === null || known.sealed) return;
    const { records } = known;
    writer.append({ kind: 'seal', workflowId, runId, status, history, historyEvents: events, records, bundle });
  });
}

/** The bundle that the run was begun with; a run born of a Reset may have no `alert` of its own. */
const bundleOf = (log: Log, { workflowId, bundle }: RunEntry): string =>
  bundle ?? log.state.runs.of(workflowId).find((run) => run.bundle !== null)?.bundle ?? 'unknown';

/** The code that a replay needs goes into the archive too, named by its hash like all else. Missing is logged: the seal says which it was. */
async function archiveBundle({ blobs, bundleDir, logger }: SealDeps, bundle: string): Promise<void> {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(bundle)) return;
  try {
    await blobs.put(await readFile(join(bundleDir, `${bundle}.js`)), archivedBytesMax);
  } catch {
    logger.warn({ bundle }, 'the workflow bundle of a sealed run is not in the bundle folder');
  }
}
