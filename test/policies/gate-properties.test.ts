import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LiveGrant } from '../../contracts/standing.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { Verdict, verdictKinds } from '../../contracts/verdict.ts';
import { judge, stricter } from '../../policies/gate.ts';
import { loadPolicies } from '../../policies/organisation/load.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import type { Unaided } from '../../policies/unaided.ts';
import {
  backend,
  callOf,
  inputs,
  instant,
  now,
  organisation,
  readResult,
  runbook,
  standing,
  write,
} from './judging.ts';
import { reversible } from './support/reversible.ts';

beforeAll(loadSqlParser);

const known = [...toolRegistry.keys()];
const writes = known.filter((tool) => toolRegistry.get(tool)?.risk !== 'read');
const openTrip = {
  scope: 'runbook' as const,
  limit: 'consecutive' as const,
  count: 3,
  max: 3,
  at: instant(now - 60_000),
  record: '9'.repeat(64),
};
const anyArgs = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<never>;
const ref = { entity: backend().id, resultHash: 'ab'.repeat(32) };
const someArgs = fc.oneof(
  anyArgs,
  fc.constant({ database: 'payments' }),
  fc.constant({ target: ref }),
  fc.record({ database: fc.constantFrom('payments', 'ledger'), sql: fc.string() }),
);
const someTool = fc.oneof(fc.constantFrom(...known), fc.constantFrom(...known), fc.string());
const attribute = fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.string());
const someBackend = fc
  .oneof(
    fc.constant({}),
    fc.dictionary(fc.constantFrom('database', 'pid', 'own', 'backendType', 'backendStart', 'state'), attribute),
  )
  .map((attributes) => backend(attributes));
const someTarget = fc.oneof(
  fc.constant(null),
  someBackend.map((entity) => ({ entity, result: readResult([entity]) })),
  someBackend.map((entity) => ({ entity, result: readResult([]) })),
);
/** Grants such as no recorder would admit, too: of any tool, ended, used up, and with conditions that nothing meets. */
const someGrant: fc.Arbitrary<LiveGrant> = fc.record({
  record: fc.constantFrom('1', '2').map((digit) => digit.repeat(64)),
  tool: fc.oneof(fc.constant(reversible.name), fc.constantFrom(...known)),
  conditions: fc.array(
    fc.record({
      scope: fc.constant('databases' as const),
      in: fc.subarray(['payments', 'ledger'], { minLength: 1 }),
    }),
    { maxLength: 2 },
  ),
  until: fc.integer({ min: -2, max: 2 }).map((minutes) => instant(now + minutes * 60_000)),
  count: fc.integer({ min: 1, max: 3 }),
  used: fc.integer({ min: 0, max: 3 }),
});
const someUnaided: fc.Arbitrary<Unaided> = fc.constantFrom(
  { kind: 'person', why: 'asked before' },
  { kind: 'proposed', decidedAt: now - 1_000 },
);
const anyStanding = fc
  .record({
    ring: fc.constantFrom(0 as const, 1 as const, 2 as const),
    ageMs: fc.oneof(fc.constant(100), fc.integer({ min: -5_000, max: 20_000 })),
    grants: fc.array(someGrant, { maxLength: 3 }),
    trip: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constant(openTrip)),
  })
  .map(({ ring, ageMs, grants, trip }) => {
    const whole = standing(ring, { at: instant(now - ageMs) });
    return { ...whole, standing: { ...whole.standing, grants, trip } };
  });
const someStanding = fc.oneof({ weight: 5, arbitrary: anyStanding }, fc.constant(null));
const pausing = { tool: reversible.name, scopes: { databases: ['payments'] }, perIncidentMax: 2 };
const toolLists = fc.subarray([...runbook.runbook.tools, pausing], { minLength: 1 });
const someRunbook = fc
  .record({ tools: toolLists, never_allow: fc.subarray(known), require_human: fc.subarray(writes) })
  .map(({ tools, never_allow, require_human }) => ({
    ...runbook,
    runbook: { ...runbook.runbook, tools, action_boundary: { never_allow, require_human, auto_approve: [] } },
  }));
/** Organisations from very lax to contradictory; the last errs whenever it is evaluated. */
const policyPool = [
  '@id("all") permit (principal, action, resource);',
  '@id("reads") permit (principal, action == Holdpoint::Action::"read", resource);',
  '@id("low") permit (principal, action == Holdpoint::Action::"lowRiskWrite", resource);',
  '@id("no-high") forbid (principal, action == Holdpoint::Action::"highRiskWrite", resource);',
  '@id("not-at-ring-1") forbid (principal, action, resource) when { context.ring == 1 };',
  '@id("errs") forbid (principal, action, resource) when { (context.ring + 1) * 9223372036854775807 > 7 };',
];
const organisations = new Map<string, typeof organisation>();
const organisationOf = (texts: readonly string[]) => {
  const text = texts.join('\n');
  const known = organisations.get(text) ?? loadPolicies([{ name: 'any', text }]);
  organisations.set(text, known);
  return known;
};
const someOrganisation = fc.subarray(policyPool, { minLength: 1 }).map(organisationOf);
const someInputs = fc.record({
  call: fc.record({ tool: someTool, args: someArgs as fc.Arbitrary<never>, why: fc.string({ maxLength: 20 }) }),
  runbook: fc.oneof(fc.constant(runbook), someRunbook),
  limits: fc.constant(inputs().limits),
  organisation: fc.oneof(fc.constant(organisation), someOrganisation),
  standing: someStanding,
  now: fc.constant(now),
  target: someTarget,
  counts: fc.dictionary(fc.constantFrom(...known), fc.integer({ min: 0, max: 3 })),
  recoveryReads: fc.dictionary(fc.constantFrom(...known), fc.integer({ min: 0, max: 3 })),
  runs: fc.integer({ min: 1, max: 20 }),
  unaided: someUnaided,
});

