import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeApprover, soleApprover } from '../../cli/local/approver.ts';
import type { Given } from './under-test.ts';
import { hasStack, holdpoint } from './under-test.ts';

const shipped = join(import.meta.dirname, '..', '..', 'runbooks');
const name = 'postgres-blocked-by-idle-transaction.yaml';

describe('holdpoint runbook lint', () => {
  let dir: string;
  let given: Given;
  let text: string;
  const lint = (...argv: string[]) => holdpoint(['runbook', 'lint', ...argv], given);
  const write = (file: string, content: string | Buffer) => writeFile(join(dir, file), content);

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-lint-'));
    given = { cwd: dir };
    text = await readFile(join(shipped, name), 'utf8');
    await mkdir(join(dir, 'runbooks'));
    await write('runbooks/one.yaml', text);
    await write('warned.yaml', text.replace('writesPerIncidentMax: 2', 'writesPerIncidentMax: 3'));
    await write('bad.yaml', text.replace('quorum: 1', 'quorum: 0').replace('dry_run_days: 14', 'dry_run_days: 1'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  it('checks what is shipped, and finds nothing', async () => {
    expect(await lint(shipped, '--strict')).toMatchObject({ status: 0, err: '' });
  });

  it('checks the folder runbooks, where nothing is named', async () => {
    expect(await lint()).toMatchObject({ status: 0, out: expect.stringContaining('runbooks/one.yaml: ok') });
  });

  it('exits with 1 for an error, naming file, line, column, rule, field and the next step', async () => {
    const ran = await lint('bad.yaml', 'runbooks');
    expect(ran.status).toBe(1);
    expect(ran.out).toMatch(/^bad\.yaml:\d+:11: error schema\.bad-value: `approvers\.quorum`: /m);
    expect(ran.out).toMatch(/^bad\.yaml:\d+:15: error schema\.bad-value: `dry_run_days`: /m);
    expect(ran.out).toMatch(/^ {2}next: /m);
    expect(ran.out).toMatch(/^runbooks\/one\.yaml: ok /m);
  });

  it('exits with 0 for a warning, and with 1 where it is strict', async () => {
    expect(await lint('warned.yaml')).toMatchObject({ status: 0, out: expect.stringContaining(': warning limits.') });
    expect((await lint('warned.yaml', '--strict')).status).toBe(1);
  });

  it('compares every file with every other', async () => {
    const ran = await lint('runbooks', 'warned.yaml', '--json');
    const { ok, files, findings } = JSON.parse(ran.out) as {
      ok: boolean;
      files: unknown[];
      findings: { rule: string }[];
    };
    expect([ran.status, ok, files.length]).toEqual([1, false, 2]);
    expect(findings.map(({ rule }) => rule)).toContain('runbook.repeated-id');
  });

  it('takes the approver directory that is beside it, and the one that is named', async () => {
    const approver = await makeApprover('first', join(dir, 'id'));
    const ssh = soleApprover(approver, []).people[0]?.ssh[0] ?? '';
    const people = (group: string) =>
      JSON.stringify({ v: 1, people: [{ person: 'first', groups: [group], ssh: [ssh] }] });
    await write('approvers.yaml', people('others'));
    await write('own.yaml', people('oncall'));
    expect((await lint()).out).toContain('approvers.unknown-group');
    expect((await lint('--approvers', 'own.yaml')).status).toBe(0);
    await write('approvers.yaml', 'v: 1\npeople: []\n');
    expect(await lint()).toMatchObject({ status: 1, err: expect.stringContaining('approvers.yaml:2:9') });
    await rm(join(dir, 'approvers.yaml'));
    expect((await lint('--approvers', 'none.yaml')).status).toBe(1);
  });

  it.each([
    ['is not there', null],
    ['is no text', Buffer.from([0x76, 0xff, 0xfe])],
    ['has no end to speak of', Buffer.alloc(1_100_000, 0x23)],
  ])('goes on after a file that %s', async (_title, content) => {
    if (content !== null) await write('odd.yaml', content);
    const ran = await lint('odd.yaml', 'runbooks');
    await rm(join(dir, 'odd.yaml'), { force: true });
    expect(ran.status).toBe(1);
    expect(ran.out).toMatch(/^odd\.yaml:1:1: error file\.unreadable/m);
    expect(ran.out).toMatch(/^runbooks\/one\.yaml: ok /m);
    expect(hasStack(ran)).toBe(false);
  });
});
