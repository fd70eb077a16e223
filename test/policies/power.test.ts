import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedStatement } from '../../contracts/statement.ts';
import { digestOf } from '../../policies/digest.ts';
import { type PowerInput, verifyPower, type WeighInput, weighForAction } from '../../policies/release.ts';
import { refusalOf } from './support/codes.ts';
import { at, directory, minute, now, people, powerTypes, rulesOf, runbookId } from './support/rules.ts';
import {
  actionOf,
  cardDigest,
  type Draft,
  releaseOf,
  runId,
  signStatement,
  statementOf,
} from './support/statements.ts';

const rules = rulesOf();
const resume = { type: 'resume', scope: { kind: 'all' }, fenceRunId: runId } as const;
const byPersonA = (draft: Draft = {}): SignedStatement => signStatement(statementOf(resume, draft));
const byPersonC = (draft: Draft = {}): SignedStatement =>
  signStatement(statementOf(resume, { person: 'personC', ...draft }), people.personC);
const byPersonB = (draft: Draft = {}): SignedStatement =>
  signStatement(statementOf(resume, { person: 'personB', ...draft }), people.personB);
const code = (raw: readonly unknown[], change: Partial<PowerInput> = {}): string =>
  refusalOf(() => verifyPower({ raw, type: 'resume', rules, newest: rules, now, ...change }));
const later = (ms: number) => ({ decidedAt: at(now + ms) });

describe('a statement of power', () => {
  it('is made by as many persons as `powers` demands, over one subject', () => {
    const verified = verifyPower({ raw: [byPersonA(), byPersonC()], type: 'resume', rules, newest: rules, now });
    expect(verified.map(({ statement }) => statement.person).sort()).toEqual(['personA', 'personC']);
    expect(verified[0]?.statement.subject).toEqual(resume);
  });

  it('is not made by fewer, nor by one person twice or with two keys', () => {
    expect(code([])).toBe('RELEASE_MISSING');
    expect(code([byPersonA()])).toBe('QUORUM_MISSING');
    expect(code([byPersonA(), byPersonA()])).toBe('STATEMENT_REPLAYED');
    expect(code([byPersonA(), signStatement(statementOf(resume), people.personAOther)])).toBe('STATEMENT_REPLAYED');
  });

  it('is not made by persons without that power, now or before', () => {
    expect(code([byPersonA(), byPersonB()])).toBe('STATEMENT_NOT_POWERED');
    const without = rulesOf({ people: directory.filter(({ person }) => person !== 'personC'), source: { version: 4 } });
    expect(code([byPersonA(), byPersonC()], { newest: without })).toBe('STATEMENT_UNKNOWN_PERSON');
    expect(code([byPersonA(), byPersonC()], { rules: without })).toBe('STATEMENT_UNKNOWN_PERSON');
  });

  it('takes the larger quorum of both manifests', () => {
    const three = rulesOf({ powers: { resume: { ...powerTypes.resume, quorum: 3 } }, source: { version: 4 } });
    expect(code([byPersonA(), byPersonC()], { newest: three })).toBe('QUORUM_MISSING');
    expect(code([byPersonA(), byPersonC()], { rules: three })).toBe('QUORUM_MISSING');
  });

  it('is not made over two subjects', () => {
    const other = { ...resume, fenceRunId: runId.replace('0', '1') };
    const mixed = [byPersonA(), signStatement(statementOf(other, { person: 'personC' }), people.personC)];
    expect(code(mixed)).toBe('STATEMENT_WRONG_SUBJECT');
    const scoped = { ...resume, scope: { kind: 'runbook' as const, runbook: runbookId } };
    expect(code([byPersonA(), signStatement(statementOf(scoped, { person: 'personC' }), people.personC)])).toBe(
      'STATEMENT_WRONG_SUBJECT',
    );
  });

  it('is not made by statements of another type', () => {
    const waive = { runbook: { id: runbookId, digest: 'a'.repeat(64) }, ring: 2 as const };
    const promoted = signStatement(statementOf({ type: 'promote', ...waive, attestation: 'f'.repeat(64) }));
    expect(code([promoted, byPersonC()])).toBe('STATEMENT_WRONG_TYPE');
    expect(code([promoted], { type: 'waive' })).toBe('STATEMENT_WRONG_TYPE');
    expect(code([releaseOf(actionOf(rules))], { type: 'revoke' })).toBe('STATEMENT_WRONG_TYPE');
  });

  it('lends no proof to the subject of an unproven statement, wherever that stands', () => {
    const wished = { ...resume, fenceRunId: runId.replace('0', '1') };
    const unproven = signStatement(statementOf(wished), people.stranger);
    expect(code([unproven, byPersonA(), byPersonC()])).toBe('STATEMENT_WRONG_SUBJECT');
    expect(code([byPersonA(), byPersonC(), unproven])).toBe('STATEMENT_WRONG_SUBJECT');
    expect(code([signStatement(statementOf(resume), people.stranger), byPersonA(), byPersonC()])).toBe('none');
  });

  it('is refused when one of them rejects', () => {
    expect(code([byPersonA(), byPersonC(), byPersonA({ verdict: 'reject' })])).toBe('STATEMENT_NOT_APPROVING');
    expect(code([byPersonA({ verdict: 'reject' }), byPersonC({ verdict: 'reject' })])).toBe('STATEMENT_NOT_APPROVING');
    const turned = byPersonA({ verdict: 'reject' });
    const approving = { ...turned, statement: { ...turned.statement, verdict: 'approve' } };
    expect(code([approving, byPersonC()])).toBe('STATEMENT_BAD_PROOF');
  });

  it('is stale after ten minutes, and its first half after the longest wait', () => {
    expect(code([byPersonA(later(-600_000)), byPersonC(later(-600_000))])).toBe('none');
    expect(code([byPersonA(later(-600_001)), byPersonC(later(-600_001))])).toBe('STATEMENT_STALE');
    expect(code([byPersonA(later(-239 * minute)), byPersonC()])).toBe('none');
    expect(code([byPersonA(later(-240 * minute)), byPersonC()])).toBe('STATEMENT_STALE');
    const hasty = rulesOf({ limits: { approvalWaitMsMax: minute }, source: { version: 4 } });
    for (const change of [{ newest: hasty }, { rules: hasty }])
      expect(code([byPersonA(later(-2 * minute)), byPersonC(later(0))], change)).toBe('STATEMENT_STALE');
    expect(code([byPersonA(later(2_001)), byPersonC()])).toBe('STATEMENT_FROM_FUTURE');
    expect(code([byPersonA(), byPersonC()], { now: Number.NaN })).not.toBe('none');
  });

  it('is never made by one person, whatever is sent along', () => {
    const pool = [
      byPersonA(),
      byPersonA({ reason: 'x' }),
      byPersonB(),
      null,
      byPersonA(later(-minute)),
      releaseOf(actionOf(rules)),
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 5 }), (raw) => {
        expect(code(raw)).not.toBe('none');
      }),
    );
  });
});

