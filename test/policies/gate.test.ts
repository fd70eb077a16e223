import { beforeAll, describe, expect, it } from 'vitest';
import { judge, stricter } from '../../policies/gate.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import {
  backend,
  callOf,
  edited,
  inputs,
  instant,
  limits,
  now,
  readResult,
  runbook,
  runbookFile,
  standing,
  write,
  writeCall,
} from './judging.ts';

beforeAll(loadSqlParser);

const ruleOf = (given: Parameters<typeof judge>[0]) => {
  const { kind, rule } = judge(given);
  return `${kind} ${rule}`;
};
const sql = (text: string) => inputs({ call: callOf('postgres.query', { database: 'payments', sql: text }) });

describe('policy gate', () => {
  it('reads what the runbook lists, inside its scopes', () => {
    expect(ruleOf(inputs())).toBe('read ring.read');
    expect(ruleOf(sql('select count(*) from payments'))).toBe('read ring.read');
  });

  it('holds a write, high or low, where the ring reaches its risk, and never lets one through unheld', () => {
    expect(ruleOf(write())).toBe('hold boundary.require-human');
    expect(ruleOf(write({ call: writeCall('postgres.cancelBackend') }))).toBe('hold boundary.require-human');
    const unnamed = parseRunbook(edited(['[postgres.cancelBackend, postgres.terminateBackend]', '[]']), runbookFile);
    const ref = { id: unnamed.id, digest: unnamed.digest };
    const target = { entity: backend(), result: readResult([backend()], { runbook: ref }) };
    const at = (ring: 1 | 2) => ({ runbook: unnamed, target, standing: standing(ring, { runbook: ref }) });
    expect(ruleOf(write(at(2)))).toBe('hold ring.hold-high');
    expect(ruleOf(write({ ...at(1), call: writeCall('postgres.cancelBackend') }))).toBe('hold ring.hold-low');
  });

  it('rehearses every write at ring 0, and high-risk ones at ring 1', () => {
    expect(ruleOf(write({ standing: standing(0) }))).toBe('rehearse ring.read-only');
    expect(ruleOf(write({ call: writeCall('postgres.cancelBackend'), standing: standing(0) }))).toBe(
      'rehearse ring.read-only',
    );
    expect(ruleOf(write({ standing: standing(1) }))).toBe('rehearse ring.low-risk-only');
    expect(judge(write({ call: writeCall('postgres.cancelBackend'), standing: standing(1) })).kind).toBe('hold');
  });

  it('rehearses when the waiver ran out between the snapshot and now', () => {
    const waived = (until: number) => ({ ...standing(2).standing, until: instant(until) });
    expect(judge(write({ standing: standing(2, { standing: waived(now + 1) }) })).kind).toBe('hold');
    expect(ruleOf(write({ standing: standing(2, { standing: waived(now) }) }))).toBe('rehearse ring.read-only');
  });

  it('says why and what would change it', () => {
    const verdict = judge(write({ standing: standing(0) }));
    expect(verdict.reason).toContain('ring 0');
    expect(verdict.change).toContain('promotion or waiver');
  });
});

describe('policy gate, schema', () => {
  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '',
    'postgres',
    'postgres.dropTable',
    'postgres.activity ',
  ])('denies the unknown tool `%s`', (tool) => {
    expect(ruleOf(inputs({ call: callOf(tool, { database: 'payments' }) }))).toBe('deny schema.unknown-tool');
  });

  it.each([
    '{"database":"payments","extra":1}',
    '{}',
    '{"database":["payments"]}',
    '{"database":null}',
    '{"database":"payments; drop table payments"}',
  ])('denies arguments that the contract does not take: %s', (args) => {
    expect(ruleOf(inputs({ call: callOf('postgres.activity', JSON.parse(args)) }))).toBe('deny schema.bad-args');
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'denies arguments that hold the name `%s`, at any depth',
    (name) => {
      const args = JSON.parse(`{"database":"payments","${name}":{"polluted":true}}`);
      expect(ruleOf(inputs({ call: callOf('postgres.activity', args) }))).toBe('deny schema.reserved-name');
      const inner = JSON.parse(`{"target":{"entity":"backend/1/1","resultHash":"${'0'.repeat(64)}","${name}":1}}`);
      expect(ruleOf(write({ call: callOf('postgres.terminateBackend', inner) }))).toBe('deny schema.reserved-name');
    },
  );

  it('denies a target given as text, and a call with a field in which to claim that it is safe', () => {
    const asText = callOf('postgres.terminateBackend', { target: 'backend/4242/20260131092000123456' });
    expect(ruleOf(write({ call: asText }))).toBe('deny schema.bad-args');
    expect(ruleOf(inputs({ call: { ...inputs().call, risk: 'read' } as never }))).toBe('deny schema.bad-call');
  });
});

