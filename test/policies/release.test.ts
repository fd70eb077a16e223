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
const alice = (draft = {}): SignedStatement => releaseOf(action, draft);
const bob = (draft = {}): SignedStatement => releaseOf(action, { person: 'bob', ...draft }, people.bob);
const dave = (draft = {}): SignedStatement => releaseOf(action, { person: 'dave', ...draft }, people.dave);

function fail(): never {
  throw new RangeError('a fault of ours');
}

/** Rules, an action under them, and statements over it, where the quorum is two. */
const two = rulesOf({ approvers: { quorum: 2 } });
const twoAction = actionOf(two);
const byAlice = (draft = {}) => releaseOf(twoAction, draft);
const byBob = (draft = {}) => releaseOf(twoAction, { person: 'bob', ...draft }, people.bob);
const ofTwo = (statements: readonly unknown[], change: Partial<ReleaseInput> = {}) =>
  code(statements, { action: twoAction, rules: two, ...change });

describe('a release', () => {
  it('is one approval by an approver over exactly this action and card', () => {
    const release = verifyRelease(inputOf([alice()]));
    expect(release.people).toEqual(['alice']);
    expect(release.statements[0]?.groups).toEqual(['oncall', 'leads']);
  });

  it('counts distinct persons in order of decision', () => {
    const statements = [byBob(later(-1_000)), byAlice(later(-2_000))];
    const release = verifyRelease(inputOf(statements, { action: twoAction, rules: two }));
    expect(release.people).toEqual(['alice', 'bob']);
  });

  it('is neither helped nor blocked by invalid statements', () => {
    const noise = [null, 'x', dave(), dave({ verdict: 'reject' }), alice({ cardDigest: 'e'.repeat(64) })];
    expect(code([...noise, alice()])).toBe('none');
    expect(code([...noise, byAlice()])).not.toBe('none');
    expect(ofTwo([...noise, byAlice()])).not.toBe('none');
  });

  it('is stopped by an error that nobody classified, even beside a valid approval', () => {
    const broken = Object.defineProperty({}, 'statement', { enumerable: true, get: fail });
    expect(code([broken, alice()])).toMatch(/^INTERNAL/);
  });

  it('holds at the last moment of a statement, and not after it', () => {
    expect(code([alice(later(-600_000))])).toBe('none');
    expect(code([alice(later(-600_001))])).toBe('STATEMENT_STALE');
    expect(code([alice()], { now: Number.NaN })).not.toBe('none');
  });
});

describe('a statement releases nothing', () => {
  it('when there is none', () => {
    expect(code([])).toBe('RELEASE_MISSING');
  });

  it('when it is over another digest', () => {
    const other = actionOf(rules, { nonce: 'm'.repeat(22) });
    expect(code([releaseOf(other)])).toBe('STATEMENT_WRONG_SUBJECT');
    expect(code([alice()], { action: other })).toBe('STATEMENT_WRONG_SUBJECT');
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
      expect(code([alice()], { action: moved })).toBe('STATEMENT_WRONG_SUBJECT');
      expect(code([alice()], { action: moved, digest: digestOf(action) })).toBe('DIGEST_MISMATCH');
    }
  });

  it('when it is over another card', () => {
    expect(code([alice({ cardDigest: 'e'.repeat(64) })])).toBe('STATEMENT_WRONG_CARD');
    expect(code([alice()], { cardDigest: 'e'.repeat(64) })).toBe('STATEMENT_WRONG_CARD');
  });

  it('when it is of another type, even one that names the same hash', () => {
    const record = statementOf({ type: 'revoke', record: digestOf(action) });
    expect(code([signStatement(record)])).toBe('STATEMENT_WRONG_TYPE');
  });

  it('when a waiver or a resume was dressed up as an approval', () => {
    const statement = statementOf({ type: 'action', digest: digestOf(action) });
    for (const type of ['waive', 'resume', 'promote', 'demote', 'revoke'])
      expect(code([signStatement(statement, people.alice, { namespace: `holdpoint-${type}@v1` })])).toBe(
        'STATEMENT_BAD_PROOF',
      );
  });

  it('when it is a rejection replayed as an approval', () => {
    const rejected = alice({ verdict: 'reject' });
    const turned = { ...rejected, statement: { ...rejected.statement, verdict: 'approve' } };
    expect(code([turned])).toBe('STATEMENT_BAD_PROOF');
  });

  it('when the hold has expired, at the effect or when it was decided', () => {
    expect(code([alice()], { now: now + 20 * minute })).toBe('HOLD_EXPIRED');
    const short = actionOf(rules, { expiresAt: at(now + 500) });
    expect(code([releaseOf(short, later(499))], { action: short })).toBe('none');
    expect(code([releaseOf(short, later(500))], { action: short })).toBe('HOLD_EXPIRED');
  });

  it('when it comes from the future', () => {
    expect(code([alice(later(2_000))])).toBe('none');
    expect(code([alice(later(2_001))])).toBe('STATEMENT_FROM_FUTURE');
  });

  it('when it was decided before the fences were resumed, or at that moment', () => {
    const decided = now - minute;
    expect(code([alice()], { resumedAt: decided - 1 })).toBe('none');
    expect(code([alice()], { resumedAt: decided })).toBe('STATEMENT_BEFORE_RESUME');
    expect(code([alice()], { resumedAt: now })).toBe('STATEMENT_BEFORE_RESUME');
    expect(code([alice()], { resumedAt: Number.NaN })).toBe('STATEMENT_BEFORE_RESUME');
  });

  it('when the person releases nothing, is unknown, or is another one', () => {
    expect(code([dave()])).toBe('STATEMENT_NOT_POWERED');
    expect(code([releaseOf(action, { person: 'mallory' }, people.mallory)])).toBe('STATEMENT_UNKNOWN_PERSON');
    expect(code([releaseOf(action, { person: 'alice' }, people.bob)])).toBe('STATEMENT_BAD_PROOF');
  });

  it('when the person’s group is named by `powers` or by the runbook, but not by both', () => {
    // carol leads and manages: `powers` names both, the runbook names leads only.
    const carol = (under: Rules) => [releaseOf(actionOf(under), { person: 'carol' }, people.carol)];
    expect(code(carol(rules))).toBe('none');
    const strict = rulesOf({ approvers: { groups: ['oncall'] } });
    expect(code(carol(strict), { rules: strict, action: actionOf(strict) })).toBe('STATEMENT_NOT_POWERED');
    const other = rulesOf({ powers: { action: { ...powerTypes.action, groups: ['managers', 'oncall'] } } });
    expect(code(carol(other), { rules: other, action: actionOf(other) })).toBe('STATEMENT_NOT_POWERED');
  });
});

