import { z } from 'zod';
import type { Card } from '../../contracts/card.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { CardInput, HoldView, PageInput, RecordInput } from '../../contracts/incident.ts';
import { IncidentAbout } from '../../contracts/page.ts';
import { RecordBody } from '../../contracts/record.ts';
import { Sha256, text, WorkflowId } from '../../contracts/values.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { assembleCard, openPrediction, provenanceOf } from '../../policies/card.ts';
import { findingLine } from '../../policies/card-findings.ts';
import { bindAction, digestOf, jcs, type Place } from '../../policies/digest.ts';
import { storyOf } from '../../policies/incident-story.ts';
import { firstIssue } from '../../policies/signing.ts';
import { escalationOf } from '../notify/escalation.ts';
import { severityOf } from '../notify/page.ts';
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
 * Assembles the card of a write and has it recorded before anyone sees the hold, or before a grant releases it. Judged here once more, because
 * what a person is shown comes from signed parts and never from the workflow. Throws `DIGEST_MISMATCH` in a run born of
 * a Reset, `VERDICT_NOT_HOLD`, `CARD_MISMATCH`, or the codes of `judgeCall`.
 */
export async function recordCard(input: CardInput, place: Place, deps: OrchestratorDeps): Promise<HoldView> {
  // A grant that came or went meanwhile changes neither the card nor who has the last word on it.
  const card = await cardOf(input, place, ['hold', 'auto'], deps);
  const cardDigest = await deps.recorder.putBlob(jcs(card));
  await deps.recorder.append({ kind: 'card', workflowId: place.workflowId, runId: place.runId, cardDigest, card });
  return viewOf(card, cardDigest, input.judged.verdict.rule);
}

/**
 * Records what a rehearsed write would have been: the same card, from the same parts, judged here once more, so that a
 * person grades what would have been offered. Throws as `recordCard` does.
 */
export async function recordRehearsal(input: CardInput, place: Place, deps: OrchestratorDeps): Promise<void> {
  // A ring that rose meanwhile makes no hold of what was rehearsed.
  const card = await cardOf(input, place, ['rehearse', 'hold', 'auto'], deps);
  const { step, call, verdict, digest } = input.judged;
  const rehearsal = { cardDigest: digestOf(card), card };
  await recordEvent({ kind: 'verdict', step, tool: call.tool, verdict, digest, rehearsal }, place, deps);
}

async function cardOf(
  { context, judged, prediction }: CardInput,
  place: Place,
  kinds: readonly Verdict['kind'][],
  deps: OrchestratorDeps,
): Promise<Card> {
  const { action: carried, digest, call } = judged;
  if (carried === null || digest === null)
    throw new HoldpointError('BAD_INPUT', 'card: expected a call with an action');
  const action = bindAction(carried, place);
  if (digestOf(action) !== digest)
    throw new HoldpointError('DIGEST_MISMATCH', 'card: expected the digest of this action in this run');
  const records = await deps.incidentRecords.of(place.workflowId);
  const { verdict, rules, runbook, contract, target } = await judgeCall(
    { place, context, call, records, own: { kind: 'write', digest } },
    deps,
  );
  if (!kinds.includes(verdict.kind) || contract === null || target === null)
    throw new HoldpointError(
      'VERDICT_NOT_HOLD',
      `card: expected ${kinds.join(' or ')}, got ${verdict.kind} by ${verdict.rule}`,
    );
  const provenance = provenanceOf(target.ref, target);
  const findings = storyOf(records).findings();
  return assembleCard({
    action,
    digest,
    contract,
    runbook,
    rules,
    provenance,
    findings,
    judgedWhy: call.why,
    prediction: openPrediction(prediction, runbook, deps.keys),
  });
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
    findings: (card.findings ?? []).map(findingLine),
    inverse: card.inverse.tool === null ? card.inverse.note : `${card.inverse.tool}: ${card.inverse.note}`,
    groups: card.groups,
    quorum: card.quorum,
    expiresAt: card.expiresAt,
    rule,
  };
};

/** A workflow's words: whoever may start a workflow may have them read out to people, and printed into commands. */
const PageWords = z.object({
  workflowId: WorkflowId,
  about: IncidentAbout,
  digest: Sha256.nullable(),
  severity: text(64).nullable(),
  detail: text(1_000),
});

/** Tells people and records that they were told, or that nobody could be. Throws `BAD_INPUT` or the recorder's code. */
export async function page(input: PageInput, { workflowId, runId }: Place, deps: OrchestratorDeps): Promise<void> {
  const parsed = PageWords.safeParse({ ...input, workflowId });
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `page: ${firstIssue(parsed.error)}`);
  const { about, digest, severity, detail } = parsed.data;
  const runbook = input.context?.runbook.id ?? null;
  const { to, delivered, channels } = await deps.notifier.page({
    about,
    at: new Date(deps.clock()).toISOString(),
    workflowId,
    runId,
    digest,
    scope: null,
    record: null,
    runbook,
    escalation: escalationOf(deps.manifests, runbook),
    severity: severityOf(about, severity),
    detail,
    commands: about === 'hold-waits' && digest !== null ? [`holdpoint approve ${workflowId} ${digest}`] : [],
  });
  const how = { about, digest, to, detail, delivered, channels: [...channels] };
  await deps.recorder.append(RecordBody.parse(wellFormed({ kind: 'page', workflowId, runId, ...how })));
}