describe('policy gate, floor', () => {
  it('denies DROP TABLE in any SQL text, before it looks at anything else', () => {
    expect(ruleOf(sql('DROP TABLE payments'))).toBe('deny floor.drop-table');
    expect(ruleOf(sql('select 1; dRoP/**/table payments'))).toBe('deny floor.drop-table');
    const explained = callOf('postgres.explain', { database: 'elsewhere', sql: 'drop table "payments"' });
    expect(ruleOf(inputs({ call: explained, standing: null }))).toBe('deny floor.drop-table');
  });

  it('denies other writes, unparsable text and unlisted functions with their own rules', () => {
    expect(ruleOf(sql('delete from payments'))).toBe('deny floor.not-a-read');
    expect(ruleOf(sql('selekt 1'))).toBe('deny floor.unparsable-sql');
    expect(ruleOf(sql('select pg_terminate_backend(1)'))).toBe('deny floor.function-not-listed');
  });

  it.each(['walsender', 'autovacuum worker', 'checkpointer', 'parallel worker', 'Client Backend', '', null])(
    'denies a write on a backend of type `%s`',
    (backendType) => {
      expect(ruleOf(write({}, backend({ backendType })))).toBe('deny floor.not-a-client-backend');
    },
  );

  it.each([true, null, 'false', 0])('denies a write on a session that is, or may be, our own: %s', (own) => {
    expect(ruleOf(write({}, backend({ own })))).toBe('deny floor.own-backend');
  });
});

describe('policy gate, scope', () => {
  it('denies a tool that exists and is not listed', () => {
    expect(ruleOf(inputs({ call: callOf('postgres.indexStats', { database: 'payments' }) }))).toBe(
      'deny scope.tool-not-listed',
    );
  });

  it('goes by the lists of the runbook that is judged, whatever another one lists', () => {
    const tools = [{ tool: 'postgres.indexStats', scopes: { databases: ['ledger'] }, perIncidentMax: 1 }];
    const other = { ...runbook, runbook: { ...runbook.runbook, tools } };
    const call = callOf('postgres.indexStats', { database: 'ledger' });
    expect(ruleOf(inputs({ call }))).toBe('deny scope.tool-not-listed');
    expect(judge(inputs({ call, runbook: other })).kind).toBe('read');
    expect(ruleOf(inputs({ call }))).toBe('deny scope.tool-not-listed');
  });

  it.each(['ledger', 'Payments', 'payments2'])('denies a read of the database `%s`', (database) => {
    expect(ruleOf(inputs({ call: callOf('postgres.activity', { database }) }))).toBe('deny scope.database');
  });

  it.each(['ledger', null, 7])('denies a write whose target is in the database `%s`', (database) => {
    expect(ruleOf(write({}, backend({ database })))).toBe('deny scope.database');
  });
});