describe('weighing one statement while a hold waits', () => {
  const action = actionOf(rules);
  const runbook = rules.runbooks.get(runbookId);
  if (runbook === undefined) throw new Error('expected the runbook of the tests');
  const hold = { digest: digestOf(action), cardDigest, expiresAt: action.expiresAt };
  const weigh = (raw: unknown, change: Partial<WeighInput> = {}) =>
    weighForAction({ raw, hold, risk: 'high', runbook, rules, newest: rules, now, ...change });
  const weighed = (raw: unknown, change: Partial<WeighInput> = {}) => refusalOf(() => weigh(raw, change));

  it('takes an approval and a rejection', () => {
    expect(weigh(releaseOf(action)).statement).toMatchObject({ verdict: 'approve', person: 'personA' });
    expect(weigh(releaseOf(action, { verdict: 'reject' })).statement.verdict).toBe('reject');
  });

  it('takes one approval of two: the executor counts the quorum', () => {
    const newest = rulesOf({ approvers: { quorum: 2 }, source: { version: 4 } });
    expect(weighed(releaseOf(action), { newest })).toBe('none');
  });

  it.each([
    ['nonsense', null, 'STATEMENT_MALFORMED'],
    ['another digest', releaseOf(actionOf(rules, { nonce: 'm'.repeat(22) })), 'STATEMENT_WRONG_SUBJECT'],
    ['another card', releaseOf(action, { cardDigest: 'e'.repeat(64) }), 'STATEMENT_WRONG_CARD'],
    ['another type', byPersonA(), 'STATEMENT_WRONG_TYPE'],
    ['a stranger', releaseOf(action, { person: 'stranger' }, people.stranger), 'STATEMENT_UNKNOWN_PERSON'],
    ['a reader', releaseOf(action, { person: 'personD' }, people.personD), 'STATEMENT_NOT_POWERED'],
    [
      'a reader’s rejection',
      releaseOf(action, { person: 'personD', verdict: 'reject' }, people.personD),
      'STATEMENT_NOT_POWERED',
    ],
    ['another’s key', releaseOf(action, {}, people.personB), 'STATEMENT_BAD_PROOF'],
    ['a forged rejection', releaseOf(action, { verdict: 'reject' }, people.personB), 'STATEMENT_BAD_PROOF'],
    ['an old approval', releaseOf(action, later(-601_000)), 'STATEMENT_STALE'],
    ['a coming approval', releaseOf(action, later(3_000)), 'STATEMENT_FROM_FUTURE'],
    ['an old rejection', releaseOf(action, { verdict: 'reject', ...later(-601_000) }), 'none'],
  ])('answers %s with its code', (_what, raw, expected) => {
    expect(weighed(raw)).toBe(expected);
  });

  it('refuses everything once the hold has expired', () => {
    expect(weighed(releaseOf(action), { now: now + 20 * minute })).toBe('HOLD_EXPIRED');
    expect(weighed(releaseOf(action, { verdict: 'reject' }), { now: now + 20 * minute })).toBe('HOLD_EXPIRED');
    expect(weighed(releaseOf(action), { hold: { ...hold, expiresAt: 'never' } })).toBe('HOLD_EXPIRED');
  });

  it('refuses a runbook that is not the manifest’s own', () => {
    expect(weighed(releaseOf(action), { runbook: { ...runbook, digest: '0'.repeat(64) } })).toBe('RUNBOOK_MISMATCH');
  });
});
