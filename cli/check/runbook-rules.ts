import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Forbids } from '../../policies/never-allow/judge-command.ts';
import { compileEntries, forbidsBy } from '../../policies/never-allow/matcher.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { visible } from '../../policies/visible.ts';
import type { Io } from '../shell/io.ts';
import { Refusal } from '../shell/refusal.ts';

/** The never_allow list of a runbook file as a rule. Throws a `Refusal` for a file or an entry that cannot be read. */
export async function runbookRules(io: Pick<Io, 'cwd'>, file: string): Promise<Forbids> {
  const text = await readFile(resolve(io.cwd, file), 'utf8').catch(() => null);
  if (text === null)
    throw new Refusal('NOT_FOUND', `no file \`${visible(file, 300)}\``, 'name a runbook with --runbook');
  const { runbook } = parseRunbook(text, file);
  const compiled = compileEntries(runbook.action_boundary.never_allow);
  if (compiled.ok) return forbidsBy(compiled.matchers);
  const [first] = compiled.faults;
  throw new Refusal(
    'RUNBOOK_INVALID',
    `${visible(file, 300)}: never_allow entry ${(first?.index ?? 0) + 1}: ${first?.reason ?? ''}`,
    'mend the entry, then `holdpoint runbook lint FILE`',
  );
}
