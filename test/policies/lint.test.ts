import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { Approvers } from '../../contracts/manifest.ts';
import { lintRunbooks } from '../../policies/lint.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { edited, runbookText } from './judging.ts';

beforeAll(loadSqlParser);

type Edit = readonly [from: string, to: string];
const lint = (texts: readonly string[], approvers: Approvers | null = null) =>
  lintRunbooks(
    texts.map((text, at) => ({ file: `${at}.yaml`, text })),
    approvers,
  ).findings;
/** `level rule: message` of each finding in the shipped runbook with these edits. */
const found = (...edits: readonly Edit[]): readonly string[] =>
  lint([edited(...edits)]).map(({ level, rule, message }) => `${level} ${rule}: ${message}`);

const row = (id: string, when: string, does: string): Edit => [
  '  - id: blocker-remains',
  `  - id: ${id}\n    when: ${when}\n    do: ${does}\n  - id: blocker-remains`,
];
const waiting = '{ from: postgres.blockingTree, kind: backend, where: { role: { in: [root, waiter] } } }';
const read = '{ calls: [{ tool: postgres.locks, args: { database: payments }, why: again }] }';

describe('runbook lint', () => {
  it('finds nothing in what is shipped', () => {
    const folder = new URL('../../runbooks/', import.meta.url);
    const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    expect(lint(texts)).toEqual([]);
  });

  it('names rule, file, line, column, message and the next step', () => {
    const [finding] = lint([runbookText, edited(['quorum: 1', 'quorum: 0'])]);
    const line = runbookText.slice(0, runbookText.indexOf('quorum: 1')).split('\n').length;
    expect(finding).toEqual({
      rule: 'schema.bad-value',
      level: 'error',
      file: '1.yaml',
      line,
      column: 11,
      field: 'approvers.quorum',
      message: expect.stringContaining('>=1'),
      next: expect.stringContaining('docs/runbooks.md'),
    });
  });

  const cases: readonly (readonly [title: string, expected: string, ...edits: Edit[]])[] = [
    [
      'a row after one that concludes for the same and more',
      'error playbook.unreachable-row: no incident comes to this row: whenever it applies, row `nothing-waits` applies and concludes',
      row('again', `{ all: [{ after: postgres.cancelBackend }, { none: ${waiting} }] }`, '{ conclude: nothing }'),
    ],
    [
      'a row that finds three after one that concludes for two or more',
      'row `several-blockers` applies and concludes before it',
      row(
        'three',
        '{ exactly: 3, entity: { from: postgres.blockingTree, kind: backend, where: { role: { eq: root }, blockedCount: { gte: 1 } } } }',
        '{ conclude: three }',
      ),
    ],
    [
      'a row that calls what an earlier one calls, for the same',
      'row `read-locks` applies and calls the same tools before it',
      row('read-locks-again', '{ missing: postgres.locks }', read),
    ],
    [
      'a condition on a result that there is not',
      'error playbook.impossible-condition: it can never hold: `missing: postgres.blockingTree`',
      row('never', `{ all: [{ missing: postgres.blockingTree }, { none: ${waiting} }] }`, '{ conclude: no }'),
    ],
    [
      'a condition on more than there may be',
      'at least 2 `backend` and at most 0 cannot both be',
      row(
        'both',
        `{ all: [{ none: ${waiting} }, { atLeast: 2, entity: { from: postgres.blockingTree, kind: backend, where: { role: { eq: root } } } }] }`,
        '{ conclude: no }',
      ),
    ],
    [
      'a row after a write that is never executed',
      '`postgres.cancelBackend` is never executed under this runbook',
      ['never_allow: []', 'never_allow: [SELECT pg_cancel_backend]'],
      ['require_human: [postgres.cancelBackend, ', 'require_human: ['],
      ['        - tool: postgres.cancelBackend', '        - tool: postgres.terminateBackend'],
      ['{ after: postgres.terminateBackend }', '{ after: postgres.cancelBackend }'],
    ],
    [
      'a listed tool that is never allowed',
      'warning tools.forbidden: `postgres.query` is listed, and never allowed by `postgres.query`',
      ['never_allow: []', 'never_allow: [postgres.query]'],
    ],
    [
      'an entry that a wider one says already',
      'warning boundary.repeated-entry: `kubectl delete pods` adds nothing: `kubectl delete` says it already',
      ['never_allow: []', 'never_allow: [kubectl delete pods, kubectl delete]'],
    ],
    [
      'an entry given twice in other words',
      '`DROP table` adds nothing: `drop TABLE` says it already',
      ['never_allow: []', 'never_allow: [drop TABLE, DROP table]'],
    ],
    [
      'a held entry that no tool of the runbook does',
      'warning boundary.idle-entry: `kubectl delete pod` holds nothing',
      ['require_human: [', 'require_human: [kubectl delete pod, '],
    ],
    [
      'a row that calls a tool more often than an incident may',
      'error limits.row-impossible: the row calls `postgres.locks` 2 times, of 1',
      [
        '  - tool: postgres.locks\n    scopes: { databases: [payments] }\n    perIncidentMax: 20',
        '  - tool: postgres.locks\n    scopes: { databases: [payments] }\n    perIncidentMax: 1',
      ],
      [
        'why: see which locks are held and awaited\n',
        'why: see\n        - { tool: postgres.locks, args: { database: payments }, why: twice }\n',
      ],
    ],
    [
      'a read that cannot be made again after a write',
      'warning limits.no-reread: after 2 of the 2 writes that an incident may have, `postgres.locks` cannot be read again',
      [
        '  - tool: postgres.locks\n    scopes: { databases: [payments] }\n    perIncidentMax: 20',
        '  - tool: postgres.locks\n    scopes: { databases: [payments] }\n    perIncidentMax: 2',
      ],
    ],
    [
      'a limit above all that the tools may do',
      'warning limits.never-reached: expected at most 2, which is all that the writes under `tools` come to',
      ['writesPerIncidentMax: 2', 'writesPerIncidentMax: 3'],
    ],
    [
      'a breaker that cannot trip',
      'expected at most 4, which is all that writesPerHourMax allows in the window',
      ['dry_run_days: 14', 'circuit_breaker: { destructive: { count: 5 } }\ndry_run_days: 14'],
    ],
    [
      'a tool without its scope',
      'error tools.unscoped: expected `databases`',
      ['scopes: { databases: [payments] }', 'scopes: {}'],
    ],
    ['no escalation', 'error schema.missing-field', ['escalation: { page: payments-oncall }\n', '']],
    ['no approvers', 'error schema.bad-value', ['groups: [oncall]', 'groups: []']],
  ];
  it.each(cases)('finds %s', (_title, expected, ...edits) => {
    expect(found(...(edits as readonly Edit[])).join('\n')).toContain(expected);
  });

  it('says nothing of a row whose condition only overlaps with an earlier one', () => {
    const when =
      '{ atLeast: 1, entity: { from: postgres.blockingTree, kind: backend, where: { xactAgeMs: { gte: 5 } } } }';
    expect(found(row('other', when, '{ conclude: other }'))).toEqual([]);
    expect(found(row('locks', '{ missing: postgres.activity }', read.replace('why: again', 'why: more')))).not.toEqual(
      [],
    );
  });
});

