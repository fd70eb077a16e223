import { AdmittedAlert } from '../../contracts/alert.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { Prediction, ReadResult } from '../../contracts/evidence.ts';
import type { RecordBody, RecordKind } from '../../contracts/record.ts';
import { RecordBody as Body } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import { appendersOf } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { matchRunbook } from '../../policies/match.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';
import { mustHoldCard } from './card-rules.ts';
import type { RecorderParts } from './parts.ts';
import { isOfRun } from './state.ts';
import { parseJson } from './wire.ts';

type Of<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
const refused = (message: string): HoldpointError => new HoldpointError('RECORD_REFUSED', message);

/**
 * Appends what a process asks to have recorded, after the checks of its kind. The same body for the same run is appended
 * once: an activity that runs again gets the first answer. Throws `BAD_INPUT`, `NOT_PERMITTED`, `SEALED`,
 * `RECORD_REFUSED`, or the code of the check that failed.
 */
export async function appendRecord(parts: RecorderParts, raw: unknown, caller: ProcessId): Promise<Appended> {
  const parsed = Body.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `record: ${firstIssue(parsed.error)}`);
  const body = parsed.data;
  mustBeAppender(body.kind, caller);
  const { log } = parts;
  const first = log.state.sameBody(body);
  if (first !== null) return log.appendedAt(first);
  await check(parts, body, caller);
  return log.write(async (writer) => {
    const again = log.state.sameBody(body);
    if (again !== null) return log.appendedAt(again);
    if (isOfRun(body) && log.state.runs.isSealed(body.workflowId, body.runId))
      throw new HoldpointError('SEALED', `run \`${body.runId}\` of \`${body.workflowId}\` is sealed`);
    if (body.kind === 'card') mustBeOnlyCard(parts, body);
    return writer.append(body, caller);
  });
}

function mustBeAppender(kind: RecordKind, caller: ProcessId): void {
  const allowed: readonly string[] = appendersOf[kind] ?? [];
  // An executor signs under its role; the table names the authority.
  if (!allowed.includes(caller.split('.')[0] ?? ''))
    throw new HoldpointError('NOT_PERMITTED', `\`${caller}\` may not append a record of kind \`${kind}\``);
}

async function check(parts: RecorderParts, body: RecordBody, caller: ProcessId): Promise<void> {
  switch (body.kind) {
    case 'alert':
      return checkAlert(parts, body);
    case 'result':
      return checkResult(parts, body, caller);
    case 'proposal':
      return mustBeStored(parts, body.trace, 'trace');
    case 'verdict':
      return checkVerdict(parts, body);
    case 'card':
      return mustHoldCard(parts, body);
    default:
      // A refusal and a page are the caller's own words, shown as such: nothing follows from them.
      return;
  }
}

/** The gateway vouches for exactly this workflow id, and the runbook is the one that its alert matches: nobody names another. */
async function checkAlert(parts: RecorderParts, body: Of<'alert'>): Promise<void> {
  const { alert, workflowId, alertRef, runbook } = body;
  const { payload } = openSigned('alert', AdmittedAlert, alert, parts.keys, (signer) => signer === 'gateway');
  if (payload.workflowId !== workflowId) throw refused('alert: the gateway signed it for another workflow id');
  if (alertRef !== digestOf(alert)) throw refused('alert: `alertRef` is the hash of another alert');
  const rules = parts.manifests.require(body.manifest);
  const match = matchRunbook(payload.alert, rules.runbooks);
  const expected = match.kind === 'matched' ? match.runbook : null;
  if (expected?.id !== runbook?.id || expected?.digest !== runbook?.digest)
    throw new HoldpointError(
      'RUNBOOK_MISMATCH',
      `alert: it matches \`${expected?.id ?? 'none'}\`, got another runbook`,
    );
  await parts.recordManifest(rules);
  await parts.blobs.put(Buffer.from(jcs(alert), 'utf8'));
}

/** A result is the executor's own, signed, stored whole, and of the very run that it is recorded for. */
async function checkResult(parts: RecorderParts, body: Of<'result'>, caller: ProcessId): Promise<void> {
  const { evidence, signer } = body;
  if (signer !== caller) throw new HoldpointError('NOT_PERMITTED', 'result: an executor records its own results');
  await mustBeStored(parts, evidence.resultHash, 'result');
  const raw = parseJson(await parts.blobs.get(evidence.resultHash));
  const { payload } = openSigned('result', ReadResult, raw, parts.keys, (by) => by === signer);
  if (payload.workflowId !== body.workflowId || payload.runId !== body.runId)
    throw refused('result: it was signed for another run');
  const same = payload.tool === evidence.tool && payload.at === evidence.at;
  if (!same || payload.entities.length !== evidence.entityCount || digestOf(payload.step) !== digestOf(evidence.step))
    throw refused('result: the reference does not describe what was signed');
}

/** A prediction that travels with a verdict is an executor's, over this digest. */
async function checkVerdict(
  parts: RecorderParts,
  { prediction, digest, workflowId, runId }: Of<'verdict'>,
): Promise<void> {
  if (prediction === null) return;
  const isExecutor = (signer: string) => signer.startsWith('executor.');
  const { payload } = openSigned('prediction', Prediction, prediction, parts.keys, isExecutor);
  if (payload.digest !== digest || payload.workflowId !== workflowId || payload.runId !== runId)
    throw refused('verdict: its prediction is of another action');
}

async function mustBeStored({ blobs }: RecorderParts, hash: string, what: string): Promise<void> {
  if (!(await blobs.has(hash))) throw refused(`${what}: expected its blob \`${hash}\` to be stored first`);
}

function mustBeOnlyCard({ log }: RecorderParts, { card }: Of<'card'>): void {
  if (log.state.cards.has(card.digest))
    throw refused('card: this digest has another card already, and a release is bound to what was shown');
}
