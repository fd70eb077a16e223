import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LiveGrant, Standing } from '../../contracts/standing.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { cancelBackend } from '../../contracts/tools/postgres.ts';
import { type JudgeInputs, judge, stricter } from '../../policies/gate.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import type { Unaided } from '../../policies/unaided.ts';
import { backend, instant, now, readResult, runbook, standing, write, writeCall } from './judging.ts';
import { reversible } from './support/reversible.ts';

beforeAll(loadSqlParser);

const pausing = { tool: reversible.name, scopes: { databases: ['payments', 'ledger'] }, perIncidentMax: 2 };
// It keeps no tool for persons: what is held below is held for the reason that the test names.
const action_boundary = { never_allow: [], require_human: [], auto_approve: [] };
const loaded: typeof runbook = {
  ...runbook,
  runbook: { ...runbook.runbook, action_boundary, tools: [...runbook.runbook.tools, pausing] },
};
const hash = (digit: string) => digit.repeat(64);
const proposed: Unaided = { kind: 'proposed', decidedAt: now - 1_000 };
const grant = (over: Partial<LiveGrant> = {}): LiveGrant => ({
  record: hash('1'),
  tool: reversible.name,
  conditions: [],
  until: instant(now + 60_000),
  count: 2,
  used: 0,
  ...over,
});
const standingOf = (over: Partial<Standing> = {}, ring: 0 | 1 | 2 = 1) => {
  const whole = standing(ring);
  return { ...whole, standing: { ...whole.standing, grants: [grant()], ...over } };
};
/** A call that a live grant covers and the playbook proposes by itself, at ring 1. */
const granted = (over: Partial<JudgeInputs> = {}, entity = backend()): JudgeInputs =>
  write(
    { call: writeCall(reversible.name, entity), runbook: loaded, standing: standingOf(), unaided: proposed, ...over },
    entity,
  );
const withGrants = (...grants: LiveGrant[]) => granted({ standing: standingOf({ grants }) });
const kindOf = (inputs: JudgeInputs) => judge(inputs).kind;

describe('a write that a grant covers', () => {
  it('is released by it, and the verdict names its record', () => {
    expect(judge(granted())).toMatchObject({ kind: 'auto', rule: 'ring.auto-release', grant: hash('1') });
    expect(kindOf(granted({ standing: standingOf({}, 2) }))).toBe('auto');
  });
  it('is released by the first that covers it', () => {
    const other = { record: hash('2') };
    expect(judge(withGrants(grant({ used: 2 }), grant(other))).grant).toBe(hash('2'));
    expect(judge(withGrants(grant(), grant(other))).grant).toBe(hash('1'));
  });

  it.each([
    ['is used up', { used: 2 }],
    ['is used beyond its count', { used: 3 }],
    ['has ended', { until: instant(now) }],
    ['is of another tool', { tool: cancelBackend.name }],
    ['names scopes that the call is not in', { conditions: [{ scope: 'databases' as const, in: ['ledger'] }] }],
  ])('is held when its grant %s', (_what, over) => {
    expect(kindOf(withGrants(grant(over)))).toBe('hold');
  });
  it('is held unless every condition of one grant is met', () => {
    const within = (...names: string[]) => ({ scope: 'databases' as const, in: names });
    expect(kindOf(withGrants(grant({ conditions: [within('payments', 'ledger'), within('payments')] })))).toBe('auto');
    expect(kindOf(withGrants(grant({ conditions: [within('payments'), within('ledger')] })))).toBe('hold');
  });
  it('is held when the playbook alone does not propose it, and the reason says why', () => {
    const verdict = judge(granted({ unaided: { kind: 'person', why: 'the playbook does not' } }));
    expect(verdict).toMatchObject({ kind: 'hold', rule: 'ring.hold-low' });
    expect(verdict.reason).toContain('its grant does not release this call: the playbook does not');
  });
  it('is held where the runbook keeps the tool for persons', () => {
    const boundary = { ...action_boundary, require_human: [reversible.name] };
    const kept = { ...loaded, runbook: { ...loaded.runbook, action_boundary: boundary } };
    expect(judge(granted({ runbook: kept }))).toMatchObject({ kind: 'hold', rule: 'boundary.require-human' });
  });
  it.each([cancelBackend.name, 'postgres.terminateBackend'])(
    'is held or less when %s, which cannot be undone, has a grant all the same',
    (tool) => {
      const entity = backend();
      const call = writeCall(tool, entity);
      expect(kindOf(granted({ call, standing: standingOf({ grants: [grant({ tool })] }, 2) }))).toBe('hold');
    },
  );
  it('is rehearsed in ring 0 and while the breaker is open', () => {
    const trip = { scope: 'runbook', limit: 'consecutive', count: 3, max: 3, at: instant(now), record: hash('9') };
    expect(kindOf(granted({ standing: standingOf({}, 0) }))).toBe('rehearse');
    expect(kindOf(granted({ standing: standingOf({ trip } as never, 2) }))).toBe('rehearse');
  });
  it('is denied by every rule that denies it without a grant', () => {
    expect(kindOf(granted({ counts: { [reversible.name]: 2 } }))).toBe('deny');
    expect(kindOf(granted({ target: null }))).toBe('deny');
    for (const over of [{ own: true }, { backendType: 'walsender' }, { database: 'billing' }])
      expect(kindOf(granted({}, backend(over)))).toBe('deny');
    const elsewhere = readResult([backend()], { runbook: { id: 'another', digest: hash('3') } });
    expect(kindOf(granted({ target: { entity: backend(), result: elsewhere } }))).toBe('deny');
  });
  it('is not released by garbage in place of the word of the playbook or of the grants', () => {
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.constant(undefined)), (garbage) => {
        expect(kindOf(granted({ unaided: garbage as never }))).not.toBe('auto');
        expect(kindOf(granted({ standing: standingOf({ grants: garbage as never }) }))).not.toBe('auto');
        expect(kindOf(withGrants(garbage as never))).not.toBe('auto');
      }),
    );
  });
  it('is not released by a clock that does not answer', () => {
    expect(kindOf(granted({ now: Number.NaN }))).toBe('deny');
  });
});

