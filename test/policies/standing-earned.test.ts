import { describe, expect, it } from 'vitest';
import type { SignedRecord } from '../../contracts/record.ts';
import { digestOf } from '../../policies/digest.ts';
import { foldLedger, foldStanding } from '../../policies/standing.ts';
import { at, minute, now } from './support/rules.ts';
import {
  alert,
  type Draws,
  demote,
  extended,
  grade,
  grant,
  held,
  intent,
  later,
  logOf,
  lowTool,
  manifest,
  others,
  outcome,
  promote,
  refused,
  rehearsed,
  revoke,
  runbook,
  trip,
  tripReset,
  unheard,
  waive,
} from './support/story.ts';

const standingOf = (log: readonly SignedRecord[], time = now) => foldStanding(log, runbook, time);
const ringOf = (...draws: Draws[]) => standingOf(logOf(...draws)).ring;
const scoreOf = (...draws: Draws[]) => {
  const ledger = foldLedger(logOf(...draws));
  return ledger.proposals.score(runbook, ledger.earnsSince(runbook));
};
const since = (...draws: Draws[]) => standingOf(logOf(...draws)).dryRunSince;

describe('the dry run', () => {
  it('begins with the first rehearsed incident, not with the first manifest or alert', () => {
    expect(since(manifest(runbook), alert(), rehearsed('1'), rehearsed('2'))).toBe(at(now + 2));
    expect(since(manifest(runbook), alert(), held('1'))).toBeNull();
  });
  it('begins again for another text of the runbook', () => {
    expect(since(alert('w1', others[0]), rehearsed('1', { ref: others[0] as never }))).toBeNull();
  });
  it('is not begun by an incident that nobody raised, or that another runbook was matched to', () => {
    expect(since(rehearsed('1'))).toBeNull();
    expect(since(alert('w1', others[1]), rehearsed('1'))).toBeNull();
    expect(since(alert('w1', null), rehearsed('1'))).toBeNull();
    expect(since(alert('w2'), rehearsed('1', { workflow: 'w1' }))).toBeNull();
  });
});

describe('graded proposals', () => {
  const incident = (n: number) => [alert(`w${n}`), rehearsed(String(n), { workflow: `w${n}` })];
  it('are counted with their accuracy, held and rehearsed ones alike', () => {
    const log = [...incident(1), ...incident(2), alert('w3'), held('3', { workflow: 'w3' })];
    expect(scoreOf(...log)).toEqual({ graded: 0, correct: 0 });
    expect(scoreOf(...log, grade('1', true), grade('2', false), grade('3', true))).toEqual({ graded: 3, correct: 2 });
  });
  it('are correct only if every person who graded says so', () => {
    expect(scoreOf(...incident(1), grade('1', true), grade('1', false, 'personB'))).toEqual({ graded: 1, correct: 0 });
    expect(scoreOf(...incident(1), grade('1', true), grade('1', true, 'personB'))).toEqual({ graded: 1, correct: 1 });
  });
  it('count the first grade of a person', () => {
    expect(scoreOf(...incident(1), grade('1', false), grade('1', true))).toEqual({ graded: 1, correct: 0 });
  });
  it('do not count a statement that the log already used', () => {
    const given = grade('1', true);
    const ledger = foldLedger(logOf(...incident(1), given, given));
    expect(ledger.proposals.gradesOf('1'.padStart(64, '0'))).toEqual([{ person: 'personA', correct: true }]);
  });
  it('do not count a grade of what was never held or rehearsed, also when it comes later', () => {
    expect(scoreOf(grade('1', true), ...incident(1))).toEqual({ graded: 0, correct: 0 });
  });
  it('are one proposal, however often a Reset or a new judgement minted it again', () => {
    const again = [alert(), rehearsed('1'), rehearsed('2'), held('3')];
    expect(scoreOf(...again, grade('1', true), grade('2', true), grade('3', true))).toEqual({ graded: 1, correct: 1 });
    expect(scoreOf(...again, grade('1', true), grade('2', false, 'personB'))).toEqual({ graded: 1, correct: 0 });
  });
  it('are told apart by target and tool', () => {
    const log = [alert(), rehearsed('1'), rehearsed('2', { target: 'backend:2' }), rehearsed('3', { tool: lowTool })];
    expect(scoreOf(...log, grade('1', true), grade('2', true), grade('3', true)).graded).toBe(3);
    const ledger = foldLedger(logOf(...log, grade('1', true), grade('3', true)));
    expect(ledger.proposals.score(runbook, -1, lowTool)).toEqual({ graded: 1, correct: 1 });
  });
});

