import { beforeAll, describe, expect, it } from 'vitest';
import type { Runbook } from '../../contracts/runbook.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import { defineContract } from '../../contracts/tools/contract.ts';
import { explain, terminateBackend } from '../../contracts/tools/postgres.ts';
import { registryAsData, toolRegistry } from '../../contracts/tools/registry.ts';
import type { TypedAction } from '../../contracts/typed-action.ts';
import { boundaryOf, entryOn } from '../../policies/boundary.ts';
import { judge } from '../../policies/gate.ts';
import { judgeCommand, judgeSqlText } from '../../policies/never-allow/judge-command.ts';
import { judgeToolCall } from '../../policies/never-allow/judge-tool.ts';
import { compileEntries, covers, forbidsBy } from '../../policies/never-allow/matcher.ts';
import { readSql } from '../../policies/never-allow/sql-actions.ts';
import { inspectRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { edited, inputs, runbook, write } from './judging.ts';

const bounded = (never_allow: string[], require_human: string[] = []) => {
  const data: Runbook = { ...runbook.runbook, action_boundary: { never_allow, require_human, auto_approve: [] } };
  return { runbook: { ...runbook, runbook: data } };
};

// Before anything loads the parser: these tests stand first.
describe('words that may be a statement, while SQL cannot be read', () => {
  it.each(['DROP TABLE', 'kubectl delete pod', 'truncate'])('refuse the runbook: %s', (entry) => {
    const inspected = inspectRunbook(edited(['never_allow: []', `never_allow: [${entry}]`]), 'r.yaml');
    expect(inspected).toMatchObject({
      kind: 'faulty',
      faults: [{ rule: 'boundary.unreadable-entry', message: expect.stringContaining('the SQL parser is not loaded') }],
    });
  });

  it('deny every call that is judged by them, and leave lists of tools as they are', () => {
    expect(judge(inputs(bounded(['DROP TABLE'])))).toMatchObject({ kind: 'deny', rule: 'error.rule-failed' });
    expect(judge(inputs(bounded(['postgres.locks']))).kind).toBe('read');
  });
});

describe("a boundary in operators' words", () => {
  beforeAll(loadSqlParser);

  it.each([
    'SELECT pg_terminate_backend',
    'select PG_CATALOG.pg_terminate_backend',
    'pg_terminate_backend(pid)',
    'SELECT pg_terminate_backend(pid);',
  ])('forbids the tool that does it, at any ring: %s', (entry) => {
    const verdict = judge(write(bounded([entry])));
    expect(verdict).toMatchObject({ kind: 'deny', rule: 'boundary.never-allow' });
    expect(verdict.reason).toContain('`postgres.terminateBackend`');
  });

  it('says nothing of tools that do something else', () => {
    const given = bounded(['SELECT pg_cancel_backend', 'DROP TABLE', 'kubectl delete pod', 'terraform destroy']);
    expect(judge(write(given)).kind).toBe('hold');
    expect(judge(inputs(given)).kind).toBe('read');
  });

  it('judges each tool by what it does itself, on the very same lists', () => {
    const given = bounded(['SELECT pg_terminate_backend']);
    expect(judge(write(given)).kind).toBe('deny');
    expect(judge(inputs(given)).kind).toBe('read');
    expect(judge(write(given)).kind).toBe('deny');
  });

  it('forbids every tool that reads by it', () => {
    expect(judge(inputs(bounded(['SELECT'])))).toMatchObject({ kind: 'deny', rule: 'boundary.never-allow' });
    expect(judge(write(bounded(['EXPLAIN']))).kind).toBe('hold');
    expect(entryOn(boundaryOf(bounded(['EXPLAIN']).runbook.runbook).neverAllow, explain)).toBe('EXPLAIN');
  });

  it('holds by what a tool does', () => {
    const held = judge(write(bounded([], ['SELECT pg_terminate_backend'])));
    expect(held).toMatchObject({ kind: 'hold', rule: 'boundary.require-human' });
    expect(judge(write(bounded([], ['SELECT pg_cancel_backend']))).rule).toBe('ring.hold-high');
  });

  it('is the same for a call of a tool and for a statement', () => {
    const compiled = compileEntries(['SELECT pg_terminate_backend']);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.faults));
    const forbids = [forbidsBy(compiled.matchers)];
    const args = { target: { entity: 'backend/1', resultHash: 'a'.repeat(64) } };
    expect(judgeToolCall('postgres.terminateBackend', args, forbids).rule).toBe('runbook.never-allow');
    expect(judgeToolCall('postgres.cancelBackend', args, forbids).verdict).toBe('require_human');
    expect(judgeSqlText('SELECT "pg_terminate_backend"(1)', forbids).rule).toBe('runbook.never-allow');
    expect(judgeSqlText('SELECT pg_cancel_backend(1)', forbids).verdict).toBe('require_human');
    expect(judgeCommand("psql -c 'SELECT pg_terminate_backend(1)'", forbids).rule).toBe('runbook.never-allow');
  });

  it('follows the lists, and is never that of another runbook', () => {
    const never = bounded(['postgres.activity']);
    expect(judge(inputs(never)).kind).toBe('deny');
    expect(judge(inputs(bounded([]))).kind).toBe('read');
    expect(judge(inputs(never)).kind).toBe('deny');
  });
});

