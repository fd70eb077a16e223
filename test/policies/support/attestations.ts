import { type Attestation, preflightChecks, type SignedAttestation } from '../../../contracts/attestation.ts';
import type { RunbookRef } from '../../../contracts/runbook.ts';
import { at, preflight } from './rules.ts';

export const dayMs = 86_400_000;

/** What a preflight that passed says of a runbook, issued at `now` (ms) for 30 days. */
export const attestationOf = (runbook: RunbookRef, now: number, change: Partial<Attestation> = {}): Attestation => ({
  v: 1,
  runbook: { id: runbook.id, digest: runbook.digest },
  issuedAt: at(now),
  notAfter: at(now + 30 * dayMs),
  checks: preflightChecks.map((check) => ({ check, result: 'passed', detail: 'tried and refused' })),
  ...change,
});
export const attest = (
  runbook: RunbookRef,
  now: number,
  change: Partial<Attestation> = {},
  { signer } = preflight,
): SignedAttestation => signer.sign('attestation', attestationOf(runbook, now, change));
