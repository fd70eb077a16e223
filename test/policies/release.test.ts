import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedStatement } from '../../contracts/statement.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { type ReleaseInput, verifyRelease } from '../../policies/release.ts';
import { refusalOf } from './support/codes.ts';
import {
  at,
  directory,
  minute,
  now,
  people,
  powerTypes,
  type RulesChange,
  rulesOf,
  runbookId,
} from './support/rules.ts';
import { makeKey } from './support/ssh-signer.ts';
import { actionOf, cardDigest, releaseOf, signStatement, statementOf } from './support/statements.ts';

const rules = rulesOf();
const newer = (change: RulesChange = {}): Rules => rulesOf({ ...change, source: { version: 4, ...change.source } });
const action = actionOf(rules);
const later = (ms: number) => ({ decidedAt: at(now + ms) });

function inputOf(statements: readonly unknown[], change: Partial<ReleaseInput> = {}): ReleaseInput {
  const bound = change.action ?? action;
  const own = change.rules ?? rules;
  return {
    digest: digestOf(bound),
    cardDigest,
    risk: 'high',
    statements,
    newest: change.newest ?? own,
    now,
    resumedAt: now - 60 * minute,
    ...change,
    action: bound,
    rules: own,
  };
}
const code = (statements: readonly unknown[], change: Partial<ReleaseInput> = {}): string =>
  refusalOf(() => verifyRelease(inputOf(statements, change)));
const personA = (draft = {}): SignedStatement => releaseOf(action, draft);
const personB = (draft = {}): SignedStatement => releaseOf(action, { person: 'personB', ...draft }, people.personB);
const personD = (draft = {}): SignedStatement => releaseOf(action, { person: 'personD', ...draft }, people.personD);

function fail(): never {
  throw new RangeError('a fault of ours');
}

/** Rules, an action under them, and statements over it, where the quorum is two. */
const two = rulesOf({ approvers: { quorum: 2 } });
const twoAction = actionOf(two);
const byPersonA = (draft = {}) => releaseOf(twoAction, draft);
const byPersonB = (draft = {}) => releaseOf(twoAction, { person: 'personB', ...draft }, people.personB);
const ofTwo = (statements: readonly unknown[], change: Partial<ReleaseInput> = {}) =>
  code(statements, { action: twoAction, rules: two, ...change });

describe('a release', () => {
  it('is one approval by an approver over exactly this action and card', () => {
    const release = verifyRelease(inputOf([personA()]));
    expect(release.people).toEqual(['personA']);
    expect(release.statements[0]?.groups).toEqual(['oncall', 'leads']);
  });

  it('counts distinct persons in order of decision', () => {
    const statements = [byPersonB(later(-1_000)), byPersonA(later(-2_000))];
    const release = verifyRelease(inputOf(statements, { action: twoAction, rules: two }));
    expect(release.people).toEqual(['personA', 'personB']);
  });

  it('is neither helped nor blocked by invalid statements', () => {
    const noise = [null, 'x', personD(), personD({ verdict: 'reject' }), personA({ cardDigest: 'e'.repeat(64) })];
    expect(code([...noise, personA()])).toBe('none');
    expect(code([...noise, byPersonA()])).not.toBe('none');
    expect(ofTwo([...noise, byPersonA()])).not.toBe('none');
  });

  it('is stopped by an error that nobody classified, even beside a valid approval', () => {
    const broken = Object.defineProperty({}, 'statement', { enumerable: true, get: fail });
    expect(code([broken, personA()])).toMatch(/^INTERNAL/);
  });

  it('holds at the last moment of a statement, and not after it', () => {
    expect(code([personA(later(-600_000))])).toBe('none');
    expect(code([personA(later(-600_001))])).toBe('STATEMENT_STALE');
    expect(code([personA()], { now: Number.NaN })).not.toBe('none');
  });
});

