import type { Card } from '../../contracts/card.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { Prediction } from '../../contracts/evidence.ts';
import type { CardInput, HoldView, PageInput, RecordInput } from '../../contracts/incident.ts';
import { RecordBody } from '../../contracts/record.ts';
import { assembleCard, provenanceOf } from '../../policies/card.ts';
import { bindAction, digestOf, jcs, type Place } from '../../policies/digest.ts';
import { firstIssue, openSigned } from '../../policies/signing.ts';
import type { OrchestratorDeps } from './deps.ts';
import { judgeCall } from './judge-call.ts';

/** Appends what the workflow wants on the record, at this activity's own place. Throws `BAD_INPUT` or the recorder's code. */
export async function recordEvent(
  input: RecordInput,
  { workflowId, runId }: Place,
  deps: OrchestratorDeps,
): Promise<void> {
  const parsed = RecordBody.safeParse(wellFormed({ ...input, workflowId, runId }));
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `record: ${firstIssue(parsed.error)}`);
  await deps.recorder.append(parsed.data);
}

/** Outside text may hold half a character, which canonical JSON refuses: it is replaced, and the rest is kept. */
function wellFormed(value: unknown): unknown {
  if (typeof value === 'string') return Buffer.from(value, 'utf8').toString('utf8');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, wellFormed(inner)]));
}

/**
 * Assembles the card of a held write and has it recorded before anyone sees the hold. Judged here once more, because
 * what a person is shown comes from signed parts and never from the workflow. Throws `DIGEST_MISMATCH` in a run born of
 * a Reset, `VERDICT_NOT_HOLD`, `CARD_MISMATCH`, or the codes of `judgeCall`.
 */
export async function recordCard(
  { context, judged, prediction }: CardInput,
  place: Place,
  deps: OrchestratorDeps,
): Promise<HoldView> {
  const { action: carried, digest, call } = judged;
  if (carried === null || digest === null)
    throw new HoldpointError('BAD_INPUT', 'card: expected a call with an action');
  const action = bindAction(carried, place);
  if (digestOf(action) !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', 'card: expected the digest of this action in this run');
  const { verdict, rules, runbook, contract, target } = await judgeCall({ place, context, call, counts: {} }, deps);
  if (verdict.kind !== 'hold' || contract === null || target === null)
    throw new HoldpointError('VERDICT_NOT_HOLD', `card: expected a hold, got ${verdict.kind} by ${verdict.rule}`);
  const by = `executor.${runbook.runbook.identity.role}`;
  const opened = openSigned('prediction', Prediction, prediction, deps.keys, (signer) => signer === by);
  const provenance = provenanceOf(target.ref, target);
  const card = assembleCard({
    action,
    digest,
    contract,
    runbook,
    rules,
    provenance,
    judgedWhy: call.why,
    prediction: opened,
  });
  const cardDigest = await deps.recorder.putBlob(jcs(card));
  await deps.recorder.append({ kind: 'card', workflowId: place.workflowId, runId: place.runId, cardDigest, card });
  return viewOf(card, cardDigest, judged.verdict.rule);
}

const viewOf = (card: Card, cardDigest: string, rule: string): HoldView => {
  const { does, target, changes, blastRadius } = card.prediction.payload;
  return {
    digest: card.digest,
    cardDigest,
    step: card.action.step,
    tool: card.action.tool,
    risk: card.risk,
    does,
    target,
    why: card.why,
    changes,
    blastRadius,
    inverse: card.inverse.tool === null ? card.inverse.note : `${card.inverse.tool}: ${card.inverse.note}`,
    groups: card.groups,
    quorum: card.quorum,
    expiresAt: card.expiresAt,
    rule,
  };
};

/** Tells people and records that they were told, or that nobody could be. */
export async function page(input: PageInput, { workflowId, runId }: Place, deps: OrchestratorDeps): Promise<void> {
  const { context, about, digest, detail } = input;
  const commands = digest !== null && about === 'hold-waits' ? [`holdpoint approve ${workflowId} ${digest}`] : [];
  const at = new Date(deps.clock()).toISOString();
  const delivered = await deps.notifier.page({ about, at, workflowId, detail, commands });
  const escalation = context === null ? null : escalationOf(context.runbook.id, deps);
  const to = `${escalation ?? 'whoever is on call'} (${deps.notifier.to})`.slice(0, 200);
  await recordPage({ kind: 'page', workflowId, runId, about, to, detail, delivered }, deps);
}

const recordPage = (body: Extract<RecordBody, { kind: 'page' }>, deps: OrchestratorDeps) =>
  deps.recorder.append(RecordBody.parse(wellFormed(body)));

const escalationOf = (runbookId: string, { manifests }: OrchestratorDeps): string | null =>
  manifests.newest().runbooks.get(runbookId)?.runbook.escalation.page ?? null;
