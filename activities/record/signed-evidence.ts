import type { PinnedKeys } from '../../contracts/config.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import type { NewestRead } from '../../policies/incident-story.ts';
import { openResult } from '../../policies/inventory.ts';
import type { Rules } from '../../policies/manifest.ts';
import { type Evidence, readsOf } from '../../policies/unaided.ts';
import type { Blobs } from './blobs.ts';
import type { LogState } from './state.ts';
import { parseJson } from './wire.ts';

export type EvidenceSource = {
  readonly blobOf: (hash: string) => Promise<Uint8Array>;
  readonly keys: PinnedKeys;
  /** The executor role of the runbook: only its signature makes a result evidence of the incident. */
  readonly role: string;
  readonly workflowId: string;
};

/**
 * Opens the results that are named, in their order. One that cannot be opened is left out, so that less is known and not
 * more. Throws `RECORDER_AWAY`, which alone another moment may mend.
 */
export async function openEvidence(reads: readonly NewestRead[], source: EvidenceSource): Promise<readonly Evidence[]> {
  const opened = await Promise.all(reads.map(({ resultHash }) => open(resultHash, source)));
  return opened.filter((one) => one !== null);
}

type Sources = { readonly state: LogState; readonly blobs: Pick<Blobs, 'get'>; readonly keys: PinnedKeys };

/** What an admission by a grant looks at beside the log's own fold; nothing where persons release. */
export async function evidenceFor(
  { grant, action: { workflowId, runbook: named } }: ReceiptRequest,
  rules: Rules,
  { state, blobs, keys }: Sources,
): Promise<readonly Evidence[]> {
  const runbook = rules.runbooks.get(named.id);
  if (grant === null || runbook === undefined) return [];
  const { role } = runbook.runbook.identity;
  const blobOf = (hash: string) => blobs.get(hash);
  return openEvidence(readsOf(state.story(workflowId), runbook), { blobOf, keys, role, workflowId });
}

async function open(hash: string, { blobOf, ...source }: EvidenceSource): Promise<Evidence | null> {
  try {
    const blob = parseJson(await blobOf(hash));
    return { hash, result: openResult({ ...source, blob, hash }) };
  } catch (error) {
    if (!(error instanceof HoldpointError) || codeOf(error) === 'RECORDER_AWAY') throw error;
    return null;
  }
}
