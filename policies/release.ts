import type { Action } from '../contracts/action.ts';
import { HoldpointError } from '../contracts/errors.ts';
import { SignedStatement, type Statement, type StatementType } from '../contracts/statement.ts';
import { digestOf } from './digest.ts';
import type { Rules } from './manifest.ts';
import { mustBeFresh, mustFollow, mustReach, onePerPerson, sortOut } from './quorum.ts';
import type { LoadedRunbook } from './runbook.ts';
import { parseStatement, type VerifiedStatement, verifyStatement } from './statement.ts';

export type Hold = { readonly digest: string; readonly cardDigest: string; readonly expiresAt: string };
export type WriteRisk = 'low' | 'high';

/** Who may release an action of a runbook under one manifest: shown on the card, and judged by. */
export type Approvals = { readonly groups: readonly string[]; readonly quorum: number };

/** The runbook's groups that `powers` also names, and the larger quorum. */
export function approvalsOf({ runbook }: LoadedRunbook, rules: Rules): Approvals {
  const power = rules.powers.types.action;
  return {
    groups: runbook.approvers.groups.filter((group) => power.groups.includes(group)),
    quorum: Math.max(runbook.approvers.quorum, power.quorum),
  };
}

/** One rule set with its own edition of the runbook. */
type Edition = { readonly rules: Rules; readonly runbook: LoadedRunbook };

export type WeighInput = {
  readonly raw: unknown;
  readonly hold: Hold;
  readonly risk: WriteRisk;
  readonly runbook: LoadedRunbook;
  /** The rules of the action's manifest, and the newest. Both have to agree. */
  readonly rules: Rules;
  readonly newest: Rules;
  readonly now: number;
};

/**
 * Weighs one statement as it arrives, only to decide waiting. Throws `HOLD_EXPIRED`, `STATEMENT_STALE`, the codes of
 * `verifyStatement`, `STATEMENT_WRONG_TYPE`, `STATEMENT_WRONG_SUBJECT`, `STATEMENT_WRONG_CARD`, `STATEMENT_NOT_POWERED`
 * or `RUNBOOK_MISMATCH`.
 */
export function weighForAction({ raw, hold, risk, runbook, rules, newest, now }: WeighInput): VerifiedStatement {
  const editions = editionsOf(runbook, rules, newest);
  mustNotBeExpired(hold.expiresAt, now);
  const verified = forHold(raw, hold, risk, editions, now);
  if (verified.statement.verdict === 'approve') mustBeFresh([verified], editions, now);
  return verified;
}

export type ReleaseInput = {
  /** The action as the caller binds it to its own place. */
  readonly action: Action;
  readonly digest: string;
  readonly cardDigest: string;
  readonly risk: WriteRisk;
  readonly statements: readonly unknown[];
  readonly rules: Rules;
  readonly newest: Rules;
  readonly now: number;
  /** When the fences that are open now were resumed, the later of them, in ms. */
  readonly resumedAt: number;
};
export type Release = { readonly people: readonly string[]; readonly statements: readonly VerifiedStatement[] };

/**
 * Promise P1: an action is released by distinct persons, each an approver under the action's manifest and under the
 * newest, each with one fresh proof over exactly this digest and this card. A valid rejection wins over any number of
 * approvals; an invalid statement neither counts nor blocks. Throws `DIGEST_MISMATCH`, `MANIFEST_MISMATCH`,
 * `MANIFEST_ROLLED_BACK`, `RUNBOOK_MISMATCH`, `HOLD_EXPIRED`, `REJECTED`, `RELEASE_MISSING` without statements, and
 * where the quorum is missing, why the first statement did not count, or `QUORUM_MISSING`.
 */
