import { z } from 'zod';
import { Step } from './action.ts';
import { Findings } from './finding.ts';
import { RunbookRef } from './runbook.ts';
import { signed } from './signed.ts';
import { Entity } from './tools/contract.ts';
import { Instant, JsonObject, RunId, Sha256, text, WorkflowId } from './values.ts';

const origin = { v: z.literal(1), workflowId: WorkflowId, runId: RunId, activityId: text(64) };

/** A read's result as the executor signs it. `resultHash` elsewhere is the SHA-256 of the JCS bytes of the signed envelope. */
export const ReadResult = z.strictObject({
  ...origin,
  step: Step,
  runbook: RunbookRef,
  tool: text(64),
  args: JsonObject,
  at: Instant,
  data: JsonObject,
  entities: z.array(Entity).max(1_000),
  /** What was taken out of it, or stands out in it; left out where there is nothing. */
  findings: Findings.optional(),
});
export type ReadResult = z.infer<typeof ReadResult>;
export const SignedResult = signed(ReadResult);
export type SignedResult = z.infer<typeof SignedResult>;

/** What the workflow carries of a read: the claim check of its blob, and enough for a screen. */
export const EvidenceRef = z.strictObject({
  step: Step,
  tool: text(64),
  resultHash: Sha256,
  at: Instant,
  entityCount: z.number().int().min(0),
  bytes: z.number().int().min(0),
});
export type EvidenceRef = z.infer<typeof EvidenceRef>;

/** What a write would do, found without doing it. Lines are made by the tool from typed facts. */
export const Prediction = z.strictObject({
  ...origin,
  digest: Sha256,
  at: Instant,
  /** True when the target itself ran a dry run; false when it was derived from reads. */
  dryRun: z.boolean(),
  does: text(500),
  target: text(500),
  changes: z.array(text(500)).max(20),
  blastRadius: z.array(text(500)).min(1).max(20),
});
export type Prediction = z.infer<typeof Prediction>;
export const SignedPrediction = signed(Prediction);
export type SignedPrediction = z.infer<typeof SignedPrediction>;

export const outcomeStatuses = ['done', 'refused', 'moved', 'failed', 'unknown'] as const;
/**
 * What came of an attempt. `done`: the effect happened. `moved`: a precondition no longer held, no effect. `refused`: the
 * target said no, no effect. `failed`: known to have had no effect. `unknown`: nobody can say; a person decides.
 */
export const Outcome = z.strictObject({
  ...origin,
  digest: Sha256,
  attempt: z.number().int().min(1),
  status: z.enum(outcomeStatuses),
  detail: text(1_000),
  result: JsonObject.nullable(),
  postcondition: z.strictObject({ held: z.boolean(), detail: text(500) }).nullable(),
  startedAt: Instant.nullable(),
  endedAt: Instant,
});
export type Outcome = z.infer<typeof Outcome>;
export const SignedOutcome = signed(Outcome);
export type SignedOutcome = z.infer<typeof SignedOutcome>;
