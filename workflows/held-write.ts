import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { ActionEnd, HoldView, JudgedCall, SignedOutcome } from '../contracts/incident.ts';
import { judge, recordCard, recordEvent, wasReset } from './activity-calls.ts';
import type { HoldEnd, OpenHold } from './approval-desk.ts';
import { type FailureCode, failureCode, failureReason } from './failure-code.ts';
import type { IncidentRun } from './incident-run.ts';
import { againCodes, refusalCodes } from './refusal-codes.ts';

/** A write that was judged to wait for people, or to be released by a grant: it has an action and a digest. */
export type HeldCall = JudgedCall & { readonly action: NonNullable<JudgedCall['action']>; readonly digest: string };
type Attempt = { readonly kind: 'ended'; readonly end: ActionEnd } | { readonly kind: 'again'; readonly why: string };
/** The breaker is open: the release is void, and the hold waits on. */
type Acted = Attempt | { readonly kind: 'kept'; readonly why: string };

export const isHeld = (judged: JudgedCall): judged is HeldCall =>
  (judged.verdict.kind === 'hold' || judged.verdict.kind === 'auto') &&
  judged.action !== null &&
  judged.digest !== null;

/** One write from its card to its end, released by people or by a grant. Whenever it is judged again it is a new action, and persons are asked again. */
export async function settleWrite(run: IncidentRun, first: HeldCall): Promise<ActionEnd> {
  let judged = first;
  for (let rejudged = 0; ; rejudged++) {
    const attempt = await attemptWrite(run, judged);
    if (attempt.kind === 'ended') return attempt.end;
    if (rejudged >= run.matched.limits.rejudgeMax) return endOf(judged, 'refused', 'incident.rejudge-max', attempt.why);
    await run.alerts.weigh();
    if (run.stop !== null) return endOf(judged, 'refused', 'hold.withdrawn', run.stop.detail);
    run.board.note('judged-again', `${judged.call.tool}: ${attempt.why}`);
    const again = await judgeAgain(run, judged);
    if (!isHeld(again))
      return endOf(
        again,
        again.verdict.kind === 'rehearse' ? 'rehearsed' : 'denied',
        again.verdict.rule,
        again.verdict.reason,
      );
    judged = again;
  }
}

async function judgeAgain(run: IncidentRun, { step, call }: JudgedCall): Promise<JudgedCall> {
  const { context } = run.matched;
  const [again] = await judge({ context, step: step.step, firstIndex: step.index, calls: [call] });
  if (again === undefined) throw new TypeError('expected one verdict for one call');
  await recordEvent({
    kind: 'verdict',
    step,
    tool: call.tool,
    verdict: again.verdict,
    digest: again.digest,
    rehearsal: null,
  });
  return again;
}

async function attemptWrite(run: IncidentRun, judged: HeldCall): Promise<Attempt> {
  let view: HoldView;
  try {
    view = await prepareCard(run, judged);
  } catch (error) {
    return afterFailure(run, judged, error, 'preparing');
  }
  const { grant } = judged.verdict;
  return grant === undefined ? holdWrite(run, judged, view) : actByGrant(run, judged, view, grant);
}

async function holdWrite(run: IncidentRun, judged: HeldCall, view: HoldView): Promise<Attempt> {
  const hold = run.desk.show(view);
  run.show();
  run.board.note('held', `${view.tool}: ${view.does}`);
  run.tell('hold-waits', `${view.does}; release by ${view.expiresAt}`, view.digest);
  try {
    return await afterDecision(run, judged, hold, await run.desk.decision(hold));
  } finally {
    run.desk.end(hold);
    run.show();
  }
}

async function prepareCard(run: IncidentRun, judged: HeldCall): Promise<HoldView> {
  const { context } = run.matched;
  const prediction = await run.calls.predict({ context, action: judged.action, digest: judged.digest });
  return recordCard({ context, judged, prediction });
}