describe('two runbooks', () => {
  const labels = '    alertname: PaymentsDatabaseBlocked\n    service: payments';
  const second = (match: string, id = 'second') =>
    edited(['id: postgres-blocked-by-idle-transaction', `id: ${id}`], [labels, match]);
  const rules = (...texts: string[]) => lint(texts).map(({ rule, file, message }) => `${file} ${rule}: ${message}`);

  it.each([
    ['the same labels', labels, ['0.yaml match.same-alerts', '1.yaml match.same-alerts']],
    ['labels of which one has more', '    service: payments', ['0.yaml match.same-alerts']],
    ['labels that may stand on one alert', '    team: payments', ['1.yaml match.overlap']],
    ['one value in common', '    alertname: [Other, PaymentsDatabaseBlocked]', ['0.yaml match.same-alerts']],
    ['no value in common', '    alertname: [Other, Another]', []],
  ])('with %s', (_title, match, expected) => {
    expect(rules(runbookText, second(match)).map((line) => line.split(':')[0])).toEqual(expected);
  });

  it('say which labels such an alert has', () => {
    const [line] = rules(runbookText, second('    team: payments'));
    expect(line).toContain('alertname=PaymentsDatabaseBlocked, service=payments, team=payments');
    expect(line).toContain('`postgres-blocked-by-idle-transaction` (0.yaml)');
  });

  it('of different sources never match one alert', () => {
    const text = (source: string, id: string) =>
      edited(
        ['id: postgres-blocked-by-idle-transaction', `id: ${id}`],
        ['match:\n', `match:\n  source: [${source}]\n`],
      );
    expect(rules(text('alertmanager', 'a'), text('generic', 'b'))).toEqual([]);
    expect(rules(text('generic', 'a'), text('generic', 'b'))).toHaveLength(2);
  });

  it('may not share an id', () => {
    const other = second('    team: payments', 'postgres-blocked-by-idle-transaction');
    expect(rules(runbookText, other)).toEqual([expect.stringContaining('1.yaml runbook.repeated-id')]);
  });
});

describe('with an approver directory', () => {
  const key = (fill: string) => `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${fill.repeat(43)}`;
  const directory = (...people: readonly { person: string; groups: string[]; ssh: string[] }[]) =>
    Approvers.parse({ v: 1, people });
  const found = (text: string, approvers: Approvers) => lint([text], approvers).map(({ rule }) => rule);
  const first = { person: 'first', groups: ['oncall'], ssh: [key('A')] };

  it('finds nothing where enough persons can sign', () => expect(found(runbookText, directory(first))).toEqual([]));

  it.each([
    ['nobody is in', [{ ...first, groups: ['others'] }]],
    ['nobody who can sign is in', [{ ...first, ssh: [] }]],
  ])('finds a group that %s', (_title, people) => {
    const rules = found(runbookText, directory(...people));
    expect(rules).toEqual(['approvers.unknown-group', 'approvers.quorum-out-of-reach']);
  });

  it('finds a quorum of more persons than there are', () => {
    const two = edited(['quorum: 1', 'quorum: 2']);
    const person = { person: 'second', groups: ['oncall'], ssh: [key('B')] };
    expect(found(two, directory(first))).toEqual(['approvers.quorum-out-of-reach']);
    expect(found(two, directory(first, { ...person, ssh: [] }))).toEqual(['approvers.quorum-out-of-reach']);
    expect(found(two, directory(first, person))).toEqual([]);
  });
});
