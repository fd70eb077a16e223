import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { Limits } from '../../contracts/limits.ts';
import { Approvers, Powers } from '../../contracts/manifest.ts';
import { statementTypes } from '../../contracts/statement.ts';
import { inspectRunbook, parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { parseStrictYaml } from '../../policies/strict-yaml.ts';
import { edited, runbook, runbookFile, runbookText } from './judging.ts';

beforeAll(loadSqlParser);

type Edit = readonly [from: string, to: string];
/** `line:column field: message` of each fault. */
const faultsOf = (...edits: readonly Edit[]): readonly string[] => {
  const inspected = inspectRunbook(edited(...edits), 'r.yaml');
  return inspected.kind === 'loaded' ? [] : inspected.faults.map(({ field, message }) => `${field}: ${message}`);
};
const placeOf = (part: string): string => {
  const before = runbookText.slice(0, runbookText.indexOf(part));
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`;
};

describe('a runbook file', () => {
  it('is known by the hash of its bytes', () => {
    expect(runbook.id).toBe('postgres-blocked-by-idle-transaction');
    expect(runbook.digest).toBe(createHash('sha256').update(readFileSync(runbookFile)).digest('hex'));
    expect(parseRunbook(`${runbookText}# later\n`, runbookFile).digest).not.toBe(runbook.digest);
  });

  it('cannot be changed once it is loaded', () => {
    expect(() => (runbook.runbook.tools as unknown[]).push({})).toThrow(TypeError);
    expect(() => Object.assign(runbook.runbook.limits, { writesPerIncidentMax: 50 })).toThrow(TypeError);
  });

  it('is refused with file, line, column and field', () => {
    const part = 'postgres.tableStats';
    const place = placeOf(part);
    const refused = () => parseRunbook(edited([part, 'postgres.tableStat']), 'runbooks/x.yaml');
    expect(refused).toThrow(
      `runbooks/x.yaml:${place}: \`tools.3.tool\`: expected a known tool, got \`postgres.tableStat\``,
    );
    try {
      refused();
    } catch (error) {
      expect(codeOf(error)).toBe('RUNBOOK_INVALID');
      const [line, column] = place.split(':').map(Number);
      expect((error as HoldpointError).details).toMatchObject({
        file: 'runbooks/x.yaml',
        line,
        column,
        field: 'tools.3.tool',
      });
    }
  });

  it('names the place of a field that should not be there, and of the parent of one that is missing', () => {
    const part = '  writesPerHourMax: 4';
    const extra = inspectRunbook(edited([part, `${part}\n  writesPerYearMax: 9`]), 'r.yaml');
    const [line] = placeOf(part).split(':').map(Number);
    expect(extra).toMatchObject({ faults: [{ line: (line ?? 0) + 1, column: 3, field: 'limits.writesPerYearMax' }] });
    const missing = inspectRunbook(edited([`${part}\n`, '']), 'r.yaml');
    expect(missing).toMatchObject({ faults: [{ field: 'limits.writesPerHourMax', line: (line ?? 0) - 1 }] });
  });

  it('is inspected for every fault at once', () => {
    const faults = faultsOf(
      ['never_allow: []', 'never_allow: [postgres.drop]'],
      ['{ after: postgres.terminateBackend }', '{ after: a.b }'],
    );
    expect(faults).toHaveLength(2);
  });
});

