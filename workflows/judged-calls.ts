import { isCancellation } from '@temporalio/workflow';
import type { JudgedCall, Proposal } from '../contracts/incident.ts';
import { judge, recordEvent, recordRehearsal } from './activity-calls.ts';
import { failureCode, failureReason } from './failure-code.ts';
import { endOf, isHeld, settleWrite } from './held-write.ts';
import { type IncidentRun, settled } from './incident-run.ts';

/** Judges what was proposed, then does with each call what its verdict says: reads at once, writes by release of persons or of a grant. */
export async function followProposal(run: IncidentRun, step: number, { calls }: Proposal): Promise<void> {
  const { context, limits } = run.matched;
  const offered = calls.slice(0, limits.callsPerStepMax);
  if (offered.length < calls.length)
    run.board.note('calls-dropped', `${calls.length - offered.length} beyond the limit`);
  if (offered.length === 0) return;
  const judged = await judge({ context, step, firstIndex: 0, calls: offered });
  await settled(judged.filter(({ verdict }) => verdict.kind !== 'rehearse').map(recordVerdict));
  await settled(judged.map((one) => followOrEnd(run, one)));
}

/** A call that cannot be followed ends the incident at once: the holds beside it must not wait for hours first. */
async function followOrEnd(run: IncidentRun, judged: JudgedCall): Promise<void> {
  try {
    await follow(run, judged);
  } catch (error) {
    if (!isCancellation(error))
      run.endFor({ kind: 'failed', detail: `${failureCode(error)}: ${failureReason(error)}` });
    throw error;
  }
}

async function follow(run: IncidentRun, judged: JudgedCall): Promise<void> {
  const { rule, reason } = judged.verdict;
  switch (judged.verdict.kind) {
    case 'deny':
      return run.ended(endOf(judged, 'denied', rule, reason));
    case 'read':
      return read(run, judged);
    case 'rehearse':
      return rehearse(run, judged);
    case 'hold':
    case 'auto':
      if (!isHeld(judged)) return run.ended(endOf(judged, 'denied', 'error.no-digest', 'expected a digest for a hold'));
      return run.ended(await settleWrite(run, judged));
  }
}

async function read(run: IncidentRun, judged: JudgedCall): Promise<void> {
  const { step, call } = judged;
  const evidence = await attempted(run, judged, run.calls.read({ context: run.matched.context, step, call }));
  if (evidence === null) return;
  run.evidence.push(evidence);
  run.board.note('read', `${call.tool}: ${evidence.entityCount} entities`);
}

/** A dry run: predicted, and its card recorded, as if it were held; never shown for release, never executed. */
async function rehearse(run: IncidentRun, judged: JudgedCall): Promise<void> {
  const { context } = run.matched;
  const { action, digest, verdict } = judged;
  const prediction =
    action === null || digest === null
      ? null
      : await attempted(run, judged, run.calls.predict({ context, action, digest }));
  if (prediction === null) return recordVerdict(judged);
  await recordRehearsal({ context, judged, prediction });
  run.ended(endOf(judged, 'rehearsed', verdict.rule, prediction.payload.does));
}

/** A call that fails for good is told to the reasoner as data: it is not the incident's end. */
async function attempted<T>(run: IncidentRun, judged: JudgedCall, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.ended(endOf(judged, 'failed', failureCode(error), failureReason(error)));
    return null;
  }
}

const recordVerdict = ({ step, call, verdict, digest }: JudgedCall) =>
  recordEvent({ kind: 'verdict', step, tool: call.tool.slice(0, 64), verdict, digest, rehearsal: null });
