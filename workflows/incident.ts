import { isCancellation } from '@temporalio/workflow';
import type { IncidentInput, IncidentOutcome, Proposal, Triage } from '../contracts/incident.ts';
import { beginIncident, recordEvent } from './activity-calls.ts';
import { failureCode, failureReason } from './failure-code.ts';
import { listen } from './incident-handlers.ts';
import { IncidentRun } from './incident-run.ts';
import { followProposal } from './judged-calls.ts';
import { verifyRecovery } from './recovery.ts';

/**
 * One incident: triage, then reason → judge → read at once, write by release, until the model concludes, the alert
 * resolves or a limit is hit; then verify recovery and close. A kill is a cancellation: nothing here catches it.
 */
export async function incident(input: IncidentInput): Promise<IncidentOutcome> {
  const run = new IncidentRun(input);
  listen(run);
  const triage = await triaged(run, input);
  if (triage === null) return conclude(run, 0);
  if (triage.kind === 'unmatched') {
    run.tell('unmatched', triage.reason);
    return run.close('unmatched', triage.reason);
  }
  run.begin(triage);
  const steps = await investigate(run);
  return conclude(run, steps);
}

/** Null when the alert was refused or no manifest permits anything: people are told, and nothing is done. */
async function triaged(run: IncidentRun, input: IncidentInput): Promise<Triage | null> {
  try {
    return await beginIncident(input);
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.endFor({ kind: 'failed', detail: `${failureCode(error)}: ${failureReason(error)}` });
    return null;
  }
}

/** Answers how many steps it took. Why it ended early, if it did, is in `run.stop`. */
async function investigate(run: IncidentRun): Promise<number> {
  const { stepsMax } = run.matched.limits;
  let step = 0;
  try {
    await run.catchUp();
    for (; step < stepsMax && run.stop === null; step++) {
      if (await takeStep(run, step)) return step + 1;
    }
    if (run.stop === null) run.endFor({ kind: 'limit', detail: `expected at most ${stepsMax} steps` });
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.endFor({ kind: 'failed', detail: `${failureCode(error)}: ${failureReason(error)}` });
  }
  return step;
}

/** One turn of the reasoner and what follows from it. True when the reasoner has nothing more to do. */
async function takeStep(run: IncidentRun, step: number): Promise<boolean> {
  const { context, limits } = run.matched;
  const proposal = await run.calls.propose({
    context,
    step,
    evidence: run.evidence,
    ends: run.ends,
    callsMax: limits.callsPerStepMax,
  });
  const { model, label, calls, conclusion, trace, blocked, usage, failed } = proposal;
  const more = { ...(usage === undefined ? {} : { usage }), ...(failed === undefined ? {} : { failed }) };
  await recordEvent({ kind: 'proposal', step, model, label, calls: [...calls], conclusion, trace, ...more });
  if (failed !== undefined) return endFailed(run, failed);
  run.board.note('proposed', `${label === null ? '' : `${label}: `}${calls.map(({ tool }) => tool).join(', ')}`);
  await followProposal(run, step, proposal);
  await run.catchUp();
  run.show();
  if (conclusion !== null) run.board.note('concluded', conclusion);
  if (blocked !== undefined) {
    run.blocked = blocked;
    run.board.note('blocked', blocked);
  }
  return conclusion !== null || calls.length === 0;
}

/** A model that brought nothing is asked no more: a person is. */
function endFailed(run: IncidentRun, { code, reason }: NonNullable<Proposal['failed']>): true {
  const detail = `${code}: ${reason}`;
  run.board.note('turn-failed', detail);
  run.endFor({ kind: 'failed', detail });
  return true;
}

async function conclude(run: IncidentRun, steps: number): Promise<IncidentOutcome> {
  const { stop } = run;
  switch (stop?.kind) {
    case 'limit':
    case 'unknown':
    case 'stopped':
    case 'failed':
      run.tell(stop.kind === 'stopped' ? 'stopped' : 'gave-up', stop.detail);
      return run.close('gave-up', stop.detail);
    case 'resolved':
      run.tell('closed', stop.detail);
      return run.close('resolved-by-alert', stop.detail);
    case undefined: {
      run.board.enter('verifying');
      const { recovered, detail } = await verifyRecovery(run, steps);
      const outcome = recovered ? 'recovered' : unrecovered(run);
      const why = run.blocked === null ? detail : `${run.blocked}; ${detail}`;
      run.tell(aboutEnd(run, outcome), `${outcome}: ${why}`);
      return run.close(outcome, why);
    }
  }
}

/** Whether the end of an incident asks for a person. */
function aboutEnd({ ends }: IncidentRun, outcome: IncidentOutcome): 'closed' | 'gave-up' | 'not-recovered' {
  if (outcome === 'recovered') return 'closed';
  if (outcome === 'gave-up') return 'gave-up';
  // In a dry run nobody relies on this incident: whoever does is woken by what woke them before.
  return ends.some(({ end }) => end === 'rehearsed') ? 'closed' : 'not-recovered';
}

/** A playbook that could not go on has concluded nothing. */
function unrecovered({ executed, blocked }: IncidentRun): IncidentOutcome {
  if (executed > 0) return 'not-recovered';
  return blocked === null ? 'concluded' : 'gave-up';
}