describe('a statement releases nothing', () => {
  it('when there is none', () => {
    expect(code([])).toBe('RELEASE_MISSING');
  });

  it('when it is over another digest', () => {
    const other = actionOf(rules, { nonce: 'm'.repeat(22) });
    expect(code([releaseOf(other)])).toBe('STATEMENT_WRONG_SUBJECT');
    expect(code([personA()], { action: other })).toBe('STATEMENT_WRONG_SUBJECT');
  });

  it('when the action differs in any field, its run id first of all', () => {
    const changes = [
      { runId: '11111111-2222-4333-8444-555555555555' },
      { workflowId: 'incident/alertmanager/other' },
      { namespace: 'other' },
      { tool: 'postgres.cancelBackend' },
      { args: { target: { entity: 'backend:1', resultHash: 'a'.repeat(64) } } },
      { preconditions: {} },
      { expiresAt: at(now + 21 * minute) },
      { step: { step: 3, index: 1 } },
    ];
    for (const change of changes) {
      const moved = actionOf(rules, change);
      expect(code([personA()], { action: moved })).toBe('STATEMENT_WRONG_SUBJECT');
      expect(code([personA()], { action: moved, digest: digestOf(action) })).toBe('DIGEST_MISMATCH');
    }
  });

  it('when it is over another card', () => {
    expect(code([personA({ cardDigest: 'e'.repeat(64) })])).toBe('STATEMENT_WRONG_CARD');
    expect(code([personA()], { cardDigest: 'e'.repeat(64) })).toBe('STATEMENT_WRONG_CARD');
  });

  it('when it is of another type, even one that names the same hash', () => {
    const record = statementOf({ type: 'revoke', record: digestOf(action) });
    expect(code([signStatement(record)])).toBe('STATEMENT_WRONG_TYPE');
  });

  it('when a waiver or a resume was dressed up as an approval', () => {
    const statement = statementOf({ type: 'action', digest: digestOf(action) });
    for (const type of ['waive', 'resume', 'promote', 'demote', 'revoke'])
      expect(code([signStatement(statement, people.personA, { namespace: `holdpoint-${type}@v1` })])).toBe(
        'STATEMENT_BAD_PROOF',
      );
  });

  it('when it is a rejection replayed as an approval', () => {
    const rejected = personA({ verdict: 'reject' });
    const turned = { ...rejected, statement: { ...rejected.statement, verdict: 'approve' } };
    expect(code([turned])).toBe('STATEMENT_BAD_PROOF');
  });

  it('when the hold has expired, at the effect or when it was decided', () => {
    expect(code([personA()], { now: now + 20 * minute })).toBe('HOLD_EXPIRED');
    const short = actionOf(rules, { expiresAt: at(now + 500) });
    expect(code([releaseOf(short, later(499))], { action: short })).toBe('none');
    expect(code([releaseOf(short, later(500))], { action: short })).toBe('HOLD_EXPIRED');
  });

  it('when it comes from the future', () => {
    expect(code([personA(later(2_000))])).toBe('none');
    expect(code([personA(later(2_001))])).toBe('STATEMENT_FROM_FUTURE');
  });

  it('when it was decided before the fences were resumed, or at that moment', () => {
    const decided = now - minute;
    expect(code([personA()], { resumedAt: decided - 1 })).toBe('none');
    expect(code([personA()], { resumedAt: decided })).toBe('STATEMENT_BEFORE_RESUME');
    expect(code([personA()], { resumedAt: now })).toBe('STATEMENT_BEFORE_RESUME');
    expect(code([personA()], { resumedAt: Number.NaN })).toBe('STATEMENT_BEFORE_RESUME');
  });

  it('when the person releases nothing, is unknown, or is another one', () => {
    expect(code([personD()])).toBe('STATEMENT_NOT_POWERED');
    expect(code([releaseOf(action, { person: 'stranger' }, people.stranger)])).toBe('STATEMENT_UNKNOWN_PERSON');
    expect(code([releaseOf(action, { person: 'personA' }, people.personB)])).toBe('STATEMENT_BAD_PROOF');
  });

  it('when the person’s group is named by `powers` or by the runbook, but not by both', () => {
    // personC leads and manages: `powers` names both, the runbook names leads only.
    const personC = (under: Rules) => [releaseOf(actionOf(under), { person: 'personC' }, people.personC)];
    expect(code(personC(rules))).toBe('none');
    const strict = rulesOf({ approvers: { groups: ['oncall'] } });
    expect(code(personC(strict), { rules: strict, action: actionOf(strict) })).toBe('STATEMENT_NOT_POWERED');
    const other = rulesOf({ powers: { action: { ...powerTypes.action, groups: ['managers', 'oncall'] } } });
    expect(code(personC(other), { rules: other, action: actionOf(other) })).toBe('STATEMENT_NOT_POWERED');
  });
});

