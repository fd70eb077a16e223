import { z } from 'zod';
import { RunbookRef } from './runbook.ts';
import { signed } from './signed.ts';
import { Instant, text } from './values.ts';

/** The twelve launch checks, each a probe that tries to break one control. */
export const preflightChecks = [
  'never-allow',
  'writes-held',
  'least-privilege',
  'short-credentials',
  'record-immutable',
  'traces-kept',
  'kill-switch',
  'circuit-breaker',
  'hostile-evidence',
  'dry-run',
  'red-team',
  'chaos',
] as const;
export type PreflightCheck = (typeof preflightChecks)[number];

export const attestationMsMax = 30 * 86_400_000;

/**
 * What the launch checks found for one runbook text, signed by the pinned preflight key. A check that failed has no place
 * in it: it passed, or persons waived it and everyone can see so. What promotion above ring 0 rests on.
 */
export const Attestation = z
  .strictObject({
    v: z.literal(1),
    runbook: RunbookRef,
    issuedAt: Instant,
    notAfter: Instant,
    checks: z
      .array(
        z.strictObject({ check: z.enum(preflightChecks), result: z.enum(['passed', 'waived']), detail: text(500) }),
      )
      .length(preflightChecks.length),
  })
  .refine(({ checks }) => new Set(checks.map(({ check }) => check)).size === preflightChecks.length, {
    message: 'expected each of the twelve checks once',
    path: ['checks'],
  })
  .refine(
    ({ issuedAt, notAfter }) => {
      const validMs = Date.parse(notAfter) - Date.parse(issuedAt);
      return validMs > 0 && validMs <= attestationMsMax;
    },
    { message: 'expected an end after its issue, at most 30 days later', path: ['notAfter'] },
  );
export type Attestation = z.infer<typeof Attestation>;
export const SignedAttestation = signed(Attestation);
export type SignedAttestation = z.infer<typeof SignedAttestation>;
