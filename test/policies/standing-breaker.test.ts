import { describe, expect, it } from 'vitest';
import { Runbook } from '../../contracts/runbook.ts';
import { wilsonLowerBound } from '../../policies/standing/accuracy.ts';
import { countsOf, exceeded } from '../../policies/standing/breaker.ts';
import { foldLedger } from '../../policies/standing.ts';
import { minute, now, runbookData } from './support/rules.ts';
import {
  alert,
  type Draws,
  denied,
  held,
  intent,
  later,
  logOf,
  lowTool,
  others,
  outcome,
  runbook,
  unheard,
} from './support/story.ts';

const breaker = Runbook.parse(runbookData).circuit_breaker;
const counted = (draws: readonly Draws[], change: { scope?: string | null; since?: number; now?: number } = {}) =>
  countsOf({
    writes: foldLedger(logOf(...draws)).writes,
    breaker,
    scope: runbook.id,
    since: -1,
    now: now + minute,
    ...change,
  });
const wrote = (
  name: string,
  drawn = {},
  ...end: Parameters<typeof outcome> extends [string, ...infer R] ? R : never
) => [intent(name, drawn), outcome(name, ...end)];

describe('a breaker counts destructive writes', () => {
  it('in its window, of its runbook whatever its text, and over all', () => {
    const draws = [intent('1'), intent('2', { ref: others[0] as never }), intent('3', { ref: others[1] as never })];
    expect(counted(draws).destructive).toEqual({ count: 2, max: 5 });
    expect(counted(draws, { scope: null }).destructive.count).toBe(3);
    expect(counted(draws, { now: now + 3_600_000 }).destructive.count).toBe(1);
    expect(counted(draws, { now: now + 3_600_001 }).destructive.count).toBe(0);
  });
  it('each action once, whatever number of attempts it took', () => {
    expect(counted([intent('1'), intent('1', {}, 2)]).destructive.count).toBe(1);
  });
  it('from the last reset on', () => {
    expect(counted([intent('1'), intent('2')], { since: 0 }).destructive.count).toBe(1);
  });
  it('when the write cannot be undone, or can do much, or nobody knows its tool', () => {
    expect(counted([intent('1', { tool: lowTool }), intent('2', { tool: 'unheard.of' })]).destructive.count).toBe(2);
  });
});

describe('a breaker counts writes in a row', () => {
  it('of which none is known to have gone well', () => {
    expect(counted([intent('1'), intent('2')]).consecutive).toEqual({ count: 2, max: 3 });
    expect(counted([...wrote('1'), intent('2')]).consecutive.count).toBe(1);
    expect(counted([...wrote('1', {}, 'moved', null), intent('2')]).consecutive.count).toBe(2);
    expect(counted([...wrote('1', {}, 'done', false), intent('2')]).consecutive.count).toBe(2);
    expect(counted([intent('1'), unheard('1'), intent('2')]).consecutive.count).toBe(2);
  });
  it('however much time passes between them', () => {
    expect(counted([intent('1'), later(now + 9e9, intent('2'))], { now: now + 9e10 }).consecutive.count).toBe(2);
  });
  it('of one runbook, though another’s went well', () => {
    const draws = [intent('1'), ...wrote('2', { ref: others[1] })];
    expect([counted(draws).consecutive.count, counted(draws, { scope: null }).consecutive.count]).toEqual([1, 0]);
  });
});

