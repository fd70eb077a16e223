import type { SignedAlert } from '../../contracts/alert.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { fenceId } from '../../contracts/queues.ts';
import type { Fences, ReceiptRequest } from '../../contracts/receipt.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import { namedBy } from '../../policies/card.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { matchRunbook } from '../../policies/match.ts';
import { verifyRelease, type WriteRisk } from '../../policies/release.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import type { VerifiedStatement } from '../../policies/statement.ts';
import type { Evidence } from '../../policies/unaided.ts';
import { releasedByGrant } from './admission-grant.ts';
import { mustBeWithinLimits } from './admission-limits.ts';
import { breakerOpen } from './breaker.ts';
import type { LogState } from './state.ts';

export type AdmissionInput = {
  readonly state: LogState;
  readonly request: ReceiptRequest;
  readonly executor: ProcessId;
  /** The rules of the action's manifest, and the newest: both have to agree. */
  readonly rules: Rules;
  readonly newest: Rules;
  /** The gateway's alert, its signature already verified. */
  readonly alert: SignedAlert;
  /** Of an action that a grant releases, the signed results that the playbook is run over; else none. */
  readonly evidence: readonly Evidence[];
  readonly now: number;
};
/** What lets the effect happen: statements of persons, or none of them and a grant. */
export type Release = {
  readonly statements: readonly VerifiedStatement[];
  /** The times (ms) of what decided: of each statement, or of the evidence that a grant was applied to. */
  readonly decidedAt: readonly number[];
  /** When it ends by itself, in ms. */
  readonly until: number;
};
export type Admission = {
  readonly attempt: number;
  readonly fences: Fences;
  readonly release: Release;
  /** Until when the effect may begin, in ms: the end of a receipt, and of everything that admits it. */
  readonly startBefore: number;
};
/** An action with what its names stand for. */
export type KnownAction = AdmissionInput & {
  readonly runbook: LoadedRunbook;
  /** The newest manifest's edition of it: another text has limits and a standing of its own. */
  readonly newestRunbook: LoadedRunbook;
  readonly contract: ToolContract & { readonly risk: WriteRisk };
};

const refused = (message: string): HoldpointError => new HoldpointError('RECEIPT_REFUSED', message);

/**
 * The only admission to an effect, decided by the log alone (design section 3, "Receipt"). Pure: the verifier runs it again
 * over every intent with the state of that moment. Throws the code of the first rule that says no.
 */
export function admit(input: AdmissionInput): Admission {
  const known = mustBeOnRecord(input);
  mustNotBeRejected(known);
  mustNotBeTripped(known);
  const ringUntil = mustStandHighEnough(known);
  const { fences, resumedAt } = mustBeResumed(known);
  const release =
    input.request.grant === null ? releasedByPersons(known, resumedAt) : releasedByGrant(known, resumedAt);
  mustNotBeOvertaken(known, release);
  mustNotBeSpentElsewhere(known, release);
  const attempt = nextAttempt(known);
  mustBeWithinLimits(known);
  return { attempt, fences, release, startBefore: startBeforeOf(known, release, ringUntil) };
}

/** The action as the log has it: known, of this executor and this alert, in a run that is not sealed, with its card. */
export function mustBeOnRecord(input: AdmissionInput): KnownAction {
  const known = know(input);
  mustBeItsExecutor(known);
  mustFitItsAlert(known);
  mustNotBeSealed(known);
  mustHaveItsCard(known);
  return known;
}