describe('policy gate, provenance', () => {
  const denies = (rule: string, given: Parameters<typeof judge>[0]) =>
    expect(ruleOf(given)).toBe(`deny provenance.${rule}`);
  const entity = backend();

  it('denies a write without a resolved target, whatever its arguments name', () =>
    denies('missing', write({ target: null })));

  it('denies a target of another kind, and one that the call does not name', () => {
    const table = { ...entity, kind: 'table' };
    denies('wrong-kind', { ...write(), target: { entity: table, result: readResult([table]) } });
    denies('wrong-entity', { ...write(), call: writeCall('postgres.terminateBackend', backend({}, 1)) });
  });

  it('denies a target that no read found as it is described', () => {
    denies('not-in-result', write({ target: { entity, result: readResult([]) } }));
    denies('not-in-result', write({ target: { entity, result: readResult([backend({ state: 'active' })]) } }));
    denies(
      'not-in-result',
      write({ target: { entity, result: readResult([entity], { tool: 'postgres.terminateBackend' }) } }),
    );
    denies('not-in-result', write({ target: { entity, result: readResult([entity], { tool: 'constructor' }) } }));
  });

  it('denies a read made under another runbook, too old, or dated in the future', () => {
    const made = (over: Parameters<typeof readResult>[1]) =>
      write({ target: { entity, result: readResult([entity], over) } });
    denies('other-runbook', made({ runbook: { id: 'other', digest: standing(2).runbook.digest } }));
    denies('other-runbook', made({ runbook: { id: standing(2).runbook.id, digest: '0'.repeat(64) } }));
    denies('stale', made({ at: instant(now - limits.approvalWaitMsMax - 1) }));
    denies('from-future', made({ at: instant(now + 2_001) }));
    expect(ruleOf(made({ at: 'yesterday' }))).toBe('deny error.rule-failed');
  });

  it.each([{ pid: null }, { pid: 0 }, { pid: '4242' }, { backendStart: null }, { backendStart: '' }])(
    'denies a backend that nothing tells from a later one: %o',
    (attributes) => denies('unpinned', write({}, backend(attributes))),
  );
});

