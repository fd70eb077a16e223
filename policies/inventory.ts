import type { PinnedKeys } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import { ReadResult } from '../contracts/evidence.ts';
import type { Entity, InventoryRef } from '../contracts/tools/contract.ts';
import { digestOf } from './digest.ts';
import { openSigned } from './signing.ts';

export type ResolveTargetInput = {
  readonly ref: InventoryRef;
  /** The claim-checked blob that the reference names, as parsed JSON. */
  readonly blob: unknown;
  readonly keys: PinnedKeys;
  /** The runbook's executor role: a result of another role's executor is not this incident's evidence. */
  readonly role: string;
  /** The reader's own workflow id, from its own context. */
  readonly workflowId: string;
};
export type ResolvedTarget = { readonly entity: Entity; readonly result: ReadResult };

/**
 * Provenance (design section 7): a write's target is one entity of a read result that this role's executor signed in
 * this incident, found by the hash of that result. Throws `INVENTORY_INVALID`.
 */
export function resolveTarget({ ref, blob, keys, role, workflowId }: ResolveTargetInput): ResolvedTarget {
  const result = openResult({ blob, hash: ref.resultHash, keys, role, workflowId });
  const [entity, ...others] = result.entities.filter(({ id }) => id === ref.entity);
  if (entity === undefined) throw invalid(`expected entity \`${ref.entity}\` in the result`);
  // Two entities of one name would let the judge look at one and the effect reach the other.
  if (others.length > 0) throw invalid(`expected entity \`${ref.entity}\` once, got ${others.length + 1}`);
  return { entity, result };
}

export type OpenResultInput = Omit<ResolveTargetInput, 'ref'> & { readonly hash: string };

/** The read result with this hash, as this role's executor signed it in this incident. Throws `INVENTORY_INVALID`. */
export function openResult({ blob, hash, keys, role, workflowId }: OpenResultInput): ReadResult {
  const result = signedResult(blob, keys, role);
  if (digestOf(blob) !== hash) throw invalid(`expected the result with hash \`${hash}\``);
  if (result.workflowId !== workflowId) throw invalid(`expected a result of workflow \`${workflowId}\``);
  return result;
}

function signedResult(blob: unknown, keys: PinnedKeys, role: string): ReadResult {
  try {
    return openSigned('result', ReadResult, blob, keys, (signer) => signer === `executor.${role}`).payload;
  } catch (error) {
    if (!(error instanceof HoldpointError)) throw error;
    throw invalid(error.message);
  }
}

const invalid = (message: string): HoldpointError => new HoldpointError('INVENTORY_INVALID', `inventory: ${message}`);