describe('policy gate, for any input', () => {
  it('denies a tool nobody classified, whatever its name or arguments', () => {
    const unknown = fc.string().filter((tool) => !toolRegistry.has(tool));
    fc.assert(
      fc.property(unknown, anyArgs, (tool, args) => {
        expect(judge(inputs({ call: callOf(tool, args) })).kind).toBe('deny');
      }),
    );
  });

  it('never calls a write a read, never holds at ring 0, and answers with a whole verdict', () => {
    fc.assert(
      fc.property(someInputs, (given) => {
        const verdict = judge(given);
        expect(Verdict.safeParse(verdict).success).toBe(true);
        const isWrite = writes.includes(given.call.tool);
        if (isWrite) expect(verdict.kind).not.toBe('read');
        else expect(['deny', 'read']).toContain(verdict.kind);
        if (given.standing?.standing.ring === 0) expect(['hold', 'auto']).not.toContain(verdict.kind);
        if (given.standing === null) expect(verdict.kind).toBe('deny');
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps nothing of one judgement for another: an equal runbook that was never judged comes to the same', () => {
    fc.assert(
      fc.property(someInputs, (given) => {
        const verdict = judge(given);
        expect(judge({ ...given, runbook: structuredClone(given.runbook) })).toStrictEqual(verdict);
        expect(judge(given)).toStrictEqual(verdict);
      }),
      { numRuns: 500 },
    );
  });

  it('holds only a client backend of a listed database that a read found', () => {
    fc.assert(
      fc.property(someTarget, (target) => {
        const verdict = judge(write({ target }));
        if (verdict.kind !== 'hold') return;
        expect(target?.entity.attributes).toMatchObject({
          database: 'payments',
          own: false,
          backendType: 'client backend',
        });
        expect(target?.result.entities).toContainEqual(target?.entity);
      }),
    );
  });

  it('leaves a denial by the floor as it is, whatever the runbook, the organisation, the standing and the counts', () => {
    const destructive = fc.constantFrom(
      write({}, backend({ backendType: 'walsender' })),
      write({}, backend({ own: true })),
      inputs({ call: callOf('postgres.query', { database: 'payments', sql: 'drop table payments' }) }),
    );
    fc.assert(
      fc.property(destructive, someInputs, ({ call, target }, any) => {
        const verdict = judge({ ...any, call, target });
        expect(verdict.kind).toBe('deny');
        expect(verdict.rule).toMatch(/^floor\./);
      }),
      { numRuns: 500 },
    );
  });

  it('denies and does not throw when any one of its inputs is garbage', () => {
    const fields = [
      'call',
      'runbook',
      'limits',
      'organisation',
      'standing',
      'now',
      'target',
      'counts',
      'recoveryReads',
      'runs',
    ];
    const field = fc.constantFrom(...fields);
    fc.assert(
      fc.property(field, fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.constant(Number.NaN)), (name, garbage) => {
        // An empty object is a valid count, and null no target: neither loosens anything, so a hold may stand.
        const given = { ...write(), [name]: garbage };
        const verdict = judge(given as never);
        const isCount =
          name === 'counts' || name === 'recoveryReads' || (name === 'runs' && typeof garbage === 'number');
        if (!isCount && !(name === 'now' && typeof garbage === 'number')) expect(verdict.kind).toBe('deny');
        expect(verdict.kind).not.toBe('read');
      }),
      { numRuns: 500 },
    );
    for (const nothing of [null, undefined, 0, '', []]) expect(judge(nothing as never).kind).toBe('deny');
  });

  it('denies when an input throws as it is read', () => {
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
        ownKeys: () => {
          throw new Error('trap');
        },
      },
    );
    for (const name of ['call', 'runbook', 'limits', 'standing', 'target', 'counts'])
      expect(judge({ ...write(), [name]: trap } as never)).toMatchObject({ kind: 'deny', rule: 'error.rule-failed' });
  });
});

describe('stricter, for any two verdicts', () => {
  const some = fc.constantFrom(...verdictKinds).map((kind) => ({ kind, rule: `test.${kind}`, reason: '', change: '' }));
  const permits = {
    deny: [],
    rehearse: ['rehearse'],
    hold: ['rehearse', 'hold'],
    auto: ['rehearse', 'hold', 'auto'],
    read: ['read'],
  } as const;
  it('is never laxer than either', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const both = permits[stricter(a, b).kind] as readonly string[];
        for (const one of [a, b])
          expect(both.every((what) => (permits[one.kind] as readonly string[]).includes(what))).toBe(true);
        expect(stricter(a, b).kind).toBe(stricter(b, a).kind);
      }),
    );
  });
});