const cases: readonly (readonly [title: string, expected: string, ...edits: Edit[]])[] = [
  [
    'a never_allow entry that matches nothing',
    'action_boundary.never_allow.0: no tool is named `postgres.dropTable`',
    ['never_allow: []', 'never_allow: [postgres.dropTable]'],
  ],
  [
    'a require_human entry that matches nothing',
    'action_boundary.require_human.1: no tool is named `postgres.terminateBackends`',
    ['postgres.terminateBackend]', 'postgres.terminateBackends]'],
  ],
  [
    'a require_human entry that is a read',
    'expected a write, got `postgres.query`',
    ['[postgres.cancelBackend, ', '[postgres.query, '],
  ],
  ['an entry under both lists', 'is under never_allow', ['never_allow: []', 'never_allow: [postgres.cancelBackend]']],
  ['an auto_approve entry', 'auto-release is earned', ['auto_approve: []', 'auto_approve: [postgres.cancelBackend]']],
  ['an entry that no grammar can read', 'expected a tool, a command', ['never_allow: []', 'never_allow: [DROP TABEL]']],
  ['an entry that names a target', '`users` names one', ['never_allow: []', 'never_allow: [DROP TABLE users]']],
  [
    'an entry that is held and never allowed by what it does',
    '`postgres.cancelBackend` is under never_allow by `SELECT pg_cancel_backend`',
    ['never_allow: []', 'never_allow: [SELECT pg_cancel_backend]'],
  ],
  [
    'a held entry that an entry about more forbids',
    '`kubectl delete pod` is under never_allow by `kubectl delete`',
    ['never_allow: []', 'never_allow: [kubectl delete]'],
    ['require_human: [', 'require_human: [kubectl delete pod, '],
  ],
  [
    'a held entry that only reads',
    'expected a write, got `kubectl get pods`',
    ['require_human: [', 'require_human: [kubectl get pods, '],
  ],
  [
    'a playbook call of a tool that does what is never allowed',
    '`postgres.terminateBackend` is under never_allow by `SELECT pg_terminate_backend`',
    ['never_allow: []', 'never_allow: [SELECT pg_terminate_backend]'],
    ['require_human: [postgres.cancelBackend, postgres.terminateBackend]', 'require_human: []'],
  ],
  ['a tool listed twice', 'expected each tool once', ['tool: postgres.explain', 'tool: postgres.query']],
  ['a tool without its scope', 'expected `databases`', ['scopes: { databases: [payments] }', 'scopes: {}']],
  [
    'a write counted higher than all writes',
    'at most writesPerIncidentMax',
    ['writesPerIncidentMax: 2', 'writesPerIncidentMax: 0'],
  ],
  [
    'an incident limit above the hour limit',
    'at most writesPerHourMax',
    ['writesPerHourMax: 4', 'writesPerHourMax: 1'],
  ],
  ['a dry run of less than 14 days', '14 or more', ['dry_run_days: 14', 'dry_run_days: 13']],
  ['self-approval', 'approvers.self_approval', ['self_approval: false', 'self_approval: true']],
  [
    'a match without labels',
    'matches everything matches nothing',
    ['  labels:\n    alertname: PaymentsDatabaseBlocked\n    service: payments', '  labels: {}'],
  ],
  ['two rows with one id', 'expected each row id once', ['id: nothing-waits', 'id: read-activity']],
  [
    'a playbook call of a tool that is not listed',
    'expected a tool under `tools`',
    ['- tool: postgres.locks\n          args', '- tool: postgres.indexStats\n          args'],
  ],
  [
    'a playbook call of a tool under never_allow',
    'is under never_allow',
    ['never_allow: []', 'never_allow: [postgres.locks]'],
  ],
  [
    'a playbook read outside its scope',
    'expected `databases` of `postgres.locks` to include `ledger`',
    [
      '- tool: postgres.locks\n          args: { database: payments }',
      '- tool: postgres.locks\n          args: { database: ledger }',
    ],
  ],
  [
    'a playbook read with an argument too many',
    'playbook.1.do.calls.0.args',
    [
      '- tool: postgres.locks\n          args: { database: payments }',
      '- tool: postgres.locks\n          args: { database: payments, pid: 1 }',
    ],
  ],
  [
    'a read with a target',
    'is a read',
    ['- tool: postgres.locks\n          args', '- tool: postgres.locks\n          target: entity\n          args'],
  ],
  [
    'a read row that would repeat for ever',
    'it would repeat for ever',
    ['when: { missing: postgres.locks }', 'when: { after: postgres.terminateBackend }'],
  ],
  [
    'a write without a target',
    'expected `entity`',
    ['- tool: postgres.terminateBackend\n          target: entity', '- tool: postgres.terminateBackend'],
  ],
  [
    'a write with a literal argument',
    'expected no literal argument',
    [
      '- tool: postgres.terminateBackend\n          target: entity',
      '- tool: postgres.terminateBackend\n          target: entity\n          args: { pid: 1 }',
    ],
  ],
  [
    'a write whose row finds no single entity',
    '`exactly: 1` `backend` once, got 0',
    ['      exactly: 1\n', '      atLeast: 1\n'],
  ],
  [
    'a write whose row finds another kind',
    '`exactly: 1` `backend` once, got 0',
    [
      '      exactly: 1\n      entity:\n        from: postgres.blockingTree\n        kind: backend',
      '      exactly: 1\n      entity:\n        from: postgres.blockingTree\n        kind: table',
    ],
  ],
  [
    'two writes in one row',
    'at most one write in a row',
    [
      '- tool: postgres.terminateBackend\n          target: entity',
      '- tool: postgres.cancelBackend\n          target: entity\n          why: first\n        - tool: postgres.terminateBackend\n          target: entity',
    ],
  ],
  [
    '`missing` of a write',
    'expected a read',
    ['{ missing: postgres.activity }', '{ missing: postgres.cancelBackend }'],
  ],
  ['`after` of a read', 'expected a write', ['{ after: postgres.terminateBackend }', '{ after: postgres.activity }']],
  [
    'a test over a tool that is not listed',
    'expected a tool under `tools`',
    ['none: { from: postgres.blockingTree', 'none: { from: postgres.indexStats'],
  ],
  ['an attribute test without a test', 'at least one of eq', ['blockedCount: { gte: 1 }', 'blockedCount: {}']],
  [
    'an attribute test that nothing passes',
    'no value passes',
    ['xactAgeMs: { gte: 1000 }', 'xactAgeMs: { gte: 1000, lte: 1 }'],
  ],
  [
    'a recovery that writes',
    'expected a read, got `postgres.cancelBackend`',
    ['reads:\n    - tool: postgres.blockingTree', 'reads:\n    - tool: postgres.cancelBackend'],
  ],
  [
    'a recovery judged by a read that it does not make',
    'expected a tool under `recovery.reads`',
    ['  healthy:\n    none: { from: postgres.blockingTree', '  healthy:\n    none: { from: postgres.locks'],
  ],
  [
    'a recovery judged by what was not read',
    'expected tests on entities only',
    [
      '  healthy:\n    none: { from: postgres.blockingTree, kind: backend, where: { role: { in: [root, waiter] } } }',
      '  healthy: { missing: postgres.blockingTree }',
    ],
  ],
  ['a misspelt condition', 'playbook.0.when', ['{ missing: postgres.activity }', '{ mising: postgres.activity }']],
  [
    'a wrong type deep in a union',
    'playbook.6.when.entity.where.blockedCount.gte',
    ['blockedCount: { gte: 1 }', 'blockedCount: { gte: one }'],
  ],
];

