import { randomBytes } from 'node:crypto';
import type { CarriedAction, ToolCall } from '../../contracts/action.ts';
import type { JudgedCall, JudgeInput } from '../../contracts/incident.ts';
import { bindAction, digestOf, type Place } from '../../policies/digest.ts';
import { expiryMsOf } from './begin-incident.ts';
import type { OrchestratorDeps } from './deps.ts';
import { type JudgedHere, judgeCall } from './judge-call.ts';

const nonceBytes = 16;
type Deps = Pick<OrchestratorDeps, 'manifests' | 'recorder' | 'incidentRecords' | 'keys' | 'clock'>;

/**
 * Judges the calls of one turn in their order, on what the log counts by now and each counted for the next, and mints the
 * digest of every write from the place where this activity runs: a Reset run has another run id, so what was released
 * before is worthless in it.
 */
export async function judgeCalls(input: JudgeInput, place: Place, deps: Deps): Promise<JudgedCall[]> {
  const { context, step, firstIndex, calls } = input;
  const records = await deps.incidentRecords.of(place.workflowId);
  const planned: ToolCall[] = [];
  const judged: JudgedCall[] = [];
  for (const [at, call] of calls.entries()) {
    const here = await judgeCall({ place, context, call, records, planned }, deps);
    const { verdict } = here;
    if (verdict.kind !== 'deny') planned.push(call);
    const where = { step, index: firstIndex + at };
    const isMinted = verdict.kind !== 'deny' && verdict.kind !== 'read';
    const action = isMinted ? mint(input, at, here, deps.clock()) : null;
    const digest = action === null ? null : digestOf(bindAction(action, place));
    judged.push({ step: where, call, verdict, action, digest });
  }
  return judged;
}

function mint(
  { context, step, firstIndex, calls }: JudgeInput,
  at: number,
  here: JudgedHere,
  now: number,
): CarriedAction {
  const call = calls[at];
  const { verdict, target, contract, runbook, rules, newest, newestRunbook } = here;
  if (call === undefined || target === null || contract === null || newestRunbook === null)
    throw new TypeError('expected a write with a target');
  const holdMs = Math.min(expiryMsOf(runbook, rules), expiryMsOf(newestRunbook, newest));
  // A release by a grant waits for nobody, and its evidence is good no longer than a statement.
  const waitMs = verdict.kind === 'auto' ? Math.min(holdMs, rules.limits.statementAgeMsMax) : holdMs;
  return {
    v: 1,
    step: { step, index: firstIndex + at },
    runbook: context.runbook,
    manifest: context.manifest,
    tool: call.tool,
    args: call.args,
    preconditions: contract.preconditionsOf(target.entity),
    expiresAt: new Date(now + waitMs).toISOString(),
    nonce: randomBytes(nonceBytes).toString('base64url'),
  };
}
