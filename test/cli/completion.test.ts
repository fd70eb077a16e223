import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { holdpoint } from './under-test.ts';

/** What bash offers after these words, by the printed script itself. */
async function offered(words: string[]): Promise<string[]> {
  const { out: script } = await holdpoint(['completion', 'bash']);
  const list = ['holdpoint', ...words].map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length}; _holdpoint; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split('\n').sort();
}

describe('completion', () => {
  it('offers the commands that begin so', async () => {
    expect(await offered(['re'])).toEqual(['reject', 'resume']);
    expect(await offered(['runbook', ''])).toContain('waive');
  });

  it('offers the options of the very command, behind its arguments too', async () => {
    expect(await offered(['runbook', 'waive', 'some-id', '--r'])).toEqual(['--reason', '--ring']);
    expect(await offered(['demo', '--k'])).toEqual(['--keep']);
  });

  it('never takes an argument for a command', async () => {
    expect(await offered(['show', 'demo', '--w'])).toEqual(['--watch']);
  });

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s that names every command', async (shell) => {
    const ran = await holdpoint(['completion', shell]);
    expect(ran.status).toBe(0);
    for (const name of ['demo', 'sign', 'resume', 'verify', 'waive']) expect(ran.out).toContain(name);
  });

  it('prints one JSON document when asked', async () => {
    const ran = await holdpoint(['completion', 'fish', '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({ shell: 'fish' });
  });
});