function know(input: AdmissionInput): KnownAction {
  const { action, digest } = input.request;
  if (digestOf(action) !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', 'receipt: expected the digest of the action that is asked for');
  if (action.manifest !== input.rules.digest)
    throw new HoldpointError('MANIFEST_MISMATCH', "receipt: expected the rules of the action's own manifest");
  const { runbook, contract } = namedBy(action, input.rules);
  if (!isWrite(contract)) throw refused(`\`${action.tool}\` is a read: it needs no receipt and gets none`);
  const newestRunbook = input.newest.runbooks.get(runbook.id);
  if (newestRunbook === undefined)
    throw new HoldpointError('RUNBOOK_MISMATCH', `receipt: the newest manifest has no runbook \`${runbook.id}\``);
  return { ...input, runbook, newestRunbook, contract };
}

const isWrite = (contract: ToolContract): contract is KnownAction['contract'] => contract.risk !== 'read';

function mustBeItsExecutor({ executor, runbook }: KnownAction): void {
  const expected = `executor.${runbook.runbook.identity.role}`;
  if (executor !== expected)
    throw new HoldpointError('NOT_PERMITTED', `receipt: expected \`${expected}\` to ask, got \`${executor}\``);
}

/** Nobody chooses a runbook for an alert: the one that its labels match, again, here. */
function mustFitItsAlert({ state, request, alert, rules, runbook }: KnownAction): void {
  const { workflowId } = request.action;
  if (alert.payload.workflowId !== workflowId || digestOf(alert) !== request.alertRef)
    throw new HoldpointError('RUNBOOK_MISMATCH', 'receipt: the alert belongs to another incident');
  if (state.alerts.get(workflowId)?.has(request.alertRef) !== true)
    throw refused('the log holds no such alert for this workflow id');
  const match = matchRunbook(alert.payload.alert, rules.runbooks);
  if (match.kind !== 'matched' || match.runbook.digest !== runbook.digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', `receipt: the alert does not match \`${runbook.id}\``);
}

function mustNotBeSealed({ state, request: { action } }: KnownAction): void {
  if (state.runs.isSealed(action.workflowId, action.runId))
    throw new HoldpointError('SEALED', `receipt: run \`${action.runId}\` has ended and is sealed`);
}

function mustHaveItsCard({ state, request }: KnownAction): void {
  const card = state.cards.get(request.digest);
  if (card?.cardDigest !== request.cardDigest || state.rehearsals.has(request.digest))
    throw new HoldpointError('CARD_MISMATCH', 'receipt: the log holds no such card for this digest');
}

/** A person's no, once in the log, wins over any number of approvals. */
function mustNotBeRejected({ state, request }: KnownAction): void {
  const seq = state.rejected.get(request.digest);
  if (seq !== undefined) throw new HoldpointError('REJECTED', `receipt: record ${seq} rejects this action`);
}

/** Whatever persons signed: only a trip-reset closes a breaker. */
function mustNotBeTripped({ state, runbook }: KnownAction): void {
  const open = state.ledger.trips.of(runbook.id);
  if (open !== null) throw breakerOpen(runbook.id, open);
}

/** Of both editions: a changed text starts again at ring 0. Answers when the first of their rings ends, in ms. */
function mustStandHighEnough({ state, runbook, newestRunbook, contract, now }: KnownAction): number {
  const needed = contract.risk === 'high' ? 2 : 1;
  const standings = [runbook, newestRunbook].map(({ id, digest }) => state.ledger.standing({ id, digest }, now));
  const low = standings.find(({ ring }) => !(ring >= needed));
  if (low !== undefined)
    throw refused(`expected ring ${needed} for a ${contract.risk} risk write, got ${low.ring} (${low.rule})`);
  return Math.min(...standings.map(({ until }) => (until === null ? Number.POSITIVE_INFINITY : Date.parse(until))));
}

function mustBeResumed({ state, runbook }: KnownAction): { fences: Fences; resumedAt: number } {
  const all = state.fence(fenceId({ kind: 'all' }));
  const own = state.fence(fenceId({ kind: 'runbook', runbook: runbook.id }));
  if (all === null || own === null)
    throw new HoldpointError('STOPPED', `receipt: the log binds no resume for ${all === null ? 'all' : 'the runbook'}`);
  return { fences: { all: all.runId, runbook: own.runId }, resumedAt: Math.max(all.resumedAt, own.resumedAt) };
}

function releasedByPersons(known: KnownAction, resumedAt: number): Release {
  const { statements } = verifyRelease({ ...known, ...known.request, risk: known.contract.risk, resumedAt });
  const release = {
    statements,
    decidedAt: statements.map(({ statement }) => Date.parse(statement.decidedAt)),
    until: Number.POSITIVE_INFINITY,
  };
  mustBeDecidedOnTheCard(known, release);
  return release;
}

/** Nothing that admits an effect may have ended when it begins: neither hold nor statement, grant, ring nor manifest. */
function startBeforeOf({ request, rules, newest, now }: KnownAction, release: Release, ringUntil: number): number {
  const both = [rules, newest];
  const soonest = (limit: 'receiptStartMsMax' | 'statementAgeMsMax') =>
    Math.min(...both.map(({ limits }) => limits[limit]));
  return Math.min(
    now + soonest('receiptStartMsMax'),
    Date.parse(request.action.expiresAt),
    Math.max(...release.decidedAt) + soonest('statementAgeMsMax'),
    release.until,
    ringUntil,
    ...both.map(({ notAfter }) => notAfter),
  );
}

/** A release is of what was shown: nobody can have decided before the card was there. */
function mustBeDecidedOnTheCard({ state, request, rules }: KnownAction, release: Release): void {
  const shownAt = state.cards.get(request.digest)?.at ?? Number.POSITIVE_INFINITY;
  if (release.decidedAt.some((at) => at < shownAt - rules.limits.statementAheadMsMax))
    throw new HoldpointError('STATEMENT_EARLY', 'receipt: a statement was decided before its card was recorded');
}

/**
 * A kill, a demotion or a revocation that came after the decision takes it away. Of a kill the resume that has
 * to follow it says the same; it is asked here by itself, so that neither rests on the other.
 */
function mustNotBeOvertaken({ state, runbook }: KnownAction, release: Release): void {
  const earliest = Math.min(...release.decidedAt);
  const scopes = [fenceId({ kind: 'all' }), fenceId({ kind: 'runbook', runbook: runbook.id })];
  const kill = state.kills.find(({ scope, at }) => scopes.includes(scope) && at >= earliest);
  if (kill !== undefined)
    throw new HoldpointError('STOPPED', `receipt: record ${kill.seq} stopped \`${kill.scope}\` since`);
  const lowered = state.ledger.loweredSince(runbook.id, earliest);
  if (lowered !== null) throw refused(`record ${lowered.seq} lowered the standing of \`${runbook.id}\` since`);
}

/** A statement, and the nonce in it, are good for one subject; for the same digest a later attempt may show them again. */
function mustNotBeSpentElsewhere({ state }: KnownAction, { statements }: Release): void {
  for (const { statement, hash } of statements) {
    const use = state.nonceUse(statement.person, statement.nonce);
    if (use !== null && use.hash !== hash)
      throw new HoldpointError(
        'STATEMENT_REPLAYED',
        `receipt: record ${use.seq} holds another statement with this nonce`,
      );
  }
}

/** The recorder's own count of attempts. A later one is only for tools that a repeat cannot harm, and only once the last is over. */
function nextAttempt({ state, request, contract, rules, now }: KnownAction): number {
  const attempts = state.intents.of(request.digest);
  const last = attempts.at(-1);
  if (last === undefined) return 1;
  const spent = (why: string) => new HoldpointError('RECEIPT_SPENT', `receipt: ${why}`);
  if (contract.effect === 'once') throw spent(`\`${contract.name}\` is attempted once`);
  const ended = attempts.flatMap(({ ends }) => ends).find(({ status }) => status !== 'unknown');
  if (ended !== undefined) throw spent(`record ${ended.seq} says how this action ended: ${ended.status}`);
  if (!(now > last.startBefore + rules.limits.effectMsMax)) throw spent('an earlier attempt may still be running');
  return last.body.attempt + 1;
}