describe('for any grants, rings, runbooks, targets and words of the playbook', () => {
  const tools = [reversible.name, cancelBackend.name, 'postgres.terminateBackend'];
  const mostly = <T>(good: T, other: fc.Arbitrary<T>) => fc.oneof({ weight: 4, arbitrary: fc.constant(good) }, other);
  const someGrant: fc.Arbitrary<LiveGrant> = fc.record({
    record: fc.constantFrom(hash('1'), hash('2')),
    tool: mostly(reversible.name, fc.constantFrom(...tools)),
    conditions: fc.array(
      fc.record({
        scope: fc.constant('databases' as const),
        in: fc.subarray(['payments', 'ledger'], { minLength: 1 }),
      }),
      { maxLength: 2 },
    ),
    until: mostly(1, fc.integer({ min: -1, max: 1 })).map((minutes) => instant(now + minutes * 60_000)),
    count: fc.integer({ min: 1, max: 3 }),
    used: mostly(0, fc.integer({ min: 0, max: 4 })),
  });
  const someGranted = fc
    .record({
      tool: mostly(reversible.name, fc.constantFrom(...tools)),
      ring: mostly<0 | 1 | 2>(1, fc.constantFrom(0 as const, 2 as const)),
      grants: fc.array(someGrant, { maxLength: 4 }),
      unaided: mostly<Unaided>(proposed, fc.constant({ kind: 'person', why: 'asked' })),
      kept: mostly<string[]>([], fc.subarray(tools)),
      attributes: mostly<Entity['attributes']>(
        {},
        fc.constantFrom<Entity['attributes'][]>({ own: true }, { database: 'ledger' }, { backendType: 'walsender' }),
      ),
      used: mostly(0, fc.integer({ min: 0, max: 3 })),
    })
    .map(({ tool, ring, grants, unaided, kept, attributes, used }) => {
      const entity = backend(attributes);
      const action_boundary = { never_allow: [], require_human: kept, auto_approve: [] };
      const edition = { ...loaded, runbook: { ...loaded.runbook, action_boundary } };
      const call = writeCall(tool, entity);
      const counts = { [tool]: used };
      return granted({ call, runbook: edition, standing: standingOf({ grants }, ring), unaided, counts }, entity);
    });
  const covers = ({ call, target }: JudgeInputs, { tool, conditions, until, count, used }: LiveGrant): boolean =>
    tool === call.tool &&
    now < Date.parse(until) &&
    used < count &&
    conditions.every((one) => one.in.includes(String(target?.entity.attributes.database)));

  it('releases no write without a person, but what would be held anyhow, by a grant that covers it', () => {
    let released = 0;
    fc.assert(
      fc.property(someGranted, (given) => {
        const verdict = judge(given);
        const grants = given.standing?.standing.grants ?? [];
        const heldAnyhow = judge({
          ...given,
          standing: standingOf({ grants: [] }, given.standing?.standing.ring ?? 0),
        });
        const by = grants.find((one) => covers(given, one));
        const may = heldAnyhow.rule === 'ring.hold-low' && given.call.tool === reversible.name && by !== undefined;
        if (may && given.unaided.kind === 'proposed') {
          released += 1;
          expect(verdict).toMatchObject({ kind: 'auto', grant: by.record });
        } else expect({ ...verdict, reason: '' }).toEqual({ ...heldAnyhow, reason: '' });
      }),
      { numRuns: 2_000 },
    );
    expect(released).toBeGreaterThan(50);
  });
});

describe('two rule sets', () => {
  const auto = judge(granted());
  const hold = judge(withGrants());
  it('release by a grant only together, and by the same', () => {
    expect(stricter(auto, auto)).toEqual(auto);
    expect([stricter(auto, hold).kind, stricter(hold, auto).kind]).toEqual(['hold', 'hold']);
    expect(stricter(auto, { ...auto, grant: hash('2') })).toMatchObject({
      kind: 'hold',
      rule: 'ring.grants-disagree',
    });
    expect(stricter(auto, { ...auto, grant: hash('2') })).not.toHaveProperty('grant');
  });
});
