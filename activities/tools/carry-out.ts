import type { Action } from '../../contracts/action.ts';
import type { Credential } from '../../contracts/broker-api.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import type { Limits } from '../../contracts/limits.ts';
import type { SignedReceipt } from '../../contracts/receipt.ts';
import { withoutSecrets } from '../../policies/redaction/redact-value.ts';
import type { JudgedHere } from '../judge/judge-call.ts';
import { isAbandoned, mustNotBeCancelled, type Scope } from './activity-scope.ts';
import { giveBack, observing } from './borrow.ts';
import { bounded } from './bounded.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { Access, Aim, Armed, Effect, Postcondition, WriteTool } from './implement.ts';
import { type StartBudget, startBudget } from './start-budget.ts';

export type Admitted = {
  readonly action: Action;
  readonly signed: SignedReceipt;
  /** The record of the grant that released it; null where persons did. */
  readonly grant: string | null;
  /** When the receipt was asked for, by the monotonic clock. */
  readonly askedAt: number;
  readonly judged: JudgedHere;
  readonly tool: WriteTool;
  readonly aim: Aim;
  /** What the incident looked with a moment ago. */
  readonly look: Credential;
  readonly scope: Scope;
};
type Tried = {
  readonly effect: Effect;
  readonly startedAt: string | null;
  readonly tookMs: number;
  readonly stop: unknown;
};

const fenceAsksMax = 25;
const postconditionMsMax = 5_000;
/** Kept back of `effectMsMax`, so that a cancelled effect has ended when the recorder may admit another attempt. */
const cancelMs = 2_500;

/**
 * The effect that a receipt admits, and its outcome: signed, kept on disk and recorded before it is returned, whatever it
 * is. Throws, once that is recorded as without effect, what stopped it before it began: `STOPPED`, `FENCE_UNREACHABLE`,
 * `RECEIPT_EXPIRED`, a cancellation.
 */
export async function carryOut(admitted: Admitted, deps: ExecutorDeps): Promise<SignedOutcome> {
  const limits = strictest(admitted.judged);
  const tried = await tryEffect(admitted, limits, deps);
  const postcondition = await postconditionOf(tried, admitted, limits, deps);
  const outcome = signOutcome(admitted, tried, postcondition, deps);
  deps.failpoint('executor.after-sign');
  await keep(outcome, deps);
  deps.failpoint('executor.after-outbox');
  await deps.outbox.deliver(outcome, () => isAbandoned(admitted.scope.signal));
  deps.failpoint('executor.before-return');
  if (tried.stop !== null) throw tried.stop;
  return outcome;
}

/** A full disk must not keep the outcome from the recorder: it is then delivered from memory alone. */
const keep = (outcome: SignedOutcome, { outbox, log }: ExecutorDeps): Promise<void> =>
  outbox.keep(outcome).catch(() => {
    log.error({ digest: outcome.payload.digest }, 'an outcome could not be kept on disk');
  });

type Bounds = Pick<Limits, 'effectMsMax' | 'fenceFreshMsMax' | 'receiptStartMsMax'>;

const strictest = ({ rules, newest }: JudgedHere): Bounds => {
  const min = (name: keyof Limits) => Math.min(rules.limits[name], newest.limits[name]);
  return {
    effectMsMax: min('effectMsMax'),
    fenceFreshMsMax: min('fenceFreshMsMax'),
    receiptStartMsMax: min('receiptStartMsMax'),
  };
};

type Ready = { readonly budget: StartBudget; readonly armed: Armed };

