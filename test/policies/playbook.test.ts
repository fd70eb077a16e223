import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadResult } from '../../contracts/evidence.ts';
import type { ActionEnd } from '../../contracts/incident.ts';
import type { Condition } from '../../contracts/runbook.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { blockedBy, evaluateCondition, holds, nextRow, type PlaybookView } from '../../policies/playbook.ts';
import { backend, readResult, runbook } from './judging.ts';

const read = (tool: string, step: number, entities: readonly Entity[] = [], over: Partial<ReadResult> = {}) => ({
  hash: `${step}${tool.length}`.padEnd(64, '0'),
  result: readResult(entities, { tool, step: { step, index: 0 }, ...over }),
});
const readAll = (step: number, entities: readonly Entity[]) => [
  read('postgres.activity', step, entities),
  read('postgres.locks', step),
  read('postgres.blockingTree', step, entities),
];
const ended = (end: ActionEnd['end'], step: number, over: Partial<ActionEnd> = {}): ActionEnd => ({
  step: { step, index: 0 },
  tool: 'postgres.terminateBackend',
  end,
  rule: 'boundary.require-human',
  detail: '',
  ...over,
});
const view = (results: PlaybookView['results'], ends: readonly ActionEnd[] = []): PlaybookView => ({ results, ends });
const rowOf = (given: PlaybookView) => nextRow(runbook, given)?.row.id ?? null;

const root = backend();
const waiter = backend({ role: 'waiter', state: 'active', blockedCount: 0 }, 4_300);

describe('the playbook of the payments runbook', () => {
  it('reads first, each read once', () => {
    expect(rowOf(view([]))).toBe('read-activity');
    expect(rowOf(view(readAll(0, []).slice(0, 1)))).toBe('read-locks');
    expect(rowOf(view(readAll(0, []).slice(0, 2)))).toBe('read-blocking-tree');
    expect(nextRow(runbook, view([]))?.calls).toMatchObject([
      { tool: 'postgres.activity', args: { database: 'payments' } },
    ]);
  });

  it('ends the one idle root blocker, aimed at the entity of the signed result', () => {
    const results = readAll(0, [root, waiter]);
    const next = nextRow(runbook, view(results));
    expect(next?.row.id).toBe('end-idle-blocker');
    const args = { target: { entity: root.id, resultHash: results[2]?.hash } };
    expect(next?.calls).toMatchObject([{ tool: 'postgres.terminateBackend', args }]);
  });

  it('cancels a root blocker whose statement runs for long', () => {
    expect(rowOf(view(readAll(0, [backend({ state: 'active' }), waiter])))).toBe('cancel-running-blocker');
  });

  it.each([
    ['of a WAL sender', { backendType: 'walsender' }],
    ['of our own', { own: true }],
    ['that is young', { xactAgeMs: 999 }],
    ['that blocks nobody', { blockedCount: 0 }],
    ['that is idle outside a transaction', { state: 'idle' }],
    ['whose age is not a number', { xactAgeMs: '540000' }],
  ])('leaves to a person a root %s', (_title, attributes) => {
    expect(rowOf(view(readAll(0, [backend(attributes), waiter])))).toBe('blocker-remains');
  });

  it('leaves to a person two roots', () => {
    expect(rowOf(view(readAll(0, [root, backend({}, 4_400), waiter])))).toBe('several-blockers');
  });

  it('reads everything again after a write, and concludes on the new results only', () => {
    const before = readAll(0, [root, waiter]);
    const done = [ended('executed', 1)];
    expect(rowOf(view(before, done))).toBe('read-activity');
    const same = readAll(1, []);
    expect(rowOf(view([...before, ...same], done))).toBe('read-activity');
    const next = nextRow(runbook, view([...before, ...readAll(2, [])], done));
    expect(next).toMatchObject({
      row: { id: 'blocker-is-gone' },
      calls: [],
      conclusion: expect.stringContaining('ended'),
    });
  });

  it.each(['rejected', 'expired', 'refused', 'failed', 'rehearsed'] as const)(
    'does not ask again for a write that was %s',
    (end) => {
      expect(rowOf(view(readAll(0, [root, waiter]), [ended(end, 1)]))).toBe('blocker-remains');
    },
  );

  it('reads again after an unknown outcome, and then leaves the rest to a person', () => {
    const results = readAll(0, [root, waiter]);
    expect(rowOf(view(results, [ended('unknown', 1)]))).toBe('read-activity');
    expect(rowOf(view([...results, ...readAll(2, [root, waiter])], [ended('unknown', 1)]))).toBe('blocker-remains');
  });

  it('tries again when the target had moved', () => {
    expect(rowOf(view([...readAll(0, [root]), ...readAll(2, [root, waiter])], [ended('moved', 1)]))).toBe(
      'end-idle-blocker',
    );
  });

  it('is not talked out of its plan by the denial of a hijacked call, and stops after three', () => {
    const hijacked = ended('denied', 0, { rule: 'provenance.missing' });
    const results = readAll(0, [root, waiter]);
    expect(rowOf(view(results, [hijacked]))).toBe('end-idle-blocker');
    expect(rowOf(view(results, [hijacked, hijacked, hijacked]))).toBe('blocker-remains');
    expect(rowOf(view(results, [ended('denied', 0, { rule: 'limits.per-incident' })]))).toBe('blocker-remains');
    expect(rowOf(view(results, [ended('denied', 0, { tool: 'postgres.query', rule: 'floor.drop-table' })]))).toBe(
      'end-idle-blocker',
    );
  });

  it('says which limit of which tool keeps it from going on, once no row is left', () => {
    const over = { tool: 'postgres.blockingTree', rule: 'limits.per-incident', detail: 'was used 20 times, of 20' };
    const ends = [ended('denied', 2, over)];
    const results = readAll(0, []).slice(0, 2);
    expect(rowOf(view(results, ends))).toBe(null);
    expect(blockedBy(runbook, view(results, ends))).toBe(
      'playbook row `read-blocking-tree` needs `postgres.blockingTree`, which was denied by `limits.per-incident`: was used 20 times, of 20',
    );
  });

  it('says so of a read that failed for good, and says nothing where no row applies', () => {
    const failed = ended('failed', 0, { tool: 'postgres.activity', rule: 'TARGET_REFUSED', detail: 'no such role' });
    const results = readAll(0, []).slice(1, 2);
    expect(blockedBy(runbook, view(results, [failed]))).toContain('was failed by `TARGET_REFUSED`: no such role');
    expect(blockedBy(runbook, view(readAll(0, [])))).toBe(null);
  });

  it('never asks for the same thing for ever, whatever was read', () => {
    const entity = fc.record({
      role: fc.constantFrom('root', 'waiter', null),
      state: fc.constantFrom('active', 'idle in transaction', null),
    });
    fc.assert(
      fc.property(
        fc.array(entity, { maxLength: 5 }),
        fc.constantFrom<ActionEnd['end']>('rejected', 'executed', 'denied'),
        (some, end) => {
          const entities = some.map((attributes, index) => backend(attributes, 100 + index));
          const results: PlaybookView['results'][number][] = [];
          const ends: ActionEnd[] = [];
          for (let step = 0; step < 20; step++) {
            const next = nextRow(runbook, view(results, ends));
            if (next === null || next.conclusion !== null) return;
            for (const { tool } of next.calls) {
              if (tool.endsWith('Backend'))
                ends.push(ended(ends.length > 1 ? 'denied' : end, step, { tool, rule: 'limits.per-incident' }));
              else results.push(read(tool, step, tool === 'postgres.locks' ? [] : entities));
            }
          }
          throw new Error('expected the playbook to conclude within 20 steps');
        },
      ),
    );
  });

  it('calls recovered only a whole result without roots and waiters', () => {
    const { healthy } = runbook.runbook.recovery;
    const tree = (entities: readonly Entity[], over: Partial<ReadResult> = {}) =>
      view([read('postgres.blockingTree', 3, entities, over)]);
    expect(holds(healthy, tree([]))).toBe(true);
    expect(holds(healthy, tree([backend({ role: null })]))).toBe(true);
    expect(holds(healthy, view([]))).toBe(false);
    expect(holds(healthy, tree([root]))).toBe(false);
    expect(holds(healthy, tree([waiter]))).toBe(false);
    expect(holds(healthy, tree([], { data: { truncated: true } }))).toBe(false);
    const { role: _role, ...others } = root.attributes;
    expect(holds(healthy, tree([{ ...root, attributes: others }]))).toBe(false);
  });
});