async function afterDecision(run: IncidentRun, judged: HeldCall, hold: OpenHold, end: HoldEnd): Promise<Attempt> {
  switch (end.kind) {
    case 'released':
      run.board.note('released', end.people.join(', '));
      hold.acting = true;
      return afterActing(run, judged, hold, await run.inTurn(leftMs(hold), () => act(run, judged, hold)));
    case 'rejected':
      return ended(judged, 'rejected', 'hold.rejected', `${end.person}: ${end.reason}`);
    case 'expired':
      return expired(run, judged, hold);
    case 'withdrawn':
      return ended(judged, 'refused', 'hold.withdrawn', run.stop?.detail ?? 'the incident ends');
    case 'recheck':
      if (await wasReset({ action: judged.action, digest: judged.digest }))
        return again('this run was born of a Reset');
      return afterDecision(run, judged, hold, await run.desk.decision(hold));
  }
}

/** Outside of its turn: a hold that waits again must not keep other writes waiting. */
async function afterActing(run: IncidentRun, judged: HeldCall, hold: OpenHold, acted: Acted | null): Promise<Attempt> {
  if (acted === null) return expired(run, judged, hold);
  if (acted.kind !== 'kept') return acted;
  hold.waitAgain('BREAKER_OPEN');
  run.board.note('breaker-open', acted.why);
  run.show();
  return afterDecision(run, judged, hold, await run.desk.decision(hold));
}

/** Nobody is asked. Wherever the executor or the recorder sees it otherwise it is judged again, and then persons are asked. */
async function actByGrant(run: IncidentRun, judged: HeldCall, view: HoldView, grant: string): Promise<Attempt> {
  const { context } = run.matched;
  const { action, digest } = judged;
  const untilMs = () => Date.parse(view.expiresAt) - Date.now();
  const acted = await run.inTurn(untilMs(), async () => {
    await run.alerts.weigh();
    if (run.stop !== null) return ended(judged, 'refused', 'hold.withdrawn', run.stop.detail);
    run.releasedBy(grant, view);
    const input = { context, action, digest, cardDigest: view.cardDigest, statements: [], grant };
    let done = false;
    const effect = run.calls.execute(input, untilMs()).finally(() => {
      done = true;
    });
    // INVARIANT: whatever ends the incident, the effect in flight is waited for, so that its outcome is known.
    const [outcome] = await Promise.allSettled([effect, run.alerts.watch(() => done)]);
    if (outcome.status === 'fulfilled') return afterOutcome(run, judged, outcome.value);
    const code = isCancellation(outcome.reason) ? null : failureCode(outcome.reason);
    if (code === 'BREAKER_OPEN' || code === 'HOLD_EXPIRED') return again(`${code}: ${failureReason(outcome.reason)}`);
    return afterFailure(run, judged, outcome.reason, 'acting');
  });
  run.show();
  return acted ?? again('its time was over before its turn');
}

/** The one call by which a person's release may change production. The executor believes nothing of it; a rejection on the way cancels it. */
async function act(run: IncidentRun, judged: HeldCall, hold: OpenHold): Promise<Acted> {
  const release = await run.desk.weighAll(hold);
  // The write before this one may have ended the incident while this one waited for its turn.
  if (run.stop !== null) return afterDecision(run, judged, hold, { kind: 'withdrawn' });
  if (release?.kind !== 'released') return afterDecision(run, judged, hold, release ?? { kind: 'expired' });
  const { context } = run.matched;
  const { action, digest } = judged;
  const { cardDigest } = hold.view;
  const input = { context, action, digest, cardDigest, statements: release.statements, grant: null };
  const scope = new CancellationScope();
  let rejectedBy: string | null = null;
  let done = false;
  const effect = scope
    .run(() => run.calls.execute(input, leftMs(hold)))
    .finally(() => {
      done = true;
    });
  const rejected = (person: string) => {
    rejectedBy = person;
    scope.cancel();
  };
  const isDone = () => done;
  // Two watches, so that no flood of alerts keeps a rejection from being heard.
  const watches = [run.desk.watch(hold, isDone, rejected), run.alerts.watch(isDone)];
  // INVARIANT: whatever ends the incident, the effect in flight is waited for, so that its outcome is known.
  const [outcome] = await Promise.allSettled([effect, ...watches]);
  if (outcome.status === 'fulfilled') return afterOutcome(run, judged, outcome.value);
  if (rejectedBy !== null && isCancellation(outcome.reason))
    return ended(judged, 'rejected', 'hold.rejected', `${rejectedBy}: after the release, before the effect`);
  // INVARIANT: an open breaker leaves holds held. Only a signed reset closes it, and then persons decide again.
  if (!isCancellation(outcome.reason) && failureCode(outcome.reason) === 'BREAKER_OPEN')
    return { kind: 'kept', why: failureReason(outcome.reason) };
  return afterFailure(run, judged, outcome.reason, 'acting');
}