async function tryEffect(admitted: Admitted, limits: Bounds, deps: ExecutorDeps): Promise<Tried> {
  const undo: (() => unknown)[] = [];
  try {
    let ready: Ready;
    try {
      ready = await armInTime(admitted, limits, undo, deps);
    } catch (stop) {
      const why = stop instanceof HoldpointError ? `${stop.code}: ${stop.message}` : 'cancelled or stopped';
      const effect: Effect = { status: 'failed', detail: `no effect: ${why}`, result: null };
      return { effect, startedAt: null, tookMs: 0, stop };
    }
    return await fire(ready, admitted, limits, deps);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/**
 * The one credential of this effect, connected with it, and then the fences, asked last: connecting takes longer than their answer
 * stays fresh. What has to be undone afterwards is in `undo` before the next step begins.
 */
async function armInTime(
  admitted: Admitted,
  limits: Bounds,
  undo: (() => unknown)[],
  deps: ExecutorDeps,
): Promise<Ready> {
  const { signed, askedAt, tool, aim, scope } = admitted;
  const budget = startBudget(signed.payload, deps, { askedAt, startMsMax: limits.receiptStartMsMax });
  const issued = deps.broker.issue({ kind: 'write', receipt: signed });
  undo.push(() => giveBack(issued, deps));
  const { credential } = await issued;
  deps.failpoint('executor.after-credential');
  const armed = await tool.arm(aim, credential, scope.signal);
  undo.push(() => armed.disarm());
  await mustBeOpenNow(admitted, budget, limits.fenceFreshMsMax, deps);
  return { budget, armed };
}

async function fire(
  { budget, armed }: Ready,
  { scope }: Admitted,
  { effectMsMax }: Bounds,
  deps: ExecutorDeps,
): Promise<Tried> {
  const startedAt = new Date(deps.clock()).toISOString();
  const late = AbortSignal.timeout(Math.max(effectMsMax - cancelMs, effectMsMax / 2));
  deps.failpoint('executor.before-effect');
  const began = deps.monotonic();
  const effect = await armed.fire(budget.deadline, AbortSignal.any([scope.signal, late]));
  deps.failpoint('executor.after-effect');
  return { effect, startedAt, tookMs: deps.monotonic() - began, stop: null };
}

/**
 * Returns only while the answer of the fences is fresh: the effect is the very next thing. A slow answer is asked for
 * again, as long as the receipt's time lasts.
 */
async function mustBeOpenNow(
  { signed, action, grant, scope }: Admitted,
  budget: StartBudget,
  freshMsMax: number,
  deps: ExecutorDeps,
): Promise<void> {
  const own = { workflowId: action.workflowId, runId: action.runId, unaided: grant !== null };
  const question = { fences: signed.payload.fences, runbookId: action.runbook.id, own };
  for (let ask = 0; ask < fenceAsksMax; ask++) {
    budget.mustBeLeft();
    const checkedAt = await deps.fences.mustBeOpen(question).then(
      ({ checkedAtMonotonicMs }) => checkedAtMonotonicMs,
      (error: unknown) => {
        if (codeOf(error) === 'FENCE_UNREACHABLE' && ask + 1 < fenceAsksMax) return null;
        throw error;
      },
    );
    mustNotBeCancelled(scope);
    budget.mustBeLeft();
    if (checkedAt !== null && deps.monotonic() - checkedAt <= freshMsMax) return;
  }
  throw new HoldpointError('FENCE_UNREACHABLE', `fences: no answer within ${freshMsMax} ms`);
}

async function postconditionOf(
  { effect: { status }, tookMs }: Tried,
  { tool, aim, look, action, signed, scope }: Admitted,
  { effectMsMax }: Bounds,
  deps: ExecutorDeps,
): Promise<Postcondition | null> {
  if (status !== 'done' && status !== 'unknown') return null;
  try {
    const leftMs = Math.floor(Math.max(effectMsMax - cancelMs - tookMs, effectMsMax / 2));
    const waitMs =
      tool.settleMsMax === undefined ? Math.min(postconditionMsMax, effectMsMax) : Math.min(tool.settleMsMax, leftMs);
    const late = AbortSignal.timeout(waitMs + cancelMs);
    // A rollout is not waited for after a kill; what it came to until then is looked at all the same.
    const signal = tool.settleMsMax === undefined ? late : AbortSignal.any([scope.signal, late]);
    const about = { workflowId: action.workflowId, digest: signed.payload.digest };
    const read = (credential: Access) => tool.postcondition(aim, waitMs, { signal, credential });
    // It needs nobody's answer; where it was withdrawn meanwhile, as by a stop, there is one for this alone.
    return await read(async () => look).catch(() => observing(about, deps, read));
  } catch (error) {
    return { held: false, detail: `could not be read: ${codeOf(error)}` };
  }
}

function signOutcome(
  { action, signed: { payload: receipt }, scope, tool }: Admitted,
  { effect, startedAt }: Tried,
  postcondition: Postcondition | null,
  { signer, clock }: ExecutorDeps,
): SignedOutcome {
  const result = effect.result === null ? null : tool.contract.result.safeParse(effect.result);
  return signer.sign('outcome', {
    v: 1 as const,
    workflowId: action.workflowId,
    runId: action.runId,
    activityId: scope.activityId,
    digest: receipt.digest,
    attempt: receipt.attempt,
    status: effect.status,
    detail: bounded(withoutSecrets(effect.detail), 1_000),
    result: result?.success ? withoutSecrets(result.data) : null,
    postcondition: withoutSecrets(postcondition),
    startedAt,
    endedAt: new Date(clock()).toISOString(),
  });
}
