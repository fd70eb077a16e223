import { HoldpointError } from '../../contracts/errors.ts';
import { type FenceScope, fenceId } from '../../contracts/queues.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import { StatementPost } from '../../contracts/recorder-api.ts';
import type { SignedStatement, Subject } from '../../contracts/statement.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { verifyPower, weighForAction } from '../../policies/release.ts';
import { firstIssue } from '../../policies/signing.ts';
import { statementHash } from '../../policies/statement.ts';
import type { RunView } from '../identity/describe.ts';
import type { RecorderParts } from './parts.ts';

/** The latest run of a fence as the server has it now; null when there is none. Throws `FENCE_UNREACHABLE`. */
export type FenceLookup = (scope: FenceScope) => Promise<RunView | null>;
export type DoorParts = RecorderParts & { readonly lookUpFence: FenceLookup };
type SubjectOf<T extends Subject['type']> = Extract<Subject, { type: T }>;
const refused = (message: string): HoldpointError => new HoldpointError('RECORD_REFUSED', message);

/**
 * The door that takes anyone's post: statements outside an incident, and rejections. A proof is the only authority here,
 * and each statement is good once. Throws `BAD_INPUT`, `STATEMENT_REPLAYED`, or why the statement changes nothing.
 */
export async function takeStatements(parts: DoorParts, raw: unknown): Promise<Appended> {
  const parsed = StatementPost.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `statements: ${firstIssue(parsed.error)}`);
  const { statements } = parsed.data;
  await parts.recordManifest(parts.manifests.newest());
  const subject = statements[0]?.statement.subject;
  switch (subject?.type) {
    case 'action':
      return takeRejection(parts, subject, statements);
    case 'resume':
      return takeResume(parts, subject, statements);
    case 'waive':
      return takeWaiver(parts, subject, statements);
    case 'demote':
      return takeChange(parts, 'demote', subject.runbook, statements);
    case 'revoke':
      return takeRevocation(parts, subject, statements);
    case 'promote':
      return refusePromotion(parts, statements);
    case undefined:
      throw new HoldpointError('BAD_INPUT', 'statements: expected at least one');
  }
}

/** Distinct persons with the power, under the newest rules, each with a statement that the log has never seen. */
function mustHavePower(
  { log, manifests, clock }: RecorderParts,
  type: Exclude<Subject['type'], 'action'>,
  statements: readonly SignedStatement[],
): readonly SignedStatement[] {
  manifests.mustBeAtLeast(log.state.manifestVersion);
  const newest = manifests.newest();
  mustBeUnused({ log }, statements);
  const verified = verifyPower({ raw: statements, type, rules: newest, newest, now: clock() });
  return verified.map(({ signed }) => signed);
}

function mustBeUnused({ log }: Pick<RecorderParts, 'log'>, statements: readonly SignedStatement[]): void {
  for (const { statement } of statements) {
    const seq =
      log.state.statementSeq(statementHash(statement)) ?? log.state.nonceUse(statement.person, statement.nonce)?.seq;
    if (seq !== undefined)
      throw new HoldpointError('STATEMENT_REPLAYED', `statement: record ${seq} holds it, or its nonce, already`);
  }
}

/**
 * Binds one fence run to a signed resume, once: the run must be the one that stands now, and open. Whatever stops it later
 * stops the scope, and this statement can never open another.
 */
async function takeResume(
  parts: DoorParts,
  subject: SubjectOf<'resume'>,
  raw: readonly SignedStatement[],
): Promise<Appended> {
  mustHavePower(parts, 'resume', raw);
  mustKnowScope(parts, subject.scope);
  const run = await parts.lookUpFence(subject.scope);
  mustBeOpenRun(run, subject.fenceRunId);
  const { fenceRunId } = subject;
  return parts.log.write(async (writer) => {
    const bound = parts.log.state.boundOnce(fenceRunId);
    if (bound !== null)
      throw new HoldpointError('STATEMENT_REPLAYED', `resume: record ${bound} bound this fence run; start another`);
    const statements = [...mustHavePower(parts, 'resume', raw)];
    return writer.append({ kind: 'resume', scope: fenceId(subject.scope), fenceRunId, statements });
  });
}

