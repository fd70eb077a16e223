import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../cli/program.ts';
import { fakeIo, hasStack, holdpoint } from './under-test.ts';

const leaves = (command: Command, path: string[] = []): string[][] =>
  command.commands.flatMap((sub) =>
    sub.commands.length === 0 ? [[...path, sub.name()]] : leaves(sub, [...path, sub.name()]),
  );
const commands = leaves(createProgram(fakeIo(), () => undefined));

describe('every command', () => {
  it('is there', () => {
    expect(commands.map((path) => path.join(' ')).sort()).toEqual([
      'approve',
      'check',
      'completion',
      'demo',
      'dev',
      'incidents',
      'kill',
      'manifest show',
      'manifest sign',
      'manifest verify',
      'normalize',
      'raise',
      'reject',
      'resume',
      'runbook demote',
      'runbook grade',
      'runbook grant',
      'runbook lint',
      'runbook promote',
      'runbook rbac',
      'runbook revoke',
      'runbook status',
      'runbook trip-reset',
      'runbook waive',
      'sanitize',
      'show',
      'sign',
      'verify',
    ]);
  });

  it.each(commands)('%s %s explains itself with an example and offers --json', async (...path) => {
    const ran = await holdpoint([...path.filter(Boolean), '--help']);
    expect(ran.status).toBe(0);
    expect(ran.out).toContain('Example:\n  $ ');
    expect(ran.out).toContain('--json');
  });

  it.each(commands)('%s %s refuses an unknown option as wrong use, with a next step', async (...path) => {
    const ran = await holdpoint([...path.filter(Boolean), '--no-such-option']);
    expect(ran.status).toBe(2);
    expect(ran.err).toContain('next: ');
    expect(hasStack(ran)).toBe(false);
  });
});

describe('wrong use', () => {
  const wrong: [string, string[]][] = [
    ['no command', []],
    ['an unknown command', ['frobnicate']],
    ['a group alone', ['runbook']],
    ['an unknown subcommand', ['runbook', 'frobnicate']],
    ['sign without a digest', ['sign', 'incident/alertmanager/1']],
    ['sign with one bare digest', ['sign', 'a'.repeat(64)]],
    ['approve with nothing', ['approve']],
    ['kill without a scope', ['kill', '--reason', 'r']],
    ['kill with two scopes', ['kill', '--all', '--runbook', 'r', '--reason', 'r']],
    ['kill without a reason', ['kill', '--all']],
    ['normalize without --jsonl', ['normalize']],
    ['completion for an unknown shell', ['completion', 'tcsh']],
    ['raise with a label that is no pair', ['raise', 'A', '--label', 'x', '--url', 'http://127.0.0.1:1']],
    ['incidents with a limit that is no number', ['incidents', '--limit', 'many']],
    ['verify without an archive', ['verify']],
    ['grade without a verdict', ['runbook', 'grade', 'a'.repeat(64)]],
    ['grade with half a digest', ['runbook', 'grade', 'a'.repeat(12), 'correct', '--reason', 'r']],
    ['grade with another word', ['runbook', 'grade', 'a'.repeat(64), 'good', '--reason', 'r']],
    ['grade without a reason', ['runbook', 'grade', 'a'.repeat(64), 'wrong']],
    ['promote without a ring', ['runbook', 'promote', 'r']],
    ['promote to ring 0', ['runbook', 'promote', 'r', '--ring', '0']],
    ['demote to ring 2', ['runbook', 'demote', 'r', '--ring', '2']],
    ['grant without an end', ['runbook', 'grant', 'r', 't', '--count', '1']],
    ['grant without a count', ['runbook', 'grant', 'r', 't', '--until', '7d']],
    ['grant with an end that is none', ['runbook', 'grant', 'r', 't', '--until', 'soon', '--count', '1']],
    ['grant with a count that is none', ['runbook', 'grant', 'r', 't', '--until', '7d', '--count', '0']],
    [
      'grant with a scope that is none',
      ['runbook', 'grant', 'r', 't', '--until', '7d', '--count', '1', '--scope', 'x'],
    ],
    ['revoke without a record', ['runbook', 'revoke']],
    ['trip-reset without a breaker', ['runbook', 'trip-reset']],
    ['trip-reset of two breakers', ['runbook', 'trip-reset', 'r', '--all']],
  ];

  it.each(wrong)('answers 2 to %s', async (name, argv) => {
    // The last needs no home folder; the others must not look for one before they complain.
    const ran = await holdpoint(argv, { env: { HOLDPOINT_HOME: '' }, cwd: '/nonexistent' });
    expect([name, ran.status]).toEqual([name, 2]);
    expect(ran.err).toContain('next: ');
    expect(hasStack(ran)).toBe(false);
  });

  it('is told as JSON too, when JSON was asked for', async () => {
    const ran = await holdpoint(['kill', '--json', '--reason', 'r']);
    expect(JSON.parse(ran.out)).toMatchObject({ ok: false, error: { code: 'WRONG_USE' } });
    expect(ran.status).toBe(2);
  });
});

describe('refusals', () => {
  it('answers 1 when no Temporal server is there, and says which address was tried', async () => {
    const ran = await holdpoint(['incidents'], { env: { HOLDPOINT_HOME: '', TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    expect(ran.status).toBe(1);
    expect(ran.err).toContain('TEMPORAL_AWAY');
    expect(ran.err).toContain('127.0.0.1:1');
    expect(ran.err).toContain('next: ');
    expect(hasStack(ran)).toBe(false);
  });

  it('answers 1 when the named home has no client file', async () => {
    const ran = await holdpoint(['runbook', 'status']);
    expect(ran.status).toBe(1);
    expect(ran.err).toContain('holdpoint.json');
  });
});

describe('colours', () => {
  it('are not printed into a pipe, nor where NO_COLOR is set, nor on a dumb terminal', async () => {
    const { coloursFor } = await import('../../cli/shell/io.ts');
    expect(coloursFor(false, {}).red('x')).toBe('x');
    expect(coloursFor(true, { NO_COLOR: '1' }).red('x')).toBe('x');
    expect(coloursFor(true, { TERM: 'dumb' }).red('x')).toBe('x');
    expect(coloursFor(true, {}).red('x')).not.toBe('x');
  });
});
