import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Governed, Governed as GovernedSchema, type RunbookReport, type Told } from '../../contracts/governor.ts';
import { againInMs, breakerAgainMs, type DueTelling, dueTellings, gradesAgainMs } from '../../policies/governing.ts';
import { at, reportOf } from '../workflows/governor-stage.ts';

const id = 'postgres-blocked';
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const own = (matter: string) => `runbook/${id}/${matter}`;
const dryRunScope = own(`dry-run/${'b'.repeat(16)}`);
const governed = (change: Partial<RunbookReport> = {}, told: Told[] = []): Governed => ({
  at: at(0),
  report: reportOf(change),
  told,
});
const due = (change: Partial<RunbookReport> = {}, told: Told[] = []) => dueTellings(id, governed(change, told));
const abouts = (tellings: readonly DueTelling[]) => tellings.map(({ about }) => about);
const toldOf = (scope: string, about: Told['about'], ms: number, seq = 5): Told => ({ scope, about, seq, at: at(ms) });

const { standing, dryRun } = reportOf();
const day14 = { dryRun: { ...dryRun, days: 14 }, standing: { ...standing, dryRunSince: at(-14 * dayMs) } };
const trip = (ms: number, scope: 'runbook' | 'all' = 'runbook') => ({
  standing: {
    ...standing,
    rule: 'breaker.open',
    trip: { scope, limit: 'consecutive' as const, count: 3, max: 3, at: at(ms), record: 'f'.repeat(64) },
  },
});
const waiver = (givenMs: number, untilMs: number): Partial<RunbookReport> => ({
  endings: [
    {
      ...{ record: 'c'.repeat(64), what: 'waiver', tool: null, count: null, used: null },
      ...{ givenAt: at(givenMs), until: at(untilMs) },
    },
  ],
});
const hold = (shownMs: number, expiresMs: number): Partial<RunbookReport> => ({
  holds: [
    {
      ...{ digest: 'd'.repeat(64), workflowId: 'incident/test/1', tool: 'postgres.terminateBackend' },
      ...{ shownAt: at(shownMs), expiresAt: at(expiresMs) },
    },
  ],
});