describe('a rejection', () => {
  it('wins over any number of approvals, in any order', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(4), (before, after) => {
        const statements = [...Array(before).fill(alice()), bob({ verdict: 'reject' }), ...Array(after).fill(alice())];
        expect(code(statements)).toBe('REJECTED');
      }),
    );
  });

  it('wins over the same person’s approval, whichever came last', () => {
    expect(code([alice(), alice({ verdict: 'reject', ...later(-120_000) })])).toBe('REJECTED');
    expect(code([alice({ verdict: 'reject' }), alice(later(0))])).toBe('REJECTED');
  });

  it('needs no fresh clock and no certain card', () => {
    for (const draft of [later(-3_600_000), later(60_000), { cardDigest: 'e'.repeat(64) }])
      expect(code([alice(), bob({ verdict: 'reject', ...draft })])).toBe('REJECTED');
    expect(code([alice(later(0)), bob({ verdict: 'reject' })], { resumedAt: now - 1_000 })).toBe('REJECTED');
  });

  it('counts from an approver of then or of now', () => {
    const without = newer({ people: directory.filter(({ person }) => person !== 'bob') });
    expect(code([alice(), bob({ verdict: 'reject' })], { newest: without })).toBe('REJECTED');
    const erin = makeKey('ssh-ed25519');
    const joined = newer({ people: [...directory, { person: 'erin', groups: ['oncall'], ssh: [erin.line] }] });
    const byErin = releaseOf(action, { person: 'erin', verdict: 'reject' }, erin);
    expect(code([alice(), byErin], { newest: joined })).toBe('REJECTED');
    expect(code([alice(), byErin])).toBe('none');
  });

  it('blocks nothing when it is forged, of another action, or by somebody who releases nothing', () => {
    const forged = releaseOf(action, { person: 'bob', verdict: 'reject' }, people.mallory);
    const elsewhere = releaseOf(actionOf(rules, { nonce: 'm'.repeat(22) }), { verdict: 'reject' });
    expect(code([forged, elsewhere, dave({ verdict: 'reject' }), alice()])).toBe('none');
  });
});