function afterOutcome(run: IncidentRun, judged: HeldCall, { payload }: SignedOutcome): Attempt {
  switch (payload.status) {
    case 'done':
      run.executed += 1;
      return ended(judged, 'executed', judged.verdict.rule, payload.detail);
    case 'unknown':
      return unknown(run, judged, 'OUTCOME_UNKNOWN', payload.detail);
    case 'moved':
    case 'refused':
    case 'failed':
      return ended(judged, payload.status, `outcome.${payload.status}`, payload.detail);
  }
}

async function afterFailure(
  run: IncidentRun,
  judged: HeldCall,
  error: unknown,
  phase: 'preparing' | 'acting',
): Promise<Attempt> {
  if (isCancellation(error)) throw error;
  const code = failureCode(error);
  const reason = failureReason(error);
  // INVARIANT: only a known refusal says that nothing happened. Before the acting phase nothing can have.
  if (phase === 'acting' && !refusalCodes.has(code)) return unknown(run, judged, code, reason);
  if (code === 'DIGEST_MISMATCH' && (await wasReset({ action: judged.action, digest: judged.digest })))
    return again('this run was born of a Reset');
  if (againCodes.has(code)) return again(`${code}: ${reason}`);
  if (code === 'STOPPED') run.endFor({ kind: 'stopped', detail: reason });
  if (code === 'HOLD_EXPIRED') {
    run.tell('hold-expired', `${judged.call.tool}: ${reason}`, judged.digest);
    return ended(judged, 'expired', code, reason);
  }
  if (code === 'REJECTED') return ended(judged, 'rejected', code, reason);
  return ended(judged, phase === 'preparing' ? 'failed' : 'refused', code, reason);
}

/** A person decides about what nobody can know: the incident ends, and nothing is tried again. */
function unknown(run: IncidentRun, judged: HeldCall, code: FailureCode, reason: string): Attempt {
  run.tell('outcome-unknown', `${judged.call.tool}: ${code}: ${reason}`, judged.digest);
  run.endFor({ kind: 'unknown', detail: `${judged.call.tool}: the outcome is unknown` });
  return ended(judged, 'unknown', code, reason);
}

function expired(run: IncidentRun, judged: HeldCall, { view }: OpenHold): Attempt {
  run.tell('hold-expired', `${view.does}; nobody released it by ${view.expiresAt}`, view.digest);
  return ended(judged, 'expired', 'hold.expired', `nobody released it by ${view.expiresAt}`);
}

const leftMs = ({ view }: OpenHold): number => Date.parse(view.expiresAt) - Date.now();
const again = (why: string): Attempt => ({ kind: 'again', why });
const ended = (judged: JudgedCall, end: ActionEnd['end'], rule: string, detail: string): Attempt => ({
  kind: 'ended',
  end: endOf(judged, end, rule, detail),
});
export const endOf = ({ step, call }: JudgedCall, end: ActionEnd['end'], rule: string, detail: string): ActionEnd => ({
  step,
  tool: call.tool.slice(0, 64),
  end,
  rule,
  detail: detail.slice(0, 500),
});
