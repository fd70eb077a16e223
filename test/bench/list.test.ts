import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const bench = (...args: string[]) => {
  const entry = ['--import', 'tsx', join('bench', 'run.ts')];
  return spawnSync(process.execPath, [...entry, ...args], { cwd: root, encoding: 'utf8', timeout: 60_000 });
};
const names = [
  'overhead',
  'history',
  'workflow-memory',
  'gate',
  'gate-cedar',
  'command',
  'sanitize',
  'audit',
  'verify',
];

describe('the benchmarks', () => {
  it('names them, one a line', () => {
    const { status, stdout } = bench('--list');
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(names);
  }, 60_000);

  it.each([
    ['no name', []],
    ['an unknown option', ['overhead', '--fast']],
    ['rounds that are no number', ['overhead', '--rounds', 'many']],
    ['more rounds than the limits let through', ['overhead', '--rounds', '1000']],
  ])(
    'measures nothing for %s',
    (_, args) => {
      const { status, stdout, stderr } = bench(...args);
      expect(status).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).not.toMatch(/\n\s+at .+:\d+:\d+/);
    },
    60_000,
  );

  it('answers an unknown name with those that there are', () => {
    const { status, stdout, stderr } = bench('no-such-bench');
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n').slice(1)).toEqual(names);
  }, 60_000);
});