describe('a rejection', () => {
  it('wins over any number of approvals, in any order', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(4), (before, after) => {
        const statements = [
          ...Array(before).fill(personA()),
          personB({ verdict: 'reject' }),
          ...Array(after).fill(personA()),
        ];
        expect(code(statements)).toBe('REJECTED');
      }),
    );
  });

  it('wins over the same person’s approval, whichever came last', () => {
    expect(code([personA(), personA({ verdict: 'reject', ...later(-120_000) })])).toBe('REJECTED');
    expect(code([personA({ verdict: 'reject' }), personA(later(0))])).toBe('REJECTED');
  });

  it('needs no fresh clock and no certain card', () => {
    for (const draft of [later(-3_600_000), later(60_000), { cardDigest: 'e'.repeat(64) }])
      expect(code([personA(), personB({ verdict: 'reject', ...draft })])).toBe('REJECTED');
    expect(code([personA(later(0)), personB({ verdict: 'reject' })], { resumedAt: now - 1_000 })).toBe('REJECTED');
  });

  it('counts from an approver of then or of now', () => {
    const without = newer({ people: directory.filter(({ person }) => person !== 'personB') });
    expect(code([personA(), personB({ verdict: 'reject' })], { newest: without })).toBe('REJECTED');
    const personE = makeKey('ssh-ed25519');
    const joined = newer({ people: [...directory, { person: 'personE', groups: ['oncall'], ssh: [personE.line] }] });
    const byErin = releaseOf(action, { person: 'personE', verdict: 'reject' }, personE);
    expect(code([personA(), byErin], { newest: joined })).toBe('REJECTED');
    expect(code([personA(), byErin])).toBe('none');
  });

  it('blocks nothing when it is forged, of another action, or by somebody who releases nothing', () => {
    const forged = releaseOf(action, { person: 'personB', verdict: 'reject' }, people.stranger);
    const elsewhere = releaseOf(actionOf(rules, { nonce: 'm'.repeat(22) }), { verdict: 'reject' });
    expect(code([forged, elsewhere, personD({ verdict: 'reject' }), personA()])).toBe('none');
  });
});

describe('the quorum', () => {
  it('is reached by two persons, not by two statements of one', () => {
    expect(ofTwo([byPersonA()])).toBe('QUORUM_MISSING');
    expect(ofTwo([byPersonA(), byPersonA()])).toBe('STATEMENT_REPLAYED');
    expect(ofTwo([byPersonA(), byPersonB()])).toBe('none');
  });

  it('is not reached by one person with two keys', () => {
    expect(ofTwo([byPersonA(), releaseOf(twoAction, {}, people.personAOther)])).toBe('STATEMENT_REPLAYED');
  });

  it('is not reached by one statement many times', () => {
    const one = byPersonA();
    expect(ofTwo([one, one, one])).toBe('STATEMENT_REPLAYED');
  });

  it('is not reached by two persons with one nonce', () => {
    const nonce = 'z'.repeat(22);
    expect(ofTwo([byPersonA({ nonce }), byPersonB({ nonce })])).toBe('STATEMENT_REPLAYED');
  });

  it('takes an earlier approval along while the last one is fresh', () => {
    expect(ofTwo([byPersonA(later(-15 * minute)), byPersonB()])).toBe('none');
    expect(ofTwo([byPersonA(later(-15 * minute)), byPersonB(later(-11 * minute))])).toBe('STATEMENT_STALE');
  });

  it('takes no approval from before the resume along', () => {
    const statements = [byPersonA(later(-15 * minute)), byPersonB()];
    expect(ofTwo(statements, { resumedAt: now - 10 * minute })).toBe('STATEMENT_BEFORE_RESUME');
  });

  it('counts a person’s newest statement', () => {
    const own = [byPersonA(later(-15 * minute)), byPersonA(later(-1_000)), byPersonB(later(-15 * minute))];
    expect(ofTwo(own)).toBe('none');
  });

  it('is the larger of the runbook’s and the powers’, of then and of now', () => {
    const power = { action: { ...powerTypes.action, quorum: 2 } };
    const powered = rulesOf({ powers: power });
    expect(code([releaseOf(actionOf(powered))], { rules: powered, action: actionOf(powered) })).toBe('QUORUM_MISSING');
    expect(code([personA()], { newest: newer({ powers: power }) })).toBe('QUORUM_MISSING');
    expect(code([personA()], { newest: newer({ approvers: { quorum: 2 } }) })).toBe('QUORUM_MISSING');
    expect(code([personA(), personB()], { newest: newer({ approvers: { quorum: 2 } }) })).toBe('none');
    expect(ofTwo([byPersonA()], { newest: newer() })).toBe('QUORUM_MISSING');
  });

  it('never considers more statements than a receipt may carry', () => {
    expect(code([...Array(15).fill(null), personA()])).toBe('none');
    expect(code([...Array(16).fill(null), personA()])).toBe('TOO_LARGE');
  });

  it('is never reached by fewer persons, whatever is sent, repeated or reordered', () => {
    const pool = [
      byPersonA(),
      byPersonA(),
      releaseOf(twoAction, {}, people.personAOther),
      personD(),
      personA(),
      null,
      byPersonA({ reason: 'again' }),
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pool), { maxLength: 16 }), (statements) => {
        expect(ofTwo(statements)).not.toBe('none');
      }),
    );
  });
});

