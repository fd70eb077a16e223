import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holdpoint } from './under-test.ts';

const check = async (...args: string[]) => holdpoint(['check', ...args]);
const jsonl = async (stdin: string, ...args: string[]): Promise<Record<string, unknown>[]> => {
  const ran = await holdpoint(['check', '--jsonl', ...args], { stdin });
  expect(ran.status).toBe(0);
  return ran.out === '' ? [] : ran.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
};

describe('check', () => {
  it.each([
    ['kubectl delete deploy web', [], 1, 'deny floor.kubernetes-delete-deployment'],
    ['kubectl delete pod web', [], 0, 'require_human write.held'],
    ['kubectl delete pod web', ['--strict'], 1, 'require_human write.held'],
    ['kubectl get pods', ['--strict'], 0, 'allow read.only'],
    ['kubectl $X', [], 1, 'deny unknown.word'],
    ['DROP TABLE a', ['--sql'], 1, 'deny floor.sql-drop-table'],
    ['DROP TABLE a', [], 1, 'deny floor.sql-drop-table'],
    ['SELECT 1', ['--sql'], 0, 'allow read.only'],
  ])('answers %j %j with status %d', async (text, options, status, begins) => {
    const ran = await check(...options, text);
    expect(ran.status).toBe(status);
    expect(ran.out).toMatch(new RegExp(`^${begins}: `));
  });

  it('prints every action that it found, and the rule that decided, with --explain', async () => {
    const { out } = await check('--explain', 'kubectl get pods; sudo kubectl delete deploy web --force > log');
    expect(out.split('\n')).toEqual([
      'deny floor.kubernetes-delete-deployment: a Deployment is never deleted',
      '  read  kubernetes get pod',
      '  write host write file: log',
      '  write kubernetes delete deployment (force): web',
    ]);
  });

  it('prints one JSON document with --json', async () => {
    const { out } = await check('--json', 'kubectl get pods');
    expect(JSON.parse(out)).toMatchObject({ verdict: 'allow', rule: 'read.only', actions: [{ verb: 'get' }] });
  });

  it('reads a script from standard input', async () => {
    const ran = await holdpoint(['check', '-'], { stdin: 'set -e\nkubectl get pods\nterraform destroy\n' });
    expect(ran).toMatchObject({ status: 1, out: expect.stringContaining('floor.terraform-destroy') });
  });

  it.each([[[]], [['--jsonl', 'kubectl get pods']]])('is wrong use with %j', async (args) => {
    expect(await check(...args)).toMatchObject({ status: 2, out: '' });
  });
});

describe('check --jsonl', () => {
  it('writes one line for each line, in order, and never stops at a bad one', async () => {
    const lines = await jsonl(
      [
        '{"id":"a","command":"kubectl get pods"}',
        '{',
        '',
        'null',
        '{"id":7,"sql":"DROP TABLE a"}',
        '{"id":"c"}',
        '{"id":"d","command":"a","sql":"b"}',
        '{"id":"e","command":7}',
        '{"id":"f","tool":"postgres.activity","args":{"database":"orders"}}',
        '{"id":"g","command":"kubectl delete pod x","notes":"other fields are ignored"}',
      ].join('\n'),
    );
    expect(lines.map(({ id, verdict, rule }) => [id, verdict, rule])).toEqual([
      ['a', 'allow', 'read.only'],
      [null, 'deny', 'input.bad-line'],
      [null, 'deny', 'input.bad-line'],
      [null, 'deny', 'input.bad-line'],
      [7, 'deny', 'floor.sql-drop-table'],
      ['c', 'deny', 'input.bad-line'],
      ['d', 'deny', 'input.bad-line'],
      ['e', 'deny', 'input.bad-line'],
      ['f', 'allow', 'read.tool'],
      ['g', 'require_human', 'write.held'],
    ]);
  });

  it('answers a line that is longer than its bound, and goes on', async () => {
    const lines = await jsonl(`${'x'.repeat(1_100_000)}\n{"id":"b","command":"true"}\n`);
    expect(lines.map(({ id, rule }) => [id, rule])).toEqual([
      [null, 'input.too-long'],
      ['b', 'read.only'],
    ]);
  });

  it('answers exactly as many lines as it is given, whatever they hold', async () => {
    const command = fc.string({ unit: 'binary' }).map((text) => JSON.stringify({ id: 1, command: text }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.string(), fc.json(), command), { minLength: 1, maxLength: 20 }),
        async (texts) => {
          const given = texts.map((text) => text.replaceAll('\n', ' '));
          expect(await jsonl(`${given.join('\n')}\n`)).toHaveLength(given.length);
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});

describe('check --runbook', () => {
  const shipped = join(import.meta.dirname, '..', '..', 'runbooks', 'postgres-blocked-by-idle-transaction.yaml');
  const runbookWith = (entry: string): string => {
    const text = readFileSync(shipped, 'utf8');
    const file = join(mkdtempSync(join(tmpdir(), 'holdpoint-check-')), 'runbook.yaml');
    writeFileSync(file, text.replace(/never_allow: .*(\n\s+- .*)*/, `never_allow: [${entry}]`));
    return file;
  };

  it("applies the runbook's own list", async () => {
    const line = '{"id":"a","tool":"postgres.query","args":{"database":"orders","sql":"SELECT 1"}}';
    const [answer] = await jsonl(line, '--runbook', runbookWith('postgres.query'));
    expect(answer).toMatchObject({ verdict: 'deny', rule: 'runbook.never-allow' });
  });

  it.each([['no-such-file.yaml'], [runbookWith('no.suchTool')], [runbookWith('kubectl delete pod x')]])(
    'refuses %s, and judges nothing',
    async (file) => {
      const ran = await check('--runbook', file, 'kubectl get pods');
      expect(ran).toMatchObject({ status: 1, out: '' });
    },
  );
});