describe('a runbook is refused for', () => {
  it.each(cases)('%s', (_title, expected, ...edits) => {
    expect(faultsOf(...(edits as readonly Edit[])).join('\n')).toContain(expected);
  });
});

describe('a runbook text that a reader and a machine could take for two things is refused', () => {
  const limitsBlock = 'limits:\n  writesPerIncidentMax: 2\n  writesPerHourMax: 4';
  it.each([
    ['a key given twice', /`id` is given twice/, `${runbookText}\nid: other\n`],
    ['an anchor', /anchor/, edited(['goal: >-', 'goal: &g >-'])],
    [
      'an alias',
      /alias|anchor/,
      edited(['never_allow: []', 'never_allow: &a []'], ['auto_approve: []', 'auto_approve: *a']),
    ],
    [
      'a merge key',
      /reserved/,
      edited([limitsBlock, 'limits:\n  <<: { writesPerIncidentMax: 2 }\n  writesPerHourMax: 4']),
    ],
    ['a tag', /tag/, edited(['owner: payments-oncall', 'owner: !!str payments-oncall'])],
    ['an unknown tag', /tag/i, edited(['owner: payments-oncall', 'owner: !run payments-oncall'])],
    ['the key __proto__', /reserved/, edited(['    service: payments', '    service: payments\n    __proto__: x'])],
    ['a key that is no text', /key that is text/, edited(['    service: payments', '    service: payments\n    7: x'])],
    ['a directive', /begins with %/, `%YAML 1.1\n---\n${runbookText}`],
    ['a second document', /one document/, `${runbookText}\n---\nid: other\n`],
    ['a tab for indentation', /tab/i, edited(['  writesPerHourMax: 4', '\twritesPerHourMax: 4'])],
    ['no text', /expected/, ''],
    ['too much text', /at most 262144/, `${runbookText}#${'x'.repeat(262_144)}`],
    ['text that nests too deep', /32 levels/, `goal: ${'['.repeat(10_000)}`],
  ])('%s', (_title, message, text) => {
    expect(() => parseRunbook(text, 'r.yaml')).toThrow(HoldpointError);
    expect(() => parseRunbook(text, 'r.yaml')).toThrow(message);
  });

  it('and block mappings that nest too deep', () => {
    const deep = Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n');
    expect(() => parseRunbook(deep, 'r.yaml')).toThrow(HoldpointError);
  });
});

describe('inspection, for any text', () => {
  it('never throws, and loads nothing that is not a runbook', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(runbookText.length), (noise, at) => {
        expect(inspectRunbook(noise, 'r.yaml').kind).toBe('faulty');
        const mixed = runbookText.slice(0, at) + noise + runbookText.slice(at);
        expect(['loaded', 'faulty']).toContain(inspectRunbook(mixed, 'r.yaml').kind);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the defaults under deploy/', () => {
  const read = (name: string) => {
    const yaml = parseStrictYaml(readFileSync(`deploy/defaults/${name}.yaml`, 'utf8'));
    expect(yaml).toMatchObject({ ok: true });
    return yaml.ok ? yaml.value : null;
  };
  it('fit their schemas, and the limits are those of the code', () => {
    const powers = Powers.parse(read('powers'));
    expect(Object.keys(powers.types).sort()).toEqual([...statementTypes].sort());
    expect(Limits.parse(read('limits'))).toEqual(Limits.parse({}));
    const groups = Approvers.parse(read('approvers')).people.flatMap((person) => person.groups);
    expect(groups).toEqual(expect.arrayContaining(runbook.runbook.approvers.groups));
  });
});