describe('what a governor has to tell', () => {
  it('is nothing in the first days of a dry run', () => expect(due()).toEqual([]));

  it.each([
    ['day 13', { dryRun: { ...dryRun, days: 13.99 } }],
    ['a dry run that has not begun', { ...day14, standing: { ...standing, dryRunSince: null } }],
    ['a runbook that was promoted', { ...day14, standing: { ...day14.standing, rule: 'standing.promoted' } }],
    ['a runbook that a person demoted', { ...day14, standing: { ...day14.standing, rule: 'standing.demoted' } }],
    ['days that are no number', { ...day14, dryRun: { ...dryRun, days: Number.NaN } }],
    ['a grading queue of today', { ungraded: { count: 3, oldestAt: at(-dayMs) } }],
    ['a breaker that the recorder has just told of', trip(-hourMs)],
    ['a waiver of 8 hours that has 3 left', waiver(-5 * hourMs, 3 * hourMs)],
    ['a hold with most of its time left', hold(-hourMs, 3 * hourMs)],
    ['a hold that has expired', hold(-2 * hourMs, 0)],
  ])('is nothing of %s', (_what, change) => expect(due(change)).toEqual([]));

  it('is that day 14 is reached, and what is still missing', () => {
    const [telling] = due({ ...day14, missing: [{ condition: 'graded_proposals', expected: 20, got: 3 }] });
    expect(telling).toMatchObject({ scope: dryRunScope, about: 'dry-run-over', after: null });
    expect(telling?.detail).toContain('graded_proposals: expected 20, got 3');
  });

  it('is said once while something is missing, once more when nothing is, and not again', () => {
    const missing = { ...day14, missing: [{ condition: 'accuracy' as const, expected: 0.8, got: 0.5 }] };
    expect(due(missing, [toldOf(dryRunScope, 'dry-run-over', -dayMs)])).toEqual([]);
    const ready = { ...day14, missing: [] };
    expect(due(ready, [toldOf(dryRunScope, 'dry-run-over', -dayMs)])).toMatchObject([
      { about: 'promotion-ready', after: 5 },
    ]);
    expect(due(ready, [toldOf(dryRunScope, 'promotion-ready', -dayMs)])).toEqual([]);
  });

  it('is told of a dry run that began again, though it was told of the one before', () => {
    expect(abouts(due(day14, [toldOf(dryRunScope, 'dry-run-over', -15 * dayMs)]))).toEqual(['dry-run-over']);
  });

  it('is the grading queue, and again a week later', () => {
    const waiting = { ungraded: { count: 3, oldestAt: at(-20 * dayMs) } };
    expect(due(waiting)).toMatchObject([{ scope: own('grades'), about: 'grades-wait', after: null }]);
    expect(due(waiting, [toldOf(own('grades'), 'grades-wait', -gradesAgainMs + 1)])).toEqual([]);
    expect(due(waiting, [toldOf(own('grades'), 'grades-wait', -gradesAgainMs)])).toMatchObject([{ after: 5 }]);
  });

  it('is a breaker that stays open, each day, under the name that the recorder ends it by', () => {
    expect(due(trip(-breakerAgainMs))).toMatchObject([{ scope: `breaker/runbook/${id}`, about: 'breaker-stays-open' }]);
    expect(due(trip(-3 * dayMs, 'all'))).toMatchObject([{ scope: 'breaker/all' }]);
    expect(due(trip(-3 * dayMs, 'all'), [toldOf('breaker/all', 'breaker-stays-open', -hourMs)])).toEqual([]);
  });

  it('is a waiver or a grant that ends within a day, or in the last quarter of its time, once', () => {
    expect(abouts(due(waiver(-30 * dayMs, dayMs)))).toEqual(['standing-ends']);
    expect(abouts(due(waiver(-6 * hourMs, 2 * hourMs)))).toEqual(['standing-ends']);
    const scope = own(`waiver/${'c'.repeat(16)}`);
    expect(due(waiver(-6 * hourMs, hourMs), [toldOf(scope, 'standing-ends', -hourMs)])).toEqual([]);
  });

  it('is a hold whose last quarter has begun, once, on the alert of that hold', () => {
    const [telling] = due(hold(-3 * hourMs, hourMs));
    expect(telling).toMatchObject({ about: 'hold-still-waits', hold: { workflowId: 'incident/test/1' } });
    expect(due(hold(-3 * hourMs, hourMs), [toldOf(`hold/${'d'.repeat(64)}`, 'hold-still-waits', 0)])).toEqual([]);
  });

  it('is the end of what it told of, and of nothing that another tells the end of', () => {
    const told = [
      toldOf(own('grades'), 'grades-wait', -dayMs, 5),
      toldOf(own('waiver/x'), 'matter-over', -dayMs, 6),
      toldOf('breaker/all', 'breaker-stays-open', -dayMs, 7),
      toldOf(`hold/${'d'.repeat(64)}`, 'hold-still-waits', -dayMs, 8),
      toldOf('runbook/postgres-blocked-too/grades', 'grades-wait', -dayMs, 9),
    ];
    expect(due({}, told)).toMatchObject([{ scope: own('grades'), about: 'matter-over', after: 5 }]);
    expect(dueTellings(id, { at: at(0), report: null, told })).toMatchObject([{ scope: own('grades') }]);
  });

  it('does not end while an open breaker hides what became of it', () => {
    const told = [toldOf(dryRunScope, 'dry-run-over', -dayMs), toldOf(own('waiver/x'), 'standing-ends', -dayMs)];
    expect(due(trip(-hourMs), told)).toEqual([]);
  });
});

describe('a governor, whatever it was shown', () => {
  const ms = fc.integer({ min: -40 * dayMs, max: 40 * dayMs });
  const worlds = fc.record({
    days: fc.double({ min: 0, max: 100, noNaN: true }),
    since: fc.integer({ min: -40 * dayMs, max: 0 }),
    missing: fc.boolean(),
    oldest: fc.option(ms),
    tripped: fc.option(ms),
    waived: fc.option(fc.tuple(ms, ms)),
    held: fc.option(fc.tuple(ms, ms)),
  });
  type World = typeof worlds extends fc.Arbitrary<infer W> ? W : never;
  const worldOf = ({ days, since, missing, oldest, tripped, waived, held }: World): Partial<RunbookReport> => ({
    ...(waived === null ? {} : waiver(...waived)),
    ...(held === null ? {} : hold(...held)),
    standing: { ...(tripped === null ? standing : trip(tripped).standing), dryRunSince: at(since) },
    dryRun: { ...dryRun, days },
    missing: missing ? reportOf().missing : [],
    ungraded: oldest === null ? { count: 0, oldestAt: null } : { count: 1, oldestAt: at(oldest) },
  });

  it('has nothing left to tell once each telling is on the record: nobody is paged twice', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const first = due(worldOf(world));
        const told = first.map(({ scope, about }, n) => toldOf(scope, about, 0, n));
        expect(due(worldOf(world), told)).toEqual([]);
      }),
    );
  });
  it('looks again in time, and never later than it was told to', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const again = againInMs(governed(worldOf(world)), hourMs);
        expect(again).toBeGreaterThan(0);
        expect(again).toBeLessThanOrEqual(hourMs);
      }),
    );
  });
  it('was shown a report that the recorder may send', () => {
    expect(GovernedSchema.safeParse(governed()).success).toBe(true);
  });
});
