import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { checkCard, provenanceOf } from '../../policies/card.ts';
import { jcs } from '../../policies/digest.ts';
import { resolveTarget } from '../../policies/inventory.ts';
import type { RecorderParts } from './parts.ts';
import { parseJson } from './wire.ts';

type CardBody = Extract<RecordBody, { kind: 'card' }>;

/**
 * The card must be the one that this action has, derived again from its parts: the executor's prediction, the entity of a
 * read result that the executor signed in this incident, the runbook's own quorum. Stores it under its digest.
 * Throws `CARD_MISMATCH`, `INVENTORY_INVALID`, `RUNBOOK_MISMATCH`, `TOOL_UNKNOWN`.
 */
export async function mustHoldCard(parts: RecorderParts, body: CardBody): Promise<void> {
  const { card, cardDigest, workflowId, runId } = body;
  const { action } = card;
  if (action.workflowId !== workflowId || action.runId !== runId || action.namespace !== parts.namespace)
    throw new HoldpointError('CARD_MISMATCH', 'card: its action belongs to another run');
  const rules = parts.manifests.require(action.manifest);
  const runbook = rules.runbooks.get(action.runbook.id);
  if (runbook === undefined || runbook.digest !== action.runbook.digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', 'card: its runbook is not the one in its manifest');
  const contract = toolRegistry.get(action.tool);
  if (contract === undefined) throw new HoldpointError('TOOL_UNKNOWN', `card: no tool \`${action.tool}\``);
  const ref = InventoryRef.safeParse(action.args.target);
  if (!ref.success) throw new HoldpointError('INVENTORY_INVALID', 'card: expected its action to name a target');
  const blob = parseJson(await parts.blobs.get(ref.data.resultHash));
  const { role } = runbook.runbook.identity;
  const target = resolveTarget({ ref: ref.data, blob, keys: parts.keys, role, workflowId });
  const provenance = provenanceOf(ref.data, target);
  const { keys } = parts;
  checkCard({ action, digest: card.digest, contract, runbook, rules, provenance, raw: card, cardDigest, keys });
  await parts.blobs.put(Buffer.from(jcs(card), 'utf8'));
}