describe('policy gate, standing', () => {
  it('denies reads and writes without a fresh standing of this very text', () => {
    for (const base of [inputs(), write()]) {
      expect(ruleOf({ ...base, standing: null })).toBe('deny standing.missing');
      const aged = (ms: number) => ({ ...base, standing: standing(2, { at: instant(now - ms) }) });
      expect(ruleOf(aged(limits.standingAgeMsMax + 1))).toBe('deny standing.stale');
      expect(judge(aged(limits.standingAgeMsMax)).kind).not.toBe('deny');
      expect(ruleOf(aged(-2_001))).toBe('deny standing.from-future');
      expect(judge(aged(-2_000)).kind).not.toBe('deny');
      const other = (ref: { id: string; digest: string }) =>
        ruleOf({ ...base, standing: standing(2, { runbook: ref }) });
      expect(other({ id: base.runbook.id, digest: '0'.repeat(64) })).toBe('deny standing.other-runbook');
      expect(other({ id: 'other', digest: base.runbook.digest })).toBe('deny standing.other-runbook');
    }
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'denies when the clock says %s',
    (clock) => {
      expect(judge(inputs({ now: clock })).kind).toBe('deny');
      expect(judge(write({ now: clock })).kind).toBe('deny');
    },
  );

  it('denies a ring that does not exist', () => {
    const odd = { ...standing(2), standing: { ...standing(2).standing, ring: 3 as never } };
    expect(ruleOf(write({ standing: odd }))).toBe('deny error.rule-failed');
  });
});

describe('policy gate, boundary and limits', () => {
  it('denies what the runbook never allows, at any ring', () => {
    const never = parseRunbook(edited(['never_allow: []', 'never_allow: [postgres.query]']), runbookFile);
    const ref = { id: never.id, digest: never.digest };
    const call = callOf('postgres.query', { database: 'payments', sql: 'select 1' });
    expect(ruleOf(inputs({ call, runbook: never, standing: standing(2, { runbook: ref }) }))).toBe(
      'deny boundary.never-allow',
    );
  });

  it('denies a read that an edited boundary wants held', () => {
    const base = inputs();
    const inner = {
      ...base.runbook.runbook,
      action_boundary: { never_allow: [], require_human: ['postgres.activity'], auto_approve: [] },
    };
    expect(ruleOf({ ...base, runbook: { ...base.runbook, runbook: inner as never } })).toBe(
      'deny boundary.read-cannot-be-held',
    );
  });

  it('denies past the counts of the runbook and of the platform', () => {
    const locks = { call: callOf('postgres.locks', { database: 'payments' }) };
    expect(ruleOf(inputs({ ...locks, counts: { 'postgres.locks': 20 } }))).toBe('deny limits.per-incident');
    expect(ruleOf(inputs({ ...locks, counts: { 'postgres.locks': 19 } }))).toBe('read ring.read');
    expect(ruleOf(write({ counts: { 'postgres.terminateBackend': 1 } }))).toBe('deny limits.per-incident');
    expect(ruleOf(write({ counts: { 'postgres.cancelBackend': 2 } }))).toBe('deny limits.writes-per-incident');
    expect(ruleOf(write({ counts: { 'unheard.of': 2 } }))).toBe('deny limits.writes-per-incident');
    const tight = { ...limits, writesPerWorkflowMax: 1 };
    expect(ruleOf(write({ limits: tight, counts: { 'postgres.cancelBackend': 1 } }))).toBe(
      'deny limits.writes-per-workflow',
    );
  });

  it('names the tool and its limit, and what was not counted', () => {
    const used = { 'postgres.activity': 20 };
    const { reason } = judge(inputs({ counts: used, recoveryReads: { 'postgres.activity': 5 } }));
    expect(reason).toBe('`postgres.activity` was used 20 times in this incident, of 20, not counting 5 recovery reads');
    const locks = callOf('postgres.locks', { database: 'payments' });
    expect(judge(inputs({ call: locks, counts: { 'postgres.locks': 20 } })).reason).toBe(
      '`postgres.locks` was used 20 times in this incident, of 20',
    );
  });

  it('lets a recovery read pass when its tool is used up: it has a bound of its own', () => {
    const usedUp = { counts: { 'postgres.activity': 20 } };
    expect(ruleOf(inputs({ ...usedUp, recoveryReads: { 'postgres.activity': 4 } }))).toBe('read ring.read');
    expect(ruleOf(inputs({ ...usedUp, recoveryReads: { 'postgres.activity': 5 } }))).toBe('deny limits.per-incident');
    const again = { ...usedUp, runs: 2 };
    expect(ruleOf(inputs({ ...again, recoveryReads: { 'postgres.activity': 9 } }))).toBe('read ring.read');
    expect(ruleOf(inputs({ ...again, recoveryReads: { 'postgres.activity': 10 } }))).toBe('deny limits.per-incident');
  });

  it('counts recovery reads beyond their bound like any other: a workflow that reads without end is stopped', () => {
    const most = (runs: number): number => {
      let reads = 0;
      while (reads < 1_000 && judge(inputs({ runs, recoveryReads: { 'postgres.activity': reads } })).kind === 'read')
        reads++;
      return reads;
    };
    expect([most(1), most(2), most(10), most(1_000)]).toEqual([5 + 20, 10 + 20, 50 + 20, 50 + 20]);
    const beyond = { counts: { 'postgres.activity': 15 }, recoveryReads: { 'postgres.activity': 10 } };
    expect(ruleOf(inputs(beyond))).toBe('deny limits.per-incident');
  });

  it.each([-1, 0.5, Number.NaN])('denies on the count %s', (count) => {
    expect(ruleOf(write({ counts: { 'postgres.terminateBackend': count } }))).toBe('deny error.rule-failed');
    expect(ruleOf(inputs({ recoveryReads: { 'postgres.activity': count } }))).toBe('deny error.rule-failed');
  });
});

describe('stricter', () => {
  const of = (kind: 'deny' | 'read' | 'rehearse' | 'hold') => ({ kind, rule: `test.${kind}`, reason: '', change: '' });
  it('lets the stricter of two rule sets win', () => {
    expect(stricter(of('hold'), of('deny')).rule).toBe('test.deny');
    expect(stricter(of('hold'), of('rehearse')).rule).toBe('test.rehearse');
    expect(stricter(of('read'), of('deny')).rule).toBe('test.deny');
    expect(stricter(of('read'), of('read')).rule).toBe('test.read');
  });

  it('denies when two rule sets disagree whether a call writes', () => {
    expect(stricter(of('read'), of('hold')).rule).toBe('error.kinds-disagree');
    expect(stricter(of('rehearse'), of('read')).rule).toBe('error.kinds-disagree');
  });
});
