import { z } from 'zod';
import { Action } from './action.ts';
import { SignedPrediction } from './evidence.ts';
import { ShownFindings } from './finding.ts';
import { Entity, InventoryRef } from './tools/contract.ts';
import { Instant, Sha256, text } from './values.ts';

/** What a person is shown before a release. Its SHA-256 (JCS) is the statement's `cardDigest`: it binds what was seen. */
export const Card = z.strictObject({
  v: z.literal(1),
  digest: Sha256,
  action: Action,
  runbookTitle: text(120),
  risk: z.enum(['low', 'high']),
  effect: z.enum(['idempotent', 'conditional', 'once']),
  /** The model's own words: outside text, shown as such. */
  why: text(1_000),
  prediction: SignedPrediction,
  /** The entity aimed at, and the signed read result it comes from. */
  provenance: z.strictObject({ ref: InventoryRef, tool: text(64), readAt: Instant, entity: Entity }),
  /** Of all evidence that the log held when the card was made; left out where there is none. */
  findings: ShownFindings.optional(),
  /** Where each argument beside the target came from: to the letter from the runbook, or from elsewhere. Left out where there is none. */
  origins: z.record(z.string().max(256), z.enum(['runbook', 'outside'])).optional(),
  inverse: z.strictObject({ tool: text(64).nullable(), note: text(500) }),
  quorum: z.number().int().min(1),
  groups: z.array(text(63)).min(1),
  expiresAt: Instant,
});
export type Card = z.infer<typeof Card>;