describe('the quorum', () => {
  it('is reached by two persons, not by two statements of one', () => {
    expect(ofTwo([byAlice()])).toBe('QUORUM_MISSING');
    expect(ofTwo([byAlice(), byAlice()])).toBe('STATEMENT_REPLAYED');
    expect(ofTwo([byAlice(), byBob()])).toBe('none');
  });

  it('is not reached by one person with two keys', () => {
    expect(ofTwo([byAlice(), releaseOf(twoAction, {}, people.aliceOther)])).toBe('STATEMENT_REPLAYED');
  });

  it('is not reached by one statement many times', () => {
    const one = byAlice();
    expect(ofTwo([one, one, one])).toBe('STATEMENT_REPLAYED');
  });

  it('is not reached by two persons with one nonce', () => {
    const nonce = 'z'.repeat(22);
    expect(ofTwo([byAlice({ nonce }), byBob({ nonce })])).toBe('STATEMENT_REPLAYED');
  });

  it('takes an earlier approval along while the last one is fresh', () => {
    expect(ofTwo([byAlice(later(-15 * minute)), byBob()])).toBe('none');
    expect(ofTwo([byAlice(later(-15 * minute)), byBob(later(-11 * minute))])).toBe('STATEMENT_STALE');
  });

  it('takes no approval from before the resume along', () => {
    const statements = [byAlice(later(-15 * minute)), byBob()];
    expect(ofTwo(statements, { resumedAt: now - 10 * minute })).toBe('STATEMENT_BEFORE_RESUME');
  });

  it('counts a person’s newest statement', () => {
    const own = [byAlice(later(-15 * minute)), byAlice(later(-1_000)), byBob(later(-15 * minute))];
    expect(ofTwo(own)).toBe('none');
  });

  it('is the larger of the runbook’s and the powers’, of then and of now', () => {
    const power = { action: { ...powerTypes.action, quorum: 2 } };
    const powered = rulesOf({ powers: power });
    expect(code([releaseOf(actionOf(powered))], { rules: powered, action: actionOf(powered) })).toBe('QUORUM_MISSING');
    expect(code([alice()], { newest: newer({ powers: power }) })).toBe('QUORUM_MISSING');
    expect(code([alice()], { newest: newer({ approvers: { quorum: 2 } }) })).toBe('QUORUM_MISSING');
    expect(code([alice(), bob()], { newest: newer({ approvers: { quorum: 2 } }) })).toBe('none');
    expect(ofTwo([byAlice()], { newest: newer() })).toBe('QUORUM_MISSING');
  });

  it('never considers more statements than a receipt may carry', () => {
    expect(code([...Array(15).fill(null), alice()])).toBe('none');
    expect(code([...Array(16).fill(null), alice()])).toBe('TOO_LARGE');
  });

  it('is never reached by fewer persons, whatever is sent, repeated or reordered', () => {
    const pool = [
      byAlice(),
      byAlice(),
      releaseOf(twoAction, {}, people.aliceOther),
      dave(),
      alice(),
      null,
      byAlice({ reason: 'again' }),
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
    expect(code([alice()], { newest: newer({ people: only('bob') }) })).toBe('STATEMENT_UNKNOWN_PERSON');
    const moved = [{ person: 'alice', groups: ['readers'], ssh: [people.alice.line] }];
    expect(code([alice()], { newest: newer({ people: moved }) })).toBe('STATEMENT_NOT_POWERED');
  });

  it('gives no power over an action of before', () => {
    const before = rulesOf({ people: only('bob') });
    const old = actionOf(before);
    expect(code([releaseOf(old)], { rules: before, action: old, newest: newer() })).toBe('STATEMENT_UNKNOWN_PERSON');
  });

  it('takes the power from a key that was replaced, or moved to another person', () => {
    const replaced = [{ person: 'alice', groups: ['oncall'], ssh: [people.aliceOther.line] }, ...only('bob')];
    expect(code([alice()], { newest: newer({ people: replaced }) })).toBe('STATEMENT_BAD_PROOF');
    const swapped = [
      { person: 'alice', groups: ['oncall'], ssh: [people.bob.line] },
      { person: 'bob', groups: ['oncall'], ssh: [people.alice.line] },
    ];
    const newest = newer({ people: swapped });
    expect(code([alice()], { newest })).toBe('STATEMENT_BAD_PROOF');
    expect(code([releaseOf(action, { person: 'bob' }, people.alice)], { newest })).toBe('STATEMENT_BAD_PROOF');
  });

  it('narrows groups: in `powers`, and in the runbook', () => {
    const powers = { action: { ...powerTypes.action, groups: ['managers'] } };
    expect(code([alice()], { newest: newer({ powers }) })).toBe('STATEMENT_NOT_POWERED');
    expect(code([alice()], { newest: newer({ approvers: { groups: ['managers'] } }) })).toBe('STATEMENT_NOT_POWERED');
  });

  it('shortens the age of a statement', () => {
    const newest = newer({ limits: { statementAgeMsMax: 30_000 } });
    expect(code([alice()], { newest })).toBe('STATEMENT_STALE');
    expect(code([alice(later(-30_000))], { newest })).toBe('none');
  });

  it('withdraws a runbook by leaving it out', () => {
    expect(code([alice()], { newest: newer({ runbooks: [] }) })).toBe('RUNBOOK_MISMATCH');
  });

  it('is never older than the action’s own', () => {
    expect(code([alice()], { newest: rulesOf({ source: { version: 2 } }) })).toBe('MANIFEST_ROLLED_BACK');
  });
});

describe('the action’s own manifest', () => {
  it('is the one that the action names, and is still valid', () => {
    expect(code([alice()], { rules: newer(), newest: newer() })).toBe('MANIFEST_MISMATCH');
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
