import type { Alert } from '../../contracts/alert.ts';
import { AdmittedAlert } from '../../contracts/alert.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { EvidenceRef } from '../../contracts/evidence.ts';
import { ReadResult } from '../../contracts/evidence.ts';
import type { IncidentContext } from '../../contracts/incident.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { openSigned } from '../../policies/signing.ts';
import type { Evidence } from './turn.ts';

/** Reads of blobs by hash; the bytes are checked against it. Throws `RECORDER_AWAY`, `NOT_FOUND` or `RECORD_DAMAGED`. */
export type BlobReader = { getBlob(hash: string): Promise<Uint8Array> };
export type EvidenceDeps = { readonly blobs: BlobReader; readonly keys: PinnedKeys };
/** Something that was offered as evidence and is treated as absent. */
export type Rejected = { readonly hash: string; readonly code: string };
export type Question = {
  readonly workflowId: string;
  readonly context: IncidentContext;
  readonly runbook: LoadedRunbook;
  readonly refs: readonly EvidenceRef[];
};

/** The newest results that a turn is shown; older ones are superseded by them. */
export const evidenceMax = 64;
const readsAtOnce = 8;

const parsed = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new HoldpointError('BAD_INPUT', 'blob: expected JSON');
  }
};

async function openResult(
  deps: EvidenceDeps,
  { workflowId, context, runbook }: Question,
  ref: EvidenceRef,
): Promise<Evidence> {
  const raw = parsed(await deps.blobs.getBlob(ref.resultHash));
  const executor = `executor.${runbook.runbook.identity.role}`;
  const { payload } = openSigned('result', ReadResult, raw, deps.keys, (signer) => signer === executor);
  if (payload.workflowId !== workflowId)
    throw new HoldpointError('BAD_INPUT', 'result: expected one of this incident, got one of another');
  if (payload.runbook.id !== context.runbook.id || payload.runbook.digest !== context.runbook.digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', 'result: expected one of this runbook, got one of another');
  return { hash: ref.resultHash, result: payload };
}

/** A recorder that is away may answer later: only what it did answer can be rejected. */
async function orRejected<T>(hash: string, work: Promise<T>): Promise<T | Rejected> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'RECORDER_AWAY' || code === 'INTERNAL') throw error;
    return { hash, code };
  }
}

/**
 * The results that the workflow refers to, oldest first: each believed only under the signature of the runbook's executor,
 * for this incident and this runbook. What does not verify is absent, and said so. Throws `RECORDER_AWAY`.
 */
export async function loadEvidence(deps: EvidenceDeps, question: Question) {
  const refs = question.refs.slice(-evidenceMax);
  const opened: (Evidence | Rejected)[] = [];
  for (let at = 0; at < refs.length; at += readsAtOnce) {
    const some = refs.slice(at, at + readsAtOnce);
    opened.push(...(await Promise.all(some.map((ref) => orRejected(ref.resultHash, openResult(deps, question, ref))))));
  }
  return {
    evidence: opened.filter((one): one is Evidence => 'result' in one),
    rejected: opened.filter((one): one is Rejected => 'code' in one),
  };
}

/** The alert as the gateway vouched for it, for this very workflow id; otherwise why not. Throws `RECORDER_AWAY`. */
export async function loadAlert(deps: EvidenceDeps, { workflowId, context }: Question): Promise<Alert | Rejected> {
  const open = async (): Promise<Alert> => {
    const raw = parsed(await deps.blobs.getBlob(context.alertRef));
    const { payload } = openSigned('alert', AdmittedAlert, raw, deps.keys, (signer) => signer === 'gateway');
    if (payload.workflowId !== workflowId)
      throw new HoldpointError('BAD_INPUT', 'alert: expected the one of this incident, got one of another');
    return payload.alert;
  };
  return orRejected(context.alertRef, open());
}
