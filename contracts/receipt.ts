import { z } from 'zod';
import { Action } from './action.ts';
import { signed } from './signed.ts';
import { SignedStatement } from './statement.ts';
import { Instant, Nonce, RunId, Sha256, text } from './values.ts';

export const Fences = z.strictObject({ all: RunId, runbook: RunId });
export type Fences = z.infer<typeof Fences>;

/**
 * What an executor asks with: the whole action, what is asking, and what releases it: the statements of persons, or else one
 * grant, by the hash of its record.
 */
export const ReceiptRequest = z.strictObject({
  v: z.literal(1),
  action: Action,
  digest: Sha256,
  cardDigest: Sha256,
  /** SHA-256 of the gateway's signed alert (a blob): the recorder matches the runbook again on it. */
  alertRef: Sha256,
  activityId: text(64),
  activityAttempt: z.number().int().min(1),
  /**
   * Made by the executor for this one run of its code. Activity id and attempt are Temporal's word: whoever schedules
   * activities can have the same pair run twice, at once, and a receipt must admit only one of them.
   */
  execution: Nonce,
  statements: z.array(SignedStatement).max(16),
  grant: Sha256.nullable(),
});
export type ReceiptRequest = z.infer<typeof ReceiptRequest>;

const TreeHash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'expected the base64 of 32 bytes');
/** The only admission to an effect: the intent is durable in the log, and the receipt proves it. Begin before `startBefore`, once. */
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
  intent: z.strictObject({
    seq: z.number().int().min(0),
    hash: Sha256,
    /** The recorder's signed tree head from when the intent was stored: a checkpoint (C2SP tlog-checkpoint). */
    checkpoint: text(2_048),
    /** From the intent's hash up to that root (RFC 6962, section 2.1.1), each hash in base64. */
    path: z.array(TreeHash).max(63),
  }),
});
export type Receipt = z.infer<typeof Receipt>;
export const SignedReceipt = signed(Receipt);
export type SignedReceipt = z.infer<typeof SignedReceipt>;
