import { Attestation, type PreflightCheck, type SignedAttestation } from '../contracts/attestation.ts';
import type { PinnedKeys } from '../contracts/config.ts';
import type { RunbookRef } from '../contracts/runbook.ts';
import { openSigned } from './signing.ts';

/**
 * Opens an attestation under the pinned preflight key, and no other: what acts or records may not vouch for its own
 * controls. Says nothing of its runbook or its time. Throws `BAD_INPUT` or `BAD_SIGNATURE`.
 */
export const openAttestation = (raw: unknown, keys: PinnedKeys): SignedAttestation =>
  openSigned('attestation', Attestation, raw, keys, (signer) => signer === 'preflight');

/** What keeps an attestation from standing for this runbook text at `now` (ms); null when it does. */
export function attestationFault(
  { runbook, issuedAt, notAfter }: Pick<Attestation, 'runbook' | 'issuedAt' | 'notAfter'>,
  expected: RunbookRef,
  now: number,
): string | null {
  if (runbook.id !== expected.id || runbook.digest !== expected.digest)
    return `it is of \`${runbook.id}\` with another digest`;
  // Written so that a clock that answers NaN finds it invalid.
  if (!(now >= Date.parse(issuedAt))) return `it is not valid before ${issuedAt}`;
  return now < Date.parse(notAfter) ? null : `it expired at ${notAfter}`;
}

/** The checks that persons waived: shown wherever the runbook is. */
export const waivedChecks = ({ checks }: Attestation): PreflightCheck[] =>
  checks.flatMap(({ check, result }) => (result === 'waived' ? [check] : []));
