import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { RunbookFault } from '../policies/runbook.ts';
import { faultLine, inspectRunbook } from '../policies/runbook.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { exitDone, exitRefused } from './shell/refusal.ts';

type Linted = {
  readonly file: string;
  readonly ok: boolean;
  readonly id: string | null;
  readonly digest: string | null;
  readonly faults: readonly RunbookFault[];
};

/** `holdpoint runbook lint`: every fault of every file, as `file:line:column`. */
export const runbookLint: Register = (parent, { io, status }) => {
  subcommand(parent, 'lint', 'check runbook files, naming each fault by line and column', [
    'holdpoint runbook lint runbooks/*.yaml',
  ])
    .argument('<files...>', 'runbook files')
    .action(
      run({ io, status }, async (files: string[], options: { json?: boolean }) => {
        const linted = await Promise.all(files.map((file) => lintFile(io, file)));
        if (options.json === true) io.out(JSON.stringify(linted));
        else for (const line of linted.flatMap((one) => render(io, one))) io.out(line);
        return linted.every(({ ok }) => ok) ? exitDone : exitRefused;
      }),
    );
};

async function lintFile(io: Io, file: string): Promise<Linted> {
  const text = await readFile(resolve(io.cwd, file), 'utf8').catch(() => null);
  if (text === null) {
    const fault = {
      rule: 'file.unreadable' as const,
      file,
      line: 1,
      column: 1,
      field: '(file)',
      message: 'expected a file that can be read',
    };
    return { file, ok: false, id: null, digest: null, faults: [fault] };
  }
  const inspected = inspectRunbook(text, file);
  if (inspected.kind === 'faulty') return { file, ok: false, id: null, digest: null, faults: inspected.faults };
  const { id, digest } = inspected.loaded;
  return { file, ok: true, id, digest, faults: [] };
}

const render = (io: Io, linted: Linted): string[] =>
  linted.ok
    ? [`${linted.file}: ${io.paint.green('ok')} ${linted.id} ${linted.digest}`]
    : linted.faults.map((fault) => io.paint.red(faultLine(fault)));
