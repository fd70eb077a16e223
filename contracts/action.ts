import { z } from 'zod';
import { RunbookRef } from './runbook.ts';
import { Instant, JsonObject, Name, Nonce, RunId, Sha256, text, WorkflowId } from './values.ts';

export const toolCallWhyCharsMax = 1_000;

/** What a model may say: a tool, its arguments, and why. No field in which to claim that a call is safe. */
export const ToolCall = z.strictObject({ tool: text(64), args: JsonObject, why: text(toolCallWhyCharsMax) });
export type ToolCall = z.infer<typeof ToolCall>;

export const Step = z.strictObject({
  step: z.number().int().min(0).max(1_000),
  index: z.number().int().min(0).max(64),
});
export type Step = z.infer<typeof Step>;

const carried = {
  v: z.literal(1),
  step: Step,
  runbook: RunbookRef,
  manifest: Sha256,
  tool: text(64),
  args: JsonObject,
  /** What the approver saw, as text: it travels into the effect's own request, so a moved world has no effect. */
  preconditions: z.record(z.string().max(64), text(256)),
  expiresAt: Instant,
  nonce: Nonce,
};
/** An action without its place: what the workflow carries. Namespace, workflow and run id come from each reader's own context. */
export const CarriedAction = z.strictObject(carried);
export type CarriedAction = z.infer<typeof CarriedAction>;
/** The whole action. Its digest is the SHA-256 of its JCS form (RFC 8785), and is what a statement releases. */
export const Action = z.strictObject({ ...carried, namespace: Name, workflowId: WorkflowId, runId: RunId });
export type Action = z.infer<typeof Action>;
