import { z } from 'zod';
import { scopeKinds } from './tools/contract.ts';
import { Instant, Name, Nonce, RunId, Sha256, text } from './values.ts';

/** A person's name in the approver directory: a role address or a login, never free text. */
export const PersonId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9@._+-]{0,127}$/, 'expected a person id like oncall@example.com');

export const ScopeSubject = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  z.strictObject({ kind: z.literal('runbook'), runbook: Name }),
]);

const runbook = z.strictObject({ id: Name, digest: Sha256 });
/** A ring that persons can give; ring 0 is where everything starts. */
const givenRing = z.union([z.literal(1), z.literal(2)]);
/** What a promotion needs, and a waiver can do without. */
export const promotionConditions = ['dry_run_days', 'graded_proposals', 'accuracy', 'preflight'] as const;
export type PromotionCondition = (typeof promotionConditions)[number];

const ActionSubject = z.strictObject({ type: z.literal('action'), digest: Sha256 });
const ResumeSubject = z.strictObject({ type: z.literal('resume'), scope: ScopeSubject, fenceRunId: RunId });
const WaiveSubject = z.strictObject({
  type: z.literal('waive'),
  runbook,
  ring: givenRing,
  conditions: z.array(z.enum(promotionConditions)).min(1).max(4),
  until: Instant,
});
/** `attestation`: SHA-256 of the signed preflight attestation that the promotion rests on. */
const PromoteSubject = z.strictObject({ type: z.literal('promote'), runbook, ring: givenRing, attestation: Sha256 });
const DemoteSubject = z.strictObject({
  type: z.literal('demote'),
  runbook,
  ring: z.union([z.literal(0), z.literal(1)]),
});
const RevokeSubject = z.strictObject({ type: z.literal('revoke'), record: Sha256 });
/** A person's judgement of one proposal that was held or rehearsed, named by the digest of its action. */
const GradeSubject = z.strictObject({ type: z.literal('grade'), proposal: Sha256, correct: z.boolean() });
/** Narrows a grant inside the scopes of its runbook: every scope of this kind that the call falls under is in the list. */
export const GrantCondition = z.strictObject({ scope: z.enum(scopeKinds), in: z.array(Name).min(1).max(32) });
export type GrantCondition = z.infer<typeof GrantCondition>;
/** Lets one tool be released without a person, `count` times in all, until then. */
const GrantSubject = z.strictObject({
  type: z.literal('grant'),
  runbook,
  tool: text(64),
  conditions: z.array(GrantCondition).max(8),
  until: Instant,
  count: z.number().int().min(1).max(100),
});
/** Closes a breaker again: `record` is the hash of the record of its trip. */
const TripResetSubject = z.strictObject({ type: z.literal('trip-reset'), record: Sha256 });

export const Subject = z.discriminatedUnion('type', [
  ActionSubject,
  ResumeSubject,
  WaiveSubject,
  PromoteSubject,
  DemoteSubject,
  RevokeSubject,
  GradeSubject,
  GrantSubject,
  TripResetSubject,
]);
export type Subject = z.infer<typeof Subject>;
/** The types of statement that exist. The SSH namespace of a proof is `holdpoint-<type>@v1`. */
export const statementTypes = [
  'action',
  'resume',
  'waive',
  'promote',
  'demote',
  'revoke',
  'grade',
  'grant',
  'trip-reset',
] as const;
export type StatementType = (typeof statementTypes)[number];

/** A signed human act (design section 3). The proof covers the JCS bytes (RFC 8785) of the whole of it. */
export const Statement = z
  .strictObject({
    v: z.literal(1),
    type: z.enum(statementTypes),
    verdict: z.enum(['approve', 'reject']),
    subject: Subject,
    /** SHA-256 of the card that was shown; null only for types that have no card. */
    cardDigest: Sha256.nullable(),
    reason: text(500),
    person: PersonId,
    decidedAt: Instant,
    nonce: Nonce,
  })
  .refine((s) => s.type === s.subject.type, {
    message: 'expected subject.type to equal type',
    path: ['subject', 'type'],
  })
  .refine((s) => (s.type === 'action') === (s.cardDigest !== null), {
    message: 'expected a card digest for an action, and null otherwise',
    path: ['cardDigest'],
  });
export type Statement = z.infer<typeof Statement>;

/** `signature` is an armored SSHSIG (OpenSSH PROTOCOL.sshsig) made by `ssh-keygen -Y sign -n holdpoint-<type>@v1`. */
export const Proof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ssh'), signature: z.string().min(1).max(4_096) }),
]);
export const SignedStatement = z.strictObject({ statement: Statement, proof: Proof });
export type SignedStatement = z.infer<typeof SignedStatement>;