export function verifyRelease(input: ReleaseInput): Release {
  const { action, digest, cardDigest, risk, now } = input;
  const editions = mustBeReleasable(input);
  const hold = { digest, cardDigest, expiresAt: action.expiresAt };
  const sorted = sortOut(input.statements, (raw) => forHold(raw, hold, risk, editions, now));
  const rejection = sorted.valid.find(({ statement }) => statement.verdict === 'reject');
  if (rejection !== undefined)
    throw new HoldpointError('REJECTED', `\`${rejection.statement.person}\` rejected this action`);
  const counted = onePerPerson(sorted, (verified) => mustFollow(verified, input.resumedAt));
  const quorum = Math.max(...editions.map((edition) => approvalsOf(edition.runbook, edition.rules).quorum));
  mustReach(quorum, counted, input.statements.length);
  mustBeFresh(counted.valid, editions, now);
  return { people: counted.valid.map(({ statement }) => statement.person), statements: counted.valid };
}

export type PowerInput = {
  readonly raw: readonly unknown[];
  readonly type: Exclude<StatementType, 'action'>;
  readonly rules: Rules;
  readonly newest: Rules;
  readonly now: number;
};

/**
 * Verifies one quorate act that is not about an action (resume, waive, promote, demote, revoke): distinct persons,
 * empowered under both rule sets, approving the same subject. The caller compares that subject with the world. Throws
 * `STATEMENT_WRONG_SUBJECT` when two subjects are mixed, `STATEMENT_NOT_APPROVING` for a valid rejection, and the codes
 * of `verifyRelease`.
 */
export function verifyPower({ raw, type, rules, newest, now }: PowerInput): readonly VerifiedStatement[] {
  mustBeOneSubject(raw, type);
  const sorted = sortOut(raw, (one) => {
    mustBeOfType(one, type);
    verifyStatement({ raw: one, rules, now });
    return verifyStatement({ raw: one, rules: newest, now });
  });
  const rejection = sorted.valid.find(({ statement }) => statement.verdict === 'reject');
  if (rejection !== undefined)
    throw new HoldpointError('STATEMENT_NOT_APPROVING', `\`${rejection.statement.person}\` rejects this`);
  const both = [{ rules }, { rules: newest }];
  const waitMsMax = Math.min(...both.map((edition) => edition.rules.limits.approvalWaitMsMax));
  // No hold bounds the age of the earlier statements of a quorum here, so the longest wait for one does.
  const counted = onePerPerson(sorted, (verified) => mustFollow(verified, now - waitMsMax, 'STATEMENT_STALE'));
  mustReach(Math.max(...both.map((edition) => edition.rules.powers.types[type].quorum)), counted, raw.length);
  mustBeFresh(counted.valid, both, now);
  return counted.valid;
}

/** Proven or not: else an unproven statement could lend its subject to the proofs of others. */
function mustBeOneSubject(raw: readonly unknown[], type: StatementType): void {
  const subjects = raw.flatMap((one) => {
    const parsed = SignedStatement.safeParse(one);
    return parsed.success && parsed.data.statement.type === type ? [digestOf(parsed.data.statement.subject)] : [];
  });
  if (new Set(subjects).size > 1)
    throw new HoldpointError('STATEMENT_WRONG_SUBJECT', 'expected statements over one subject');
}

/**
 * What every release needs, whoever gives it: the action's own digest, two manifests in force that both have its runbook,
 * and time left. Throws `DIGEST_MISMATCH`, `MANIFEST_MISMATCH`, `MANIFEST_EXPIRED`, `MANIFEST_ROLLED_BACK`,
 * `RUNBOOK_MISMATCH`, `HOLD_EXPIRED`.
 */
export function mustBeReleasable(
  input: Pick<ReleaseInput, 'action' | 'digest' | 'rules' | 'newest' | 'now'>,
): readonly [Edition, Edition] {
  const editions = editionsOfAction(input);
  mustNotBeExpired(input.action.expiresAt, input.now);
  return editions;
}

