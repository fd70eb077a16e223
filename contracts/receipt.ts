import { z } from 'zod';
import { Action } from './action.ts';
import { signed } from './signed.ts';
import { SignedStatement } from './statement.ts';
import { Instant, RunId, Sha256, text } from './values.ts';

export const Fences = z.strictObject({ all: RunId, runbook: RunId });
export type Fences = z.infer<typeof Fences>;

/** What an executor asks with: the whole action, the activity attempt asking, and the statements that release it. */
export const ReceiptRequest = z.strictObject({
  v: z.literal(1),
  action: Action,
  digest: Sha256,
  cardDigest: Sha256,
  /** SHA-256 of the gateway's signed alert (a blob): the recorder matches the runbook again on it. */
  alertRef: Sha256,
  activityId: text(64),
  activityAttempt: z.number().int().min(1),
  statements: z.array(SignedStatement).min(1).max(16),
});
export type ReceiptRequest = z.infer<typeof ReceiptRequest>;

/** The only admission to an effect: the intent is durable in the log. Begin before `startBefore`, once. */
export const Receipt = z.strictObject({
  v: z.literal(1),
  digest: Sha256,
  executor: text(80),
  /** The recorder's own count of receipts for this digest, from 1. */
  attempt: z.number().int().min(1),
  activityId: text(64),
  activityAttempt: z.number().int().min(1),
  fences: Fences,
  issuedAt: Instant,
  startBefore: Instant,
  intent: z.strictObject({ seq: z.number().int().min(0), hash: Sha256 }),
});
export type Receipt = z.infer<typeof Receipt>;
export const SignedReceipt = signed(Receipt);
export type SignedReceipt = z.infer<typeof SignedReceipt>;
