import { z } from 'zod';
import { RunbookRef } from './runbook.ts';
import { signed } from './signed.ts';
import { Instant, Sha256, text } from './values.ts';

export const Ring = z.union([z.literal(0), z.literal(1), z.literal(2)]);
export type Ring = z.infer<typeof Ring>;

/** Where a runbook stands: a pure fold over the log's records (`policies/standing.ts`). */
export const Standing = z.strictObject({
  ring: Ring,
  /** Why: the rule, and the record that decided, if any. */
  rule: text(64),
  record: Sha256.nullable(),
  until: Instant.nullable(),
  /** First time the log saw this digest; the dry-run clock counts from here. */
  dryRunSince: Instant.nullable(),
});
export type Standing = z.infer<typeof Standing>;

/** The recorder's word on a runbook's standing at one moment of its log. Older than `standingAgeMsMax`: deny. */
export const StandingSnapshot = z.strictObject({
  v: z.literal(1),
  runbook: RunbookRef,
  seq: z.number().int().min(0),
  at: Instant,
  standing: Standing,
  /** Highest manifest version the log has seen: an executor with an older copy refuses. */
  manifestVersion: z.number().int().min(0),
});
export type StandingSnapshot = z.infer<typeof StandingSnapshot>;
export const SignedStanding = signed(StandingSnapshot);
export type SignedStanding = z.infer<typeof SignedStanding>;
