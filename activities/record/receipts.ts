import { AdmittedAlert, type SignedAlert } from '../../contracts/alert.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { ReceiptRequest, type SignedReceipt } from '../../contracts/receipt.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { weighForAction } from '../../policies/release.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';
import { statementHash } from '../../policies/statement.ts';
import { type AdmissionInput, admit, mustBeOnRecord } from './admission.ts';
import { breakerOpen, tripOfAdmission } from './breaker.ts';
import type { IntentEntry } from './intents.ts';
import type { Writer } from './log.ts';
import type { RecorderParts } from './parts.ts';
import { evidenceFor } from './signed-evidence.ts';
import type { LogState } from './state.ts';
import { parseJson } from './wire.ts';

/**
 * Gives an executor the receipt for one attempt at one action: its statements and the intent are in the log, stored, when
 * it resolves. The same execution gets the very same receipt again, so that a lost reply costs no attempt; another one never
 * does, whatever activity it names.
 * Throws the code of the rule that refused.
 */
export async function giveReceipt(parts: RecorderParts, raw: unknown, caller: ProcessId): Promise<SignedReceipt> {
  const request = parseRequest(raw);
  const { log, manifests } = parts;
  if (request.action.namespace !== parts.namespace)
    throw new HoldpointError(
      'RECEIPT_REFUSED',
      `expected namespace \`${parts.namespace}\`, got \`${request.action.namespace}\``,
    );
  const alert = await fetchAlert(parts, request.alertRef);
  // What decides here is in the log before it decides: an auditor admits by the same rules.
  await parts.recordManifest(manifests.newest());
  const attempt = await log.write(async (writer) => {
    const { state } = writer;
    const given = sameExecution(state, request, caller);
    if (given !== null) return given.body.attempt;
    manifests.mustBeAtLeast(state.manifestVersion);
    const rules = manifests.require(request.action.manifest);
    const now = mustBeAfterLog(parts, state);
    // Opened in this turn: nobody adds to what the playbook is run over, until it is decided.
    const evidence = await evidenceFor(request, rules, { ...parts, state });
    const newest = manifests.newest();
    const input = { state, request, executor: caller, rules, newest, alert, evidence, now };
    recordRejections(input, writer);
    const { attempt, fences, release, startBefore } = admit(input);
    mustNotTrip(input, writer);
    for (const { signed } of release.statements) recordStatement(writer, request, signed);
    writer.append({
      kind: 'intent',
      workflowId: request.action.workflowId,
      runId: request.action.runId,
      digest: request.digest,
      attempt,
      executor: caller,
      request,
      fences,
      issuedAt: instant(now),
      startBefore: instant(startBefore),
    });
    return attempt;
  });
  const intent = log.state.intents.attempt(request.digest, attempt);
  if (intent === null) throw new HoldpointError('INTERNAL', 'receipt: the intent just appended is not in the log');
  return receiptOf(parts, intent);
}

/** The breaker is counted where nobody else writes: two that ask at once cannot both be the last one within its limit. */
function mustNotTrip(input: AdmissionInput, writer: Writer): void {
  const due = tripOfAdmission(input);
  if (due === null) return;
  const { hash } = writer.append(due);
  throw breakerOpen(input.request.action.runbook.id, { ...due.trip, record: hash });
}

function parseRequest(raw: unknown): ReceiptRequest {
  const parsed = ReceiptRequest.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `receipt: ${firstIssue(parsed.error)}`);
  return parsed.data;
}

async function fetchAlert({ blobs, keys }: RecorderParts, alertRef: string): Promise<SignedAlert> {
  const raw = parseJson(await blobs.get(alertRef));
  return openSigned('alert', AdmittedAlert, raw, keys, (signer) => signer === 'gateway');
}

const instant = (ms: number): string => new Date(ms).toISOString();
const clockBehindMsMax = 2_000;

/** The time now; a clock that is behind the log is wrong, and admits nothing (promise P9). */
function mustBeAfterLog({ clock }: RecorderParts, { link }: LogState): number {
  const now = clock();
  if (!(now >= link.atMs - clockBehindMsMax))
    throw new HoldpointError('RECEIPT_REFUSED', 'the clock here is behind the newest record');
  return Math.max(now, link.atMs);
}

function sameExecution(state: LogState, request: ReceiptRequest, caller: ProcessId): IntentEntry | null {
  const isSame = ({ body }: IntentEntry) =>
    body.executor === caller &&
    body.request.activityId === request.activityId &&
    body.request.activityAttempt === request.activityAttempt &&
    body.request.execution === request.execution;
  return state.intents.of(request.digest).find(isSame) ?? null;
}

/**
 * Derived from the stored intent alone, and Ed25519 is deterministic: the same intent has one receipt, byte for byte. It
 * carries the proof that the intent is in the log's tree, which an executor checks and an auditor may be shown.
 */
function receiptOf({ signer, log }: RecorderParts, { seq, hash, body }: IntentEntry): SignedReceipt {
  const { digest, executor, attempt, fences, issuedAt, startBefore, request } = body;
  const { activityId, activityAttempt } = request;
  const { checkpoint, path } = log.inclusion(seq);
  const intent = { seq, hash, checkpoint: checkpoint.note, path: path.map((sibling) => sibling.toString('base64')) };
  const times = { issuedAt, startBefore };
  return signer.sign('receipt', {
    v: 1 as const,
    digest,
    executor,
    attempt,
    activityId,
    activityAttempt,
    fences,
    ...times,
    intent,
  });
}

/**
 * A rejection that travels with the approvals is recorded before it refuses: it must not be left out the next time. Only
 * one of an action on the record, of a run that is not sealed: elsewhere an auditor would find it a forgery.
 */
function recordRejections(input: AdmissionInput, writer: Writer): void {
  const { request, runbook, contract } = mustBeOnRecord(input);
  const { risk } = contract;
  const hold = { digest: request.digest, cardDigest: request.cardDigest, expiresAt: request.action.expiresAt };
  for (const raw of request.statements.filter(({ statement }) => statement.verdict === 'reject')) {
    if (isValid(() => weighForAction({ ...input, raw, hold, risk, runbook }))) recordStatement(writer, request, raw);
  }
}

function isValid(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof HoldpointError) return false;
    throw error;
  }
}

function recordStatement(
  writer: Writer,
  { action: { workflowId, runId } }: ReceiptRequest,
  statement: SignedStatement,
): void {
  const hash = statementHash(statement.statement);
  if (writer.state.statementSeq(hash) !== null) return;
  writer.append({ kind: 'statement', workflowId, runId, statement, hash });
}
