import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Approvers } from '../contracts/manifest.ts';
import { checkApprovers } from '../policies/approvers.ts';
import { type Finding, findingOf, type Linted, lintRunbooks } from '../policies/lint.ts';
import { firstIssue } from '../policies/signing.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { parseStrictYaml } from '../policies/strict-yaml.ts';
import { visible } from '../policies/visible.ts';
import { readRunbookFiles } from './local/runbook-files.ts';
import type { Register } from './shell/command.ts';
import { run, subcommand } from './shell/command.ts';
import type { Io } from './shell/io.ts';
import { readText } from './shell/read-text.ts';
import { exitDone, exitRefused, Refusal } from './shell/refusal.ts';

type Options = { readonly approvers?: string; readonly strict?: boolean; readonly json?: boolean };

const exitStatuses = `
Exit status: 0 nothing but warnings, 1 an error (with --strict also a warning), 2 wrong use.

docs/runbooks.md lists what is found.`;

/** `holdpoint runbook lint`: everything wrong with runbook files, alone and beside each other, as `file:line:column`. */
export const runbookLint: Register = (parent, { io, status }) => {
  subcommand(parent, 'lint', 'check runbook files, naming each fault by line and column', [
    'holdpoint runbook lint',
    'holdpoint runbook lint runbooks/*.yaml --strict --approvers approvers.yaml',
  ])
    .argument('[paths...]', 'runbook files, or folders of them (default: runbooks)')
    .option('--approvers <file>', 'the approver directory (default: approvers.yaml, where there is one)')
    .option('--strict', 'exit with 1 for warnings too')
    .addHelpText('after', exitStatuses)
    .action(
      run({ io, status }, async (paths: string[], options: Options) => {
        await loadSqlParser();
        const read = await readAll(io, paths.length === 0 ? ['runbooks'] : paths);
        const linted = lintRunbooks(read.texts, await findApprovers(io, options.approvers));
        const findings = [...read.findings, ...linted.findings];
        const ok = findings.every(({ level }) => level === 'warning' && options.strict !== true);
        if (options.json === true) io.out(JSON.stringify({ ok, files: linted.files, findings }));
        else for (const line of render(io, linted, findings)) io.out(line);
        return ok ? exitDone : exitRefused;
      }),
    );
};

type Texts = {
  readonly texts: readonly { readonly file: string; readonly text: string }[];
  readonly findings: Finding[];
};

/** One file that cannot be read is a finding: the others are checked all the same. */
async function readAll({ cwd }: Io, paths: readonly string[]): Promise<Texts> {
  const texts: { file: string; text: string }[] = [];
  const findings: Finding[] = [];
  for (const path of paths) {
    const at = resolve(cwd, path);
    try {
      const isFolder = (await stat(at).catch(() => null))?.isDirectory() === true;
      if (!isFolder) texts.push({ file: path, text: await readText(at) });
      else for (const { file, text } of await readRunbookFiles(at)) texts.push({ file: join(path, file), text });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const place = { file: path, line: 1, column: 1, field: '(file)' };
      findings.push(findingOf({ rule: 'file.unreadable', ...place, message: error.message }));
    }
  }
  return { texts, findings };
}

/** The directory that was named, or else `approvers.yaml` beside the caller; null when there is none to be found. */
async function findApprovers({ cwd }: Io, named: string | undefined): Promise<Approvers | null> {
  const file = resolve(cwd, named ?? 'approvers.yaml');
  if (named === undefined && (await stat(file).catch(() => null)) === null) return null;
  const yaml = parseStrictYaml(await readText(file));
  const shown = visible(named ?? 'approvers.yaml', 300);
  if (!yaml.ok) throw unreadable(`${shown}:${yaml.place.line}:${yaml.place.column}: ${yaml.reason}`);
  const parsed = Approvers.safeParse(yaml.value);
  if (parsed.success) {
    checkApprovers(parsed.data, {});
    return parsed.data;
  }
  const { line, column } = yaml.placeOf(parsed.error.issues[0]?.path ?? []);
  throw unreadable(`${shown}:${line}:${column}: ${firstIssue(parsed.error)}`);
}
const unreadable = (message: string): Refusal =>
  new Refusal('BAD_INPUT', message, 'mend the directory, or name another with --approvers');

function render({ paint }: Io, { files }: Linted, findings: readonly Finding[]): string[] {
  const clean = files.filter(({ file, id }) => id !== null && findings.every((finding) => finding.file !== file));
  return [
    ...clean.map(({ file, id, digest }) => `${file}: ${paint.green('ok')} ${id} ${digest}`),
    ...findings.flatMap(({ file, line, column, level, rule, field, message, next }) => {
      const shown = (level === 'error' ? paint.red : paint.yellow)(level);
      const what = visible(message, 400);
      return [
        `${visible(file, 300)}:${line}:${column}: ${shown} ${rule}: \`${visible(field, 200)}\`: ${what}`,
        `  next: ${next}`,
      ];
    }),
  ];
}