describe('a list entry', () => {
  beforeAll(loadSqlParser);
  const one = (entry: string) => {
    const compiled = compileEntries([entry]);
    const [matcher] = compiled.ok ? compiled.matchers : [];
    if (matcher === undefined) throw new Error(`expected \`${entry}\` to compile`);
    return matcher;
  };

  it.each([
    ['SELECT now', 'no change is known that the function `now` makes'],
    ['SELECT archive()', 'no change is known'],
    ['SELECT dblink_exec', 'run time'],
    ['SELECT * FROM users', 'expected `SELECT` alone'],
    ['SELECT 1', 'expected `SELECT` alone'],
    ['pg_terminate_backend', 'expected a tool, a command'],
  ])('that forbids less, or more, than it says is refused: %s', (entry, reason) => {
    const compiled = compileEntries([entry]);
    expect(compiled.ok ? 'compiled' : compiled.faults[0]?.reason).toContain(reason);
  });

  it.each([
    ['kubectl delete', 'kubectl delete pod', true],
    ['kubectl delete pod', 'kubectl delete', false],
    ['kubectl delete pod', 'kubectl delete pvc', false],
    ['SELECT pg_cancel_backend', 'SELECT pg_cancel_backend(pid)', true],
    ['SELECT pg_cancel_backend', 'SELECT pg_terminate_backend', false],
    ['kubectl delete pod', 'kubectl delete pod --force', true],
    ['kubectl delete pod --force', 'kubectl delete pod', false],
    ['DROP INDEX', 'kubectl delete', false],
  ])('%j covers %j: %s', (wide, narrow, expected) => expect(covers(one(wide), one(narrow))).toBe(expected));
});

describe('what a tool does', () => {
  beforeAll(loadSqlParser);
  const shapeOf = ({ system, verb, object, names, modifiers, effect }: TypedAction): string =>
    JSON.stringify([system, verb, object, names, modifiers, effect]);

  it.each([
    ['postgres.cancelBackend', 'SELECT pg_cancel_backend(1)'],
    ['postgres.terminateBackend', 'SELECT pg_terminate_backend(1)'],
    ['postgres.query', 'SELECT 1'],
    ['postgres.explain', 'EXPLAIN SELECT 1'],
  ])('is declared in the words of the grammar: %s', (name, statement) => {
    const read = readSql(statement);
    expect(toolRegistry.get(name)?.actions.map(shapeOf)).toEqual(read.kind === 'read' ? read.actions.map(shapeOf) : []);
  });

  it('is part of the manifest', () => {
    for (const { actions } of registryAsData()) expect(actions.length).toBeGreaterThan(0);
  });

  it.each([
    ['a write without one', []],
    ['a write that only reads', [{ ...explain.actions[0] }]],
  ])('cannot be left out: %s', (_title, actions) => {
    const contract = { ...terminateBackend, actions: actions as TypedAction[] };
    expect(() => defineContract(contract)).toThrow('expected actions');
  });

  it('is under the floor, whatever the tool is called and whatever a runbook says', () => {
    const name = 'postgres.retireWorkload';
    const actions: TypedAction[] = [
      { system: 'kubernetes', verb: 'delete', object: 'deployment', names: [], modifiers: [], effect: 'write' },
    ];
    const registry = toolRegistry as Map<string, ToolContract>;
    registry.set(name, defineContract({ ...terminateBackend, name, actions }));
    const given = write();
    const verdict = judge({ ...given, call: { ...given.call, tool: name } });
    registry.delete(name);
    expect(verdict).toMatchObject({ kind: 'deny', rule: 'floor.kubernetes-delete-deployment' });
  });
});