describe('the newest manifest', () => {
  const only = (...names: string[]) => directory.filter(({ person }) => names.includes(person));

  it('takes the power from a person who left, or changed groups', () => {
    expect(code([personA()], { newest: newer({ people: only('personB') }) })).toBe('STATEMENT_UNKNOWN_PERSON');
    const moved = [{ person: 'personA', groups: ['readers'], ssh: [people.personA.line] }];
    expect(code([personA()], { newest: newer({ people: moved }) })).toBe('STATEMENT_NOT_POWERED');
  });

  it('gives no power over an action of before', () => {
    const before = rulesOf({ people: only('personB') });
    const old = actionOf(before);
    expect(code([releaseOf(old)], { rules: before, action: old, newest: newer() })).toBe('STATEMENT_UNKNOWN_PERSON');
  });

  it('takes the power from a key that was replaced, or moved to another person', () => {
    const replaced = [{ person: 'personA', groups: ['oncall'], ssh: [people.personAOther.line] }, ...only('personB')];
    expect(code([personA()], { newest: newer({ people: replaced }) })).toBe('STATEMENT_BAD_PROOF');
    const swapped = [
      { person: 'personA', groups: ['oncall'], ssh: [people.personB.line] },
      { person: 'personB', groups: ['oncall'], ssh: [people.personA.line] },
    ];
    const newest = newer({ people: swapped });
    expect(code([personA()], { newest })).toBe('STATEMENT_BAD_PROOF');
    expect(code([releaseOf(action, { person: 'personB' }, people.personA)], { newest })).toBe('STATEMENT_BAD_PROOF');
  });

  it('narrows groups: in `powers`, and in the runbook', () => {
    const powers = { action: { ...powerTypes.action, groups: ['managers'] } };
    expect(code([personA()], { newest: newer({ powers }) })).toBe('STATEMENT_NOT_POWERED');
    expect(code([personA()], { newest: newer({ approvers: { groups: ['managers'] } }) })).toBe('STATEMENT_NOT_POWERED');
  });

  it('shortens the age of a statement', () => {
    const newest = newer({ limits: { statementAgeMsMax: 30_000 } });
    expect(code([personA()], { newest })).toBe('STATEMENT_STALE');
    expect(code([personA(later(-30_000))], { newest })).toBe('none');
  });

  it('withdraws a runbook by leaving it out', () => {
    expect(code([personA()], { newest: newer({ runbooks: [] }) })).toBe('RUNBOOK_MISMATCH');
  });

  it('is never older than the action’s own', () => {
    expect(code([personA()], { newest: rulesOf({ source: { version: 2 } }) })).toBe('MANIFEST_ROLLED_BACK');
  });
});

describe('the action’s own manifest', () => {
  it('is the one that the action names, and is still valid', () => {
    expect(code([personA()], { rules: newer(), newest: newer() })).toBe('MANIFEST_MISMATCH');
    const short = rulesOf({ source: { notAfter: at(now + minute) } });
    const bound = actionOf(short);
    const statements = [releaseOf(bound, later(minute))];
    expect(code(statements, { rules: short, action: bound, newest: newer(), now: now + minute })).toBe(
      'MANIFEST_EXPIRED',
    );
  });

  it('holds the runbook that the action names, by id and digest', () => {
    for (const runbook of [
      { id: runbookId, digest: '0'.repeat(64) },
      { id: 'another', digest: action.runbook.digest },
    ]) {
      const bound = actionOf(rules, { runbook });
      expect(code([releaseOf(bound)], { action: bound })).toBe('RUNBOOK_MISMATCH');
    }
  });
});
