import { z } from 'zod';
import { preflightChecks } from './attestation.ts';
import { RunbookRef } from './runbook.ts';
import { OpenTrip, Ring, Standing } from './standing.ts';
import { PersonId, promotionConditions } from './statement.ts';
import { Instant, Name, Sha256, text, WorkflowId } from './values.ts';

const whole = z.number().int().min(0);
const share = z.number().min(0).max(1);
const Counted = z.strictObject({ count: whole, max: whole });

/** A condition that is missing: what is expected, and what there is. */
export const Shortfall = z.strictObject({
  condition: z.enum([...promotionConditions, 'ring']),
  expected: z.union([z.number(), text(256)]),
  got: z.union([z.number(), text(256)]),
});
export type Shortfall = z.infer<typeof Shortfall>;

/** What a circuit breaker has counted, beside what it allows; and the trip that opened it, while it is open. */
export const BreakerStatus = z.strictObject({
  destructive: Counted,
  consecutive: Counted,
  errorBudget: z.strictObject({ events: whole, unexpected: whole, allowed: whole }),
  trip: OpenTrip.nullable(),
});
export type BreakerStatus = z.infer<typeof BreakerStatus>;

const proposal = {
  digest: Sha256,
  cardDigest: Sha256,
  kind: z.enum(['held', 'rehearsed']),
  tool: text(64),
  workflowId: WorkflowId,
  at: Instant,
};
export const ungradedShownMax = 20;
export const runbooksShownMax = 256;

/** How far one low-risk tool of a runbook is from a grant. `grant`: the record of the one that it has. */
export const GrantProgress = z.strictObject({
  tool: text(64),
  /** The tool that undoes it; without one there is no grant. */
  inverse: text(64).nullable(),
  /** The entry of `never_allow` or `require_human` that keeps it from a grant. */
  keptBy: text(256).nullable(),
  /** Days since the first graded recommendation of this tool, its grades, and the lower bound of its accuracy. */
  days: whole,
  daysMin: whole,
  graded: whole,
  gradedMin: whole,
  correct: whole,
  accuracyLowerBound: share,
  accuracyMin: share,
  missing: z.array(Shortfall).max(8),
  grant: Sha256.nullable(),
});
export type GrantProgress = z.infer<typeof GrantProgress>;

/**
 * Everything that decides what one runbook text may do now, and what it lacks for more: the recorder's fold over its log at
 * one moment, for people to read and to sign by. Nothing is admitted by it. Scripts read it: fields are added, not changed.
 */
export const RunbookStatus = z.strictObject({
  v: z.literal(1),
  /** Its id; the digest is that of the text in the newest manifest. */
  runbook: Name,
  digest: Sha256,
  title: text(120),
  manifestVersion: whole,
  seq: whole,
  at: Instant,
  standing: Standing,
  /** The rings that persons gave this text and that are in force, oldest first; the last one decides. */
  given: z
    .array(z.strictObject({ record: Sha256, ring: Ring, rule: text(64), until: Instant.nullable() }))
    .max(runbooksShownMax),
  dryRun: z.strictObject({ since: Instant.nullable(), days: whole, daysMin: whole }),
  grades: z.strictObject({
    correct: whole,
    graded: whole,
    accuracyLowerBound: share,
    gradedMin: whole,
    accuracyMin: share,
  }),
  /** The attestation of this text that is valid longest, and what keeps a promotion from resting on it now. */
  attestation: z
    .strictObject({
      hash: Sha256,
      issuedAt: Instant,
      notAfter: Instant,
      waived: z.array(z.enum(preflightChecks)),
      fault: text(256).nullable(),
    })
    .nullable(),
  /** What a promotion lacks. None: persons can sign it. */
  missing: z.array(Shortfall).max(8),
  /** Every low-risk write that the runbook lists. */
  towardsGrants: z.array(GrantProgress).max(64),
  breakers: z.strictObject({ runbook: BreakerStatus, all: BreakerStatus }),
  ungraded: z.strictObject({ total: whole, oldest: z.array(z.strictObject(proposal)).max(ungradedShownMax) }),
});
export type RunbookStatus = z.infer<typeof RunbookStatus>;
export const RunbookStatuses = z.array(RunbookStatus).max(runbooksShownMax);

/** One proposal that can be graded, and what persons said of it so far. */
export const ProposalStatus = z.strictObject({
  v: z.literal(1),
  ...proposal,
  runbook: RunbookRef,
  grades: z.array(z.strictObject({ person: PersonId, correct: z.boolean() })).max(1_000),
  /** False for one of an earlier text, or from before a demotion: its grade earns nothing any more. */
  counts: z.boolean(),
});
export type ProposalStatus = z.infer<typeof ProposalStatus>;