function editionsOfAction({
  action,
  digest,
  rules,
  newest,
  now,
}: Parameters<typeof mustBeReleasable>[0]): readonly [Edition, Edition] {
  if (digestOf(action) !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', `expected the digest of the action, got \`${digest}\``);
  if (action.manifest !== rules.digest)
    throw new HoldpointError('MANIFEST_MISMATCH', "expected the rules of the action's own manifest");
  const expired = [rules, newest].find(({ notAfter }) => !(now < notAfter));
  if (expired !== undefined)
    throw new HoldpointError('MANIFEST_EXPIRED', `manifest version ${expired.version} has expired`);
  const runbook = rules.runbooks.get(action.runbook.id);
  if (runbook?.digest !== action.runbook.digest)
    throw new HoldpointError(
      'RUNBOOK_MISMATCH',
      `runbook \`${action.runbook.id}\`: expected the digest in its manifest`,
    );
  return editionsOf(runbook, rules, newest);
}

/** Both editions that have to agree. A runbook that the newest manifest withdrew releases nothing. */
function editionsOf(runbook: LoadedRunbook, rules: Rules, newest: Rules): readonly [Edition, Edition] {
  if (newest.version < rules.version)
    throw new HoldpointError(
      'MANIFEST_ROLLED_BACK',
      `expected manifest version ${rules.version} or later, got ${newest.version}`,
    );
  const newestRunbook = newest.runbooks.get(runbook.id);
  if (rules.runbooks.get(runbook.id)?.digest !== runbook.digest || newestRunbook === undefined)
    throw new HoldpointError('RUNBOOK_MISMATCH', `runbook \`${runbook.id}\`: expected it in both manifests`);
  return [
    { rules, runbook },
    { rules: newest, runbook: newestRunbook },
  ];
}

/** One statement over one hold, whenever it was decided. */
function forHold(
  raw: unknown,
  hold: Hold,
  risk: WriteRisk,
  editions: readonly [Edition, Edition],
  now: number,
): VerifiedStatement {
  const { subject, verdict, cardDigest, decidedAt } = mustBeOfType(raw, 'action');
  if (subject.type !== 'action' || subject.digest !== hold.digest)
    throw new HoldpointError('STATEMENT_WRONG_SUBJECT', 'expected a statement over the digest of this action');
  if (verdict === 'reject') return rejectionOf(raw, risk, editions);
  if (cardDigest !== hold.cardDigest)
    throw new HoldpointError('STATEMENT_WRONG_CARD', 'expected a statement over the card of this action');
  if (!(Date.parse(decidedAt) < Date.parse(hold.expiresAt)))
    throw new HoldpointError('HOLD_EXPIRED', `decided at ${decidedAt}, when the hold had expired`);
  const [first, newest] = editions;
  asApprover(raw, risk, first, now);
  return asApprover(raw, risk, newest, now);
}

/**
 * Saying no takes less than saying yes: an approver of either edition, whatever card was shown and whatever the clock
 * said, stops the action.
 */
function rejectionOf(raw: unknown, risk: WriteRisk, [first, newest]: readonly [Edition, Edition]): VerifiedStatement {
  const anyTime = Number.POSITIVE_INFINITY;
  try {
    return asApprover(raw, risk, newest, anyTime);
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    return asApprover(raw, risk, first, anyTime);
  }
}

/** The statement of an approver of this edition: in a group that both the runbook and `powers` name, with a proof for the risk. */
function asApprover(raw: unknown, risk: WriteRisk, { rules, runbook }: Edition, now: number): VerifiedStatement {
  const verified = verifyStatement({ raw, rules, now });
  const groups = verified.groups.filter((group) => runbook.runbook.approvers.groups.includes(group));
  const { kind } = verified.signed.proof;
  if (groups.length === 0 || !runbook.runbook.approvers.proofs[risk].includes(kind))
    throw new HoldpointError(
      'STATEMENT_NOT_POWERED',
      `\`${verified.statement.person}\` may not release a ${risk} risk action of \`${runbook.id}\` with a proof of kind \`${kind}\``,
    );
  return { ...verified, groups };
}

function mustBeOfType(raw: unknown, type: StatementType): Statement {
  const { statement } = parseStatement(raw);
  if (statement.type !== type)
    throw new HoldpointError('STATEMENT_WRONG_TYPE', `expected type \`${type}\`, got \`${statement.type}\``);
  return statement;
}

function mustNotBeExpired(expiresAt: string, now: number): void {
  if (!(now < Date.parse(expiresAt))) throw new HoldpointError('HOLD_EXPIRED', `the hold expired at ${expiresAt}`);
}
