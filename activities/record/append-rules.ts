import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody, RecordKind } from '../../contracts/record.ts';
import { RecordBody as Body } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import { appendersOf } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { jcs } from '../../policies/digest.ts';
import { firstIssue } from '../../policies/signing.ts';
import { cardIn, checkBody, mustShowFindings } from './body-checks.ts';
import { tripWhenDue } from './breaker.ts';
import type { RecorderParts } from './parts.ts';
import { isOfRun, type LogState } from './state.ts';

/**
 * Appends what a process asks to have recorded, after the checks of its kind. The same body for the same run is appended
 * once: an activity that runs again gets the first answer. Throws `BAD_INPUT`, `NOT_PERMITTED`, `SEALED`,
 * `RECORD_REFUSED`, or the code of the check that failed.
 */
export async function appendRecord(parts: RecorderParts, raw: unknown, caller: ProcessId): Promise<Appended> {
  const parsed = Body.safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `record: ${firstIssue(parsed.error)}`);
  const body = parsed.data;
  if (!mayAppend(body.kind, caller))
    throw new HoldpointError('NOT_PERMITTED', `\`${caller}\` may not append a record of kind \`${body.kind}\``);
  const { log } = parts;
  const first = log.state.sameBody(body);
  if (first !== null) return log.state.appendedAt(first);
  await checkBody({ ...parts, state: log.state, rulesOf: (digest) => parts.manifests.require(digest) }, body, caller);
  await keepWhatItNames(parts, body);
  return log.write((writer) => {
    const { state } = writer;
    const again = state.sameBody(body);
    if (again !== null) return state.appendedAt(again);
    mustNotBeSealed(state, body);
    const shown = cardIn(body);
    if (shown !== null) {
      mustBeOnlyCard(state, shown.card.digest);
      // What came since the check above, nobody was shown.
      if (isOfRun(body)) mustShowFindings(state, { ...shown, workflowId: body.workflowId });
    }
    const appended = writer.append(body, caller);
    // A denied proposal is an unexpected end.
    const matched = body.kind === 'verdict' ? state.ledger.incident(body.workflowId) : null;
    if (matched !== null) tripWhenDue(parts, writer, matched);
    return appended;
  });
}

/** Whether this process may have a record of this kind appended. An executor signs under its role; the table names authorities. */
export function mayAppend(kind: RecordKind, caller: string): boolean {
  const allowed: readonly string[] = appendersOf[kind] ?? [];
  return allowed.includes(caller.split('.')[0] ?? '');
}

/** Stores what the record refers to by hash and already carries, and records the manifest that it was checked under. */
async function keepWhatItNames(
  { blobs, manifests, recordManifest, namespace }: RecorderParts,
  body: RecordBody,
): Promise<void> {
  if (body.kind === 'alert') {
    await recordManifest(manifests.require(body.manifest));
    await blobs.put(Buffer.from(jcs(body.alert), 'utf8'));
  }
  const shown = cardIn(body);
  if (shown === null) return;
  const { action } = shown.card;
  if (action.namespace !== namespace)
    throw new HoldpointError('CARD_MISMATCH', `card: expected an action in namespace \`${namespace}\``);
  await recordManifest(manifests.require(action.manifest));
  await blobs.put(Buffer.from(jcs(shown.card), 'utf8'));
}

function mustNotBeSealed(state: LogState, body: RecordBody): void {
  if (isOfRun(body) && state.runs.isSealed(body.workflowId, body.runId))
    throw new HoldpointError('SEALED', `run \`${body.runId}\` of \`${body.workflowId}\` is sealed`);
}

/** Whether it was held or rehearsed: a rehearsed action cannot be offered for release afterwards. */
function mustBeOnlyCard(state: LogState, digest: string): void {
  if (state.cards.has(digest) || state.rehearsals.has(digest))
    throw new HoldpointError(
      'RECORD_REFUSED',
      'card: this digest has another card, and a release is bound to what was shown',
    );
}