describe('demotion by what came of a write', () => {
  const acted = [
    alert(),
    rehearsed('0', { target: 'backend:0' }),
    grade('0', true),
    promote(2),
    held('1'),
    intent('1'),
  ];
  it('follows at once on a failed postcondition, and names its record', () => {
    const log = logOf(...acted, outcome('1', 'done', false));
    expect(standingOf(log)).toMatchObject({
      ring: 0,
      rule: 'standing.demoted-postcondition',
      record: digestOf(log.at(-1)),
    });
  });
  it('lowers a waiver as well', () => {
    expect(ringOf(alert(), waive(2, minute), held('1'), intent('1'), outcome('1', 'done', false))).toBe(0);
  });
  it('begins the dry run again, and loses the grades of before', () => {
    const log = [...acted, outcome('1', 'done', false)];
    expect([since(...acted), since(...log)]).toEqual([at(now + 1), null]);
    expect([scoreOf(...acted), scoreOf(...log)]).toEqual([
      { graded: 1, correct: 1 },
      { graded: 0, correct: 0 },
    ]);
    expect(since(...log, alert('w2'), rehearsed('2', { workflow: 'w2' }))).toBe(at(now + 8));
  });
  it.each(['moved', 'refused', 'failed', 'unknown'])('does not follow on an attempt that ended %s', (status) => {
    expect(ringOf(...acted, outcome('1', status, status === 'unknown' ? false : null))).toBe(2);
  });
  it('does not follow on an outcome of what was never admitted', () => {
    expect(ringOf(alert(), promote(2), held('1'), outcome('1', 'done', false))).toBe(2);
  });
  it('touches no other text and no other runbook', () => {
    for (const ref of others) {
      const log = [alert('w1', ref), held('1', { ref }), intent('1', { ref }), outcome('1', 'done', false), promote(2)];
      expect(ringOf(...log)).toBe(2);
      expect(foldStanding(logOf(...acted, outcome('1', 'done', false), promote(1, ref)), ref, now).ring).toBe(1);
    }
  });

  it.each(['floor.drop-table', 'boundary.never-allow', 'never-allow.delete-deployment'])(
    'follows on a policy hit: what was offered for release is forbidden by %s',
    (rule) => {
      const log = logOf(alert(), promote(2), held('1'), refused('1', rule));
      expect(standingOf(log)).toMatchObject({ ring: 0, rule: 'standing.demoted-policy-hit', record: digestOf(log[3]) });
      expect(ringOf(alert(), promote(2), held('1'), refused('1', rule, 'recorder'))).toBe(0);
    },
  );
  it.each([
    ['by another rule', refused('1', 'limits.per-incident')],
    ['without a rule', refused('1', undefined)],
    ['of what was never offered', refused('2', 'floor.drop-table')],
    ['by an executor of another role', refused('1', 'floor.drop-table', 'executor.billing-db')],
    ['by the orchestrator', refused('1', 'floor.drop-table', 'orchestrator')],
    ['by the gateway', refused('1', 'floor.drop-table', 'gateway')],
  ])('does not follow on a refusal %s', (_what, refusal) => {
    expect(ringOf(alert(), promote(2), held('1'), refusal)).toBe(2);
  });
  it('does not follow on a refusal of what was only rehearsed', () => {
    expect(ringOf(alert(), promote(2), rehearsed('1'), refused('1', 'floor.drop-table'))).toBe(2);
  });
});

