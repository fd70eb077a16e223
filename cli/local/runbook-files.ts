import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { readText } from '../shell/read-text.ts';
import { Refusal } from '../shell/refusal.ts';

export type RunbookFile = { readonly file: string; readonly text: string };

/** The runbook files of a folder, by name. Throws `Refusal` NOT_FOUND when there is none. */
export async function readRunbookFiles(dir: string): Promise<RunbookFile[]> {
  const names = (await readdir(dir).catch(() => [])).filter((name) => /\.ya?ml$/.test(name)).sort();
  if (names.length === 0)
    throw new Refusal(
      'NOT_FOUND',
      `no runbook in \`${dir}\``,
      'put a runbook there, or name another folder with --runbooks',
    );
  return Promise.all(names.map(async (name) => ({ file: name, text: await readText(join(dir, name)) })));
}

/** Each of them parsed. Throws `RUNBOOK_INVALID` naming file, line, column and field. */
export async function loadRunbookFiles(files: readonly RunbookFile[]): Promise<LoadedRunbook[]> {
  await loadSqlParser();
  return files.map(({ file, text }) => parseRunbook(text, file));
}

/**
 * The runbooks of a folder that one executor of this role can run, loaded too. An incident of another would wait for an
 * executor that is not there. Throws `Refusal` NOT_FOUND when none is left, and `RUNBOOK_INVALID` for any file.
 */
export async function readRunbooksOf(
  role: string,
  dir: string,
): Promise<{ readonly files: RunbookFile[]; readonly loaded: LoadedRunbook[]; readonly others: readonly string[] }> {
  const files = await readRunbookFiles(dir);
  const all = (await loadRunbookFiles(files)).map((loaded, at) => ({ file: files[at] as RunbookFile, loaded }));
  const own = all.filter(({ loaded }) => loaded.runbook.identity.role === role);
  if (own.length === 0)
    throw new Refusal('NOT_FOUND', `no runbook of role \`${role}\` in \`${dir}\``, 'name the role of one with --role');
  return {
    files: own.map(({ file }) => file),
    loaded: own.map(({ loaded }) => loaded),
    others: all.filter((one) => !own.includes(one)).map(({ loaded }) => loaded.id),
  };
}
