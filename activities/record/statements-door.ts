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
import { checkChange, type StandingSubject } from './standing-rules.ts';
import type { LogState } from './state.ts';

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
    case 'promote':
    case 'demote':
    case 'revoke':
    case 'grade':
    case 'grant':
    case 'trip-reset':
      return takeChange(parts, subject, statements);
    case undefined:
      throw new HoldpointError('BAD_INPUT', 'statements: expected at least one');
  }
}

/** Distinct persons with the power, under the newest rules, each with a statement that the log has never seen. */
function mustHavePower(
  { manifests, clock }: RecorderParts,
  state: LogState,
  type: Exclude<Subject['type'], 'action'>,
  statements: readonly SignedStatement[],
): readonly SignedStatement[] {
  manifests.mustBeAtLeast(state.manifestVersion);
  const newest = manifests.newest();
  mustBeUnused(state, statements);
  const verified = verifyPower({ raw: statements, type, rules: newest, newest, now: clock() });
  return verified.map(({ signed }) => signed);
}

function mustBeUnused(state: LogState, statements: readonly SignedStatement[]): void {
  for (const { statement } of statements) {
    const seq = state.statementSeq(statementHash(statement)) ?? state.nonceUse(statement.person, statement.nonce)?.seq;
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
  mustHavePower(parts, parts.log.state, 'resume', raw);
  mustKnowScope(parts, subject.scope);
  const run = await parts.lookUpFence(subject.scope);
  mustBeOpenRun(run, subject.fenceRunId);
  const { fenceRunId } = subject;
  return parts.log.write((writer) => {
    const bound = writer.state.boundOnce(fenceRunId);
    if (bound !== null)
      throw new HoldpointError('STATEMENT_REPLAYED', `resume: record ${bound} bound this fence run; start another`);
    const statements = [...mustHavePower(parts, writer.state, 'resume', raw)];
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

/** A change of standing: what it needs of the log is decided where nobody else writes. */
function takeChange(parts: DoorParts, subject: StandingSubject, raw: readonly SignedStatement[]): Promise<Appended> {
  const { log, manifests, clock } = parts;
  return log.write((writer) => {
    const { ledger, link } = writer.state;
    const signed = [...mustHavePower(parts, writer.state, subject.type, raw)];
    const statements = signed.map(({ statement }) => statement);
    const now = Math.max(clock(), link.atMs);
    const runbook = checkChange({ ledger, newest: manifests.newest(), subject, statements, now });
    return writer.append({ kind: 'standing', change: subject.type, runbook, statements: signed });
  });
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
  mustBeUnused(parts.log.state, raw);
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
  return parts.log.write((writer) => {
    mustBeUnused(writer.state, raw);
    if (writer.state.runs.isSealed(workflowId, runId))
      throw new HoldpointError('SEALED', 'action: its run has ended and is sealed');
    return writer.append({ kind: 'statement', workflowId, runId, statement: signed, hash });
  });
}
