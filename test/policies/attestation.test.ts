import { describe, expect, it } from 'vitest';
import { preflightChecks } from '../../contracts/attestation.ts';
import { attestationFault, openAttestation, waivedChecks } from '../../policies/attestation.ts';
import { attest, attestationOf, dayMs } from './support/attestations.ts';
import { refusalOf } from './support/codes.ts';
import { at, executor, makeProcess, now, pinned, platform, recorder } from './support/rules.ts';

const runbook = { id: 'blocked', digest: 'a'.repeat(64) };
const opened = (raw: unknown) => refusalOf(() => openAttestation(raw, pinned));
const checks = attestationOf(runbook, now).checks;

describe('a preflight attestation', () => {
  it('is opened under the pinned preflight key', () => {
    expect(openAttestation(attest(runbook, now), pinned).payload.runbook).toEqual(runbook);
  });
  it.each([
    ['the platform', platform],
    ['the recorder', recorder],
    ['an executor', executor],
    ['a preflight key that nobody pinned', makeProcess('preflight')],
  ])('is refused when %s signed it', (_who, signer) => {
    expect(opened(attest(runbook, now, {}, signer))).toBe('BAD_SIGNATURE');
  });
  it('is refused when it was changed after it was signed', () => {
    const signed = attest(runbook, now);
    const digest = 'b'.repeat(64);
    expect(opened({ ...signed, payload: { ...signed.payload, runbook: { id: 'blocked', digest } } })).toBe(
      'BAD_SIGNATURE',
    );
  });
  it.each([
    ['a check is missing', checks.slice(1)],
    ['a check stands twice', [...checks.slice(1), checks[1]]],
    ['a check failed', [...checks.slice(1), { check: 'never-allow', result: 'failed', detail: '' }]],
    ['a check is unheard of', [...checks.slice(1), { check: 'unheard-of', result: 'passed', detail: '' }]],
  ])('is refused when %s', (_what, changed) => {
    expect(opened(attest(runbook, now, { checks: changed as never }))).toBe('BAD_INPUT');
  });
  it('is refused when it is valid for more than 30 days, or for none', () => {
    expect(opened(attest(runbook, now, { notAfter: at(now + 30 * dayMs + 1) }))).toBe('BAD_INPUT');
    expect(opened(attest(runbook, now, { notAfter: at(now) }))).toBe('BAD_INPUT');
  });

  it('stands for exactly one runbook text, from its issue to its end', () => {
    const attestation = attestationOf(runbook, now);
    const faultAt = (ms: number, ref = runbook) => attestationFault(attestation, ref, ms);
    expect([faultAt(now), faultAt(now + 30 * dayMs - 1)]).toEqual([null, null]);
    expect(faultAt(now - 1)).toContain('not valid before');
    expect(faultAt(now + 30 * dayMs)).toContain('expired');
    expect(faultAt(Number.NaN)).not.toBeNull();
    expect(faultAt(now, { ...runbook, digest: 'b'.repeat(64) })).not.toBeNull();
    expect(faultAt(now, { ...runbook, id: 'other' })).not.toBeNull();
  });
  it('names the checks that were waived', () => {
    const waived = checks.map((one) => (one.check === 'chaos' ? { ...one, result: 'waived' as const } : one));
    expect(waivedChecks(attestationOf(runbook, now, { checks: waived }))).toEqual(['chaos']);
    expect(preflightChecks).toHaveLength(12);
  });
});
