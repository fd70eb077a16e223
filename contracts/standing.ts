import { z } from 'zod';
import { RunbookRef } from './runbook.ts';
import { signed } from './signed.ts';
import { GrantCondition } from './statement.ts';
import { Instant, Sha256, text } from './values.ts';

export const Ring = z.union([z.literal(0), z.literal(1), z.literal(2)]);
export type Ring = z.infer<typeof Ring>;

/** The limits of a circuit breaker (design section 5): any of them opens it. */
export const breakerLimits = ['destructive', 'consecutive', 'error-budget'] as const;
export type BreakerLimit = (typeof breakerLimits)[number];
/** One opening of a breaker: of one runbook, whatever its text, or of all of them. `at`: when it was counted. */
export const Trip = z.strictObject({
  scope: z.enum(['runbook', 'all']),
  limit: z.enum(breakerLimits),
  count: z.number().int().min(0),
  max: z.number().int().min(0),
  at: Instant,
});
export type Trip = z.infer<typeof Trip>;
/** `record`: the hash of the record of the trip, which a `trip-reset` names. */
export const OpenTrip = Trip.extend({ record: Sha256 });
export type OpenTrip = z.infer<typeof OpenTrip>;

/** A grant that can still release something. `used` counts actions over all incidents and all their runs. */
export const LiveGrant = z.strictObject({
  record: Sha256,
  tool: text(64),
  conditions: z.array(GrantCondition).max(8),
  until: Instant,
  count: z.number().int().min(1),
  used: z.number().int().min(0),
});
export type LiveGrant = z.infer<typeof LiveGrant>;

/** Where a runbook stands: a pure fold over the log's records (`policies/standing.ts`). */
export const Standing = z.strictObject({
  ring: Ring,
  /** Why: the rule, and the record that decided, if any. */
  rule: text(64),
  record: Sha256.nullable(),
  until: Instant.nullable(),
  /** First rehearsed incident of this digest, since it was last demoted by what came of it: the dry run counts from here. */
  dryRunSince: Instant.nullable(),
  /** The breaker that is open; the ring is 0 until a signed trip-reset closes it. */
  trip: OpenTrip.nullable(),
  grants: z.array(LiveGrant).max(64),
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
