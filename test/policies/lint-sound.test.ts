import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ActionEnd } from '../../contracts/incident.ts';
import type { Condition, PlaybookRow, Runbook } from '../../contracts/runbook.ts';
import { implies, neverHolds } from '../../policies/lint/condition-logic.ts';
import { deadRows } from '../../policies/lint/rows.ts';
import { holds, nextRow, type PlaybookView } from '../../policies/playbook.ts';
import { backend, readResult, runbook } from './judging.ts';

const reads = ['postgres.activity', 'postgres.blockingTree'] as const;
const writes = ['postgres.cancelBackend', 'postgres.terminateBackend'] as const;
const number = fc.integer({ min: 0, max: 3 });
const test = fc.oneof(
  fc.record({ eq: number }),
  fc.record({ in: fc.array(number, { minLength: 1, maxLength: 3 }) }),
  fc.record({ gte: number }),
  fc.record({ lte: number }),
  fc.record({ gte: number, lte: number }),
  fc.record({ in: fc.array(number, { minLength: 1, maxLength: 3 }), gte: number }),
);
const entity = fc.record({
  from: fc.constantFrom(...reads),
  kind: fc.constant('backend'),
  where: fc.dictionary(fc.constantFrom('a', 'b'), test, { maxKeys: 2 }),
});
const atom: fc.Arbitrary<Condition> = fc.oneof(
  fc.record({ missing: fc.constantFrom(...reads) }),
  fc.record({ after: fc.constantFrom(...writes) }),
  fc.record({ exactly: fc.integer({ min: 1, max: 2 }), entity }),
  fc.record({ atLeast: fc.integer({ min: 1, max: 3 }), entity }),
  fc.record({ none: entity }),
);
const condition: fc.Arbitrary<Condition> = fc.oneof(
  atom,
  fc.record({ all: fc.array(atom, { minLength: 1, maxLength: 3 }) }),
);

/** Entities with some attributes, or not, in results that are whole, or not, before and after writes. */
const attributes = fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof(number, fc.constantFrom('1', null, true)));
const result = fc
  .record({
    tool: fc.constantFrom(...reads),
    step: fc.nat(2),
    entities: fc.array(attributes, { maxLength: 4 }),
    truncated: fc.boolean(),
  })
  .map(({ tool, step, entities, truncated }) => ({
    hash: 'a'.repeat(64),
    result: readResult(
      entities.map((own, at) => ({ ...backend({}, at + 1), attributes: own })),
      { tool, step: { step, index: 0 }, data: { truncated } },
    ),
  }));
const end: fc.Arbitrary<ActionEnd> = fc
  .record({
    tool: fc.constantFrom(...writes, ...reads),
    end: fc.constantFrom('executed', 'unknown', 'moved', 'refused', 'denied', 'rejected'),
    rule: fc.constantFrom('limits.per-incident', 'provenance.stale'),
    step: fc.nat(1),
  })
  .map(({ step, ...rest }) => ({ ...rest, step: { step, index: 0 }, detail: '' }) as ActionEnd);
const view: fc.Arbitrary<PlaybookView> = fc.record({
  results: fc.array(result, { maxLength: 4 }),
  ends: fc.array(end, { maxLength: 3 }),
});

const call = (tool: string) => ({ tool, args: {}, why: 'because' });
const row: fc.Arbitrary<Omit<PlaybookRow, 'id'>> = fc.record({
  when: condition,
  do: fc.oneof(
    fc.constant({ conclude: 'done' }),
    fc.subarray([...reads], { minLength: 1 }).map((tools) => ({ calls: tools.map(call) })),
  ),
});

describe('what lint says of conditions is certain', () => {
  it('an implied condition holds wherever the other does', () => {
    let implied = 0;
    fc.assert(
      fc.property(condition, condition, view, (narrow, wide, given) => {
        if (!implies(narrow, wide)) return;
        implied += 1;
        if (holds(narrow, given)) expect(holds(wide, given)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(implied).toBeGreaterThan(100);
  });

  it('a test of more attributes is promised by no test of fewer', () => {
    const none = (...names: string[]): Condition => ({
      none: {
        from: 'postgres.activity',
        kind: 'backend',
        where: Object.fromEntries(names.map((name) => [name, { eq: 1 }])),
      },
    });
    const only = { ...backend(), attributes: { a: 2 } };
    const seen = { results: [{ hash: 'a', result: readResult([only], { tool: 'postgres.activity' }) }], ends: [] };
    expect([holds(none('a'), seen), holds(none('a', 'b'), seen)]).toEqual([true, false]);
    expect([implies(none('a'), none('a', 'b')), implies(none('a'), none('a'))]).toEqual([false, true]);
  });

  it('an impossible condition holds nowhere', () => {
    const never = (tool: string): boolean => tool === 'postgres.cancelBackend';
    let impossible = 0;
    fc.assert(
      fc.property(condition, view, (given, seen) => {
        if (neverHolds(given, never) === null) return;
        impossible += 1;
        const ends = seen.ends.filter(({ tool }) => !never(tool));
        expect(holds(given, { ...seen, ends })).toBe(false);
      }),
      { numRuns: 5_000 },
    );
    expect(impossible).toBeGreaterThan(100);
  });

  it('a row that is called unreachable is never the next row', () => {
    let dead = 0;
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 4 }), view, (rows, seen) => {
        const playbook = rows.map((one, at) => ({ ...one, id: `row-${at}` }));
        const given: Runbook = { ...runbook.runbook, playbook };
        const unreachable = deadRows(given, () => false).map(({ path }) => `row-${String(path[1])}`);
        dead += unreachable.length;
        expect(unreachable).not.toContain(nextRow({ ...runbook, runbook: given }, seen)?.row.id);
      }),
      { numRuns: 10_000 },
    );
    expect(dead).toBeGreaterThan(100);
  });
});