describe('a condition', () => {
  const from = 'postgres.activity';
  const test = (where: Extract<Condition, { exactly: number }>['entity']['where']) => ({
    from,
    kind: 'backend',
    where,
  });
  const seen = view([read(from, 0, [root, waiter])]);

  it('looks at the newest result only', () => {
    const newer = view([read(from, 0, [root]), read(from, 1, [])]);
    expect(holds({ atLeast: 1, entity: test({}) }, newer)).toBe(false);
    expect(holds({ none: test({}) }, newer)).toBe(true);
  });

  it('is false without a result, also as none', () => {
    for (const condition of [{ none: test({}) }, { exactly: 1, entity: test({}) }, { atLeast: 1, entity: test({}) }])
      expect(holds(condition, view([]))).toBe(false);
  });

  it('needs every test of an attribute to hold, without coercion', () => {
    const one = (where: Parameters<typeof test>[0]) => holds({ exactly: 1, entity: test(where) }, seen);
    expect(one({ role: { eq: 'root' } })).toBe(true);
    expect(one({ role: { eq: 'root' }, pid: { gte: 4_242, lte: 4_242 } })).toBe(true);
    expect(one({ pid: { eq: '4242' } })).toBe(false);
    expect(one({ role: { eq: 'root', in: ['waiter'] } })).toBe(false);
    expect(one({ user: { gte: 0 } })).toBe(false);
    expect(one({ constructor: { eq: null } })).toBe(false);
  });

  it('passes on what an exactly: 1 test found, and nothing when the whole does not hold', () => {
    const exactly: Condition = { exactly: 1, entity: test({ role: { eq: 'root' } }) };
    expect(evaluateCondition({ all: [exactly, { missing: 'postgres.locks' }] }, seen).found).toMatchObject([
      { entity: { id: root.id } },
    ]);
    expect(evaluateCondition({ all: [exactly, { missing: from }] }, seen)).toEqual({ holds: false, found: [] });
  });

  it('takes a read for no write: its denial makes nothing missing', () => {
    const denied = ended('executed', 5, { tool: 'postgres.query' });
    expect(holds({ missing: from }, view(seen.results, [denied]))).toBe(false);
  });
});