function mustKnowScope({ manifests }: RecorderParts, scope: FenceScope): void {
  if (scope.kind === 'runbook' && !manifests.newest().runbooks.has(scope.runbook))
    throw refused(`resume: the newest manifest has no runbook \`${scope.runbook}\``);
}

function mustBeOpenRun(run: RunView | null, fenceRunId: string): void {
  if (run === null || run.runId !== fenceRunId)
    throw new HoldpointError('STATEMENT_WRONG_SUBJECT', 'resume: the fence run that was signed is not the current one');
  if (!run.running || run.cancelRequested || run.reset)
    throw new HoldpointError('STOPPED', 'resume: the fence run that was signed is stopped already');
}

/** A waiver is of a runbook as the newest manifest has it, and of the time to come. */
async function takeWaiver(
  parts: DoorParts,
  subject: SubjectOf<'waive'>,
  raw: readonly SignedStatement[],
): Promise<Appended> {
  const { runbook, until } = subject;
  if (parts.manifests.newest().runbooks.get(runbook.id)?.digest !== runbook.digest)
    throw refused(`waive: the newest manifest has no runbook \`${runbook.id}\` with this digest`);
  if (!(Date.parse(until) > parts.clock())) throw refused(`waive: it ended at ${until}`);
  return takeChange(parts, 'waive', runbook, raw);
}

async function takeRevocation(
  parts: DoorParts,
  subject: SubjectOf<'revoke'>,
  raw: readonly SignedStatement[],
): Promise<Appended> {
  const seq = parts.log.state.seqOfHash(subject.record);
  const body = seq === null ? null : (await parts.log.read(seq)).payload.body;
  if (body?.kind !== 'standing' || (body.change !== 'waive' && body.change !== 'promote'))
    throw refused('revoke: the log holds no waiver or promotion with this hash');
  return takeChange(parts, 'revoke', body.runbook, raw);
}

function takeChange(
  parts: DoorParts,
  change: 'waive' | 'demote' | 'revoke',
  runbook: { id: string; digest: string } | null,
  raw: readonly SignedStatement[],
): Promise<Appended> {
  return parts.log.write(async (writer) => {
    const statements = [...mustHavePower(parts, change, raw)];
    return writer.append({ kind: 'standing', change, runbook, statements });
  });
}

/** A ring is earned, and this log has no grades to earn it by: whatever the quorum, nothing in it would support the promotion. */
function refusePromotion(parts: DoorParts, raw: readonly SignedStatement[]): never {
  mustHavePower(parts, 'promote', raw);
  throw refused(
    'promote: expected graded dry-run proposals, their accuracy and a preflight attestation in the log, got none; a signed waiver with an end sets a ring without them',
  );
}

/** A person's no to one action, from wherever it comes: recorded, so that no receipt is given for that digest any more. */
async function takeRejection(
  parts: DoorParts,
  subject: SubjectOf<'action'>,
  raw: readonly SignedStatement[],
): Promise<Appended> {
  const [signed, ...others] = raw;
  if (signed === undefined || others.length > 0 || signed.statement.verdict !== 'reject')
    throw refused(
      'action: expected one rejection; an approval is a signal to its incident, which asks for the receipt',
    );
  mustBeUnused(parts, raw);
  const shown = parts.log.state.cards.get(subject.digest);
  if (shown === undefined) throw refused('action: the log holds no card for this digest');
  const { action, expiresAt, digest } = shown.body.card;
  const rules = parts.manifests.require(action.manifest);
  const runbook = rules.runbooks.get(action.runbook.id);
  const risk = toolRegistry.get(action.tool)?.risk;
  if (runbook === undefined || (risk !== 'low' && risk !== 'high')) throw refused('action: its card names no write');
  const hold = { digest, cardDigest: shown.cardDigest, expiresAt };
  const newest = parts.manifests.newest();
  const { hash } = weighForAction({ raw: signed, hold, risk, runbook, rules, newest, now: parts.clock() });
  const { workflowId, runId } = shown.body;
  return parts.log.write(async (writer) => {
    mustBeUnused(parts, raw);
    if (parts.log.state.runs.isSealed(workflowId, runId))
      throw new HoldpointError('SEALED', 'action: its run has ended and is sealed');
    return writer.append({ kind: 'statement', workflowId, runId, statement: signed, hash });
  });
}