describe('a breaker counts unexpected ends', () => {
  const budget = (...draws: Draws[]) => counted(draws).errorBudget;
  it.each(['moved', 'refused', 'failed', 'unknown'])('a write that ended %s', (status) => {
    expect(budget(...wrote('1', {}, status, null))).toMatchObject({ events: 1, unexpected: 1 });
  });
  it('a failed postcondition, and not one that holds or that nobody reads', () => {
    expect(budget(...wrote('1', {}, 'done', false))).toMatchObject({ events: 1, unexpected: 1 });
    expect(budget(...wrote('1'), ...wrote('2', {}, 'done', null))).toMatchObject({ events: 2, unexpected: 0 });
  });
  it('an attempt once: unknown at first and known later is as it is known', () => {
    expect(budget(intent('1'), unheard('1'), outcome('1'))).toMatchObject({ events: 1, unexpected: 0 });
    expect(budget(intent('1'), unheard('1'), outcome('1', 'failed', null))).toMatchObject({ events: 1, unexpected: 1 });
  });
  it('a denied proposal, once for each rule and tool of an incident', () => {
    const draws = [alert(), denied('scope.database'), denied('scope.database'), denied('floor.drop-table')];
    expect(budget(...draws)).toMatchObject({ events: 2, unexpected: 2 });
    expect(budget(denied('scope.database'))).toMatchObject({ events: 0 });
    expect(budget(alert(), held('1'))).toMatchObject({ events: 0 });
  });
  it('in its window, and against the budget of at least so many ends', () => {
    const draws = [...wrote('1', {}, 'moved', null)];
    expect(counted(draws, { now: now + 8 * 86_400_000 }).errorBudget).toEqual({ events: 0, unexpected: 0, allowed: 3 });
    const many = Array.from({ length: 50 }, (_, n) => wrote(`9${n}`)).flat();
    expect(budget(...many)).toEqual({ events: 50, unexpected: 0, allowed: 5 });
  });
});

describe('a breaker opens', () => {
  const counts = {
    destructive: { count: 4, max: 5 },
    consecutive: { count: 2, max: 3 },
    errorBudget: { events: 9, unexpected: 3, allowed: 3 },
  };
  it('for no write while everything is within its limits', () => {
    expect([exceeded(counts, 'destructive'), exceeded(counts, 'other'), exceeded(counts, null)]).toEqual([
      null,
      null,
      null,
    ]);
  });
  it('for one destructive write too many, and for no other one', () => {
    const full = { ...counts, destructive: { count: 5, max: 5 } };
    expect(exceeded(full, 'destructive')).toEqual({ limit: 'destructive', count: 5, max: 5 });
    expect([exceeded(full, 'other'), exceeded(full, null)]).toEqual([null, null]);
  });
  it('for any write after too many in a row', () => {
    const full = { ...counts, consecutive: { count: 3, max: 3 } };
    expect(exceeded(full, 'other')).toEqual({ limit: 'consecutive', count: 3, max: 3 });
    expect(exceeded(full, null)).toBeNull();
  });
  it('as soon as the error budget is spent, before anything is asked for', () => {
    const spent = { ...counts, errorBudget: { events: 9, unexpected: 4, allowed: 3 } };
    expect(exceeded(spent, null)).toEqual({ limit: 'error-budget', count: 4, max: 3 });
  });
  it('when a count is no number', () => {
    expect(exceeded({ ...counts, destructive: { count: Number.NaN, max: 5 } }, 'destructive')).not.toBeNull();
    const none = { events: 1, unexpected: Number.NaN, allowed: 3 };
    expect(exceeded({ ...counts, errorBudget: none }, null)).not.toBeNull();
  });
});

describe('the Wilson lower bound at z = 1.96', () => {
  it.each([
    [0, 0, 0],
    [0, 10, 0],
    [10, 10, 0.7225],
    [20, 20, 0.8389],
    [19, 20, 0.7639],
    [95, 100, 0.8882],
    [1_000, 1_000, 0.9962],
  ])('of %i in %i is %f', (correct, trials, bound) => {
    expect(wilsonLowerBound(correct, trials)).toBeCloseTo(bound, 4);
  });
  it.each([
    [2, 1],
    [-1, 1],
    [0.5, 1],
    [Number.NaN, 1],
    [1, Number.POSITIVE_INFINITY],
  ])('is of counts alone: not of %f in %f', (correct, trials) => {
    expect(() => wilsonLowerBound(correct, trials)).toThrow(TypeError);
  });
});