describe('an open breaker', () => {
  it('is ring 0 for its runbook, whatever its text, until a reset names its trip', () => {
    const log = logOf(promote(2), trip());
    expect(standingOf(log)).toMatchObject({ ring: 0, rule: 'breaker.open', record: digestOf(log[1]) });
    expect(standingOf(log).trip).toMatchObject({ scope: 'runbook', limit: 'destructive', record: digestOf(log[1]) });
    expect(standingOf(log, now + 9e12).ring).toBe(0);
    expect(ringOf(promote(2), trip('runbook', others[0]))).toBe(0);
    expect(standingOf(extended(log, tripReset(digestOf(log[1]))))).toMatchObject({ ring: 2, trip: null });
  });
  it('over all runbooks is ring 0 for each', () => {
    expect(ringOf(promote(2), trip('all'))).toBe(0);
    expect(foldStanding(logOf(promote(2, others[1]), trip('all')), others[1] as never, now).ring).toBe(0);
  });
  it('of another runbook changes nothing', () => {
    expect(ringOf(promote(2), trip('runbook', others[1]))).toBe(2);
  });
  it('is not closed by a reset of another record, nor by one that was used before', () => {
    const log = logOf(promote(2), trip());
    const reset = tripReset(digestOf(log[1]));
    expect(standingOf(extended(log, tripReset(digestOf(log[0])))).ring).toBe(0);
    expect(standingOf(extended(log, reset, trip(), reset)).ring).toBe(0);
  });
  it('of all stays open when that of one runbook is reset', () => {
    const log = logOf(promote(2), trip(), trip('all'));
    expect(standingOf(extended(log, tripReset(digestOf(log[1])))).ring).toBe(0);
  });
  it('brings back no ring that was taken meanwhile', () => {
    const log = logOf(promote(2), trip(), demote(0));
    expect(standingOf(extended(log, tripReset(digestOf(log[1])))).ring).toBe(0);
  });
});

describe('a grant', () => {
  const used = (name: string, hash: string) => intent(name, { tool: lowTool, grant: hash });
  it('is live with what is left of it, until it ends', () => {
    const log = logOf(promote(1), grant(2));
    const live = {
      record: digestOf(log[1]),
      tool: lowTool,
      conditions: [],
      until: at(now + minute),
      count: 2,
      used: 0,
    };
    expect(standingOf(log).grants).toEqual([live]);
    expect(standingOf(log, now + minute).grants).toEqual([]);
    expect(standingOf(log, Number.NaN).grants).toEqual([]);
    expect(standingOf(extended(log, used('1', live.record))).grants).toEqual([{ ...live, used: 1 }]);
  });
  it('is used up by its count, over all incidents and runs, and each action counts once', () => {
    const log = logOf(promote(1), grant(2));
    const hash = digestOf(log[1]);
    const second = intent('1', { tool: lowTool, grant: hash }, 2);
    expect(standingOf(extended(log, used('1', hash), second)).grants).toHaveLength(1);
    expect(standingOf(extended(log, used('1', hash), used('2', hash))).grants).toEqual([]);
  });
  it.each([
    ['a revoke that names it', (hash: string) => [revoke(hash)]],
    ['a demotion to ring 0', () => [demote(0)]],
    ['a failed postcondition', () => [alert(), held('9'), intent('9'), outcome('9', 'done', false)]],
  ])('is ended by %s, for good', (_what, ending) => {
    const log = logOf(promote(1), grant(2));
    expect(standingOf(extended(log, ...ending(digestOf(log[1])), promote(1))).grants).toEqual([]);
  });
  it('survives a demotion to the ring that it needs, and what only concerns others', () => {
    expect(standingOf(logOf(promote(2), grant(2), demote(1), revoke('0'.repeat(64)))).grants).toHaveLength(1);
    expect(standingOf(logOf(promote(2), grant(2), demote(0, others[0]), unheard('1'))).grants).toHaveLength(1);
    expect(standingOf(logOf(promote(2), grant(2, minute, others[0]))).grants).toEqual([]);
  });
  it('is not given by a statement that was used before', () => {
    const given = grant(1);
    const log = logOf(promote(1), given);
    expect(standingOf(extended(log, used('1', digestOf(log[1])), later(now + 9, given))).grants).toEqual([]);
  });
});

describe('a decision', () => {
  it.each([
    ['a demotion', [demote(0)]],
    ['a failed postcondition', [alert(), held('1'), intent('1'), outcome('1', 'done', false)]],
    ['a policy hit', [alert(), held('1'), refused('1', 'floor.drop-table')]],
    ['a trip of the runbook', [trip()]],
    ['a trip of all', [trip('all')]],
  ])('is overtaken by %s', (_what, draws) => {
    const ledger = foldLedger(logOf(...draws));
    expect(ledger.loweredSince(runbook.id, now)?.seq).toBe(draws.length - 1);
    expect(ledger.loweredSince(runbook.id, now + draws.length)).toBeNull();
    expect(ledger.loweredSince('unheard-of', now) !== null).toBe(
      draws[0]?.body.kind === 'standing' && draws[0].body.runbook === null,
    );
  });
});
