import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { boundaryOf } from '../../policies/boundary.ts';
import type { Forbids } from '../../policies/never-allow/judge-command.ts';
import { forbidsBy } from '../../policies/never-allow/matcher.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import { visible } from '../../policies/visible.ts';
import type { Io } from '../shell/io.ts';
import { Refusal } from '../shell/refusal.ts';

/** The never_allow list of a runbook file as a rule. Throws for a file that cannot be read or does not load, saying where. */
export async function runbookRules(io: Pick<Io, 'cwd'>, file: string): Promise<Forbids> {
  const text = await readFile(resolve(io.cwd, file), 'utf8').catch(() => null);
  if (text === null)
    throw new Refusal('NOT_FOUND', `no file \`${visible(file, 300)}\``, 'name a runbook with --runbook');
  return forbidsBy(boundaryOf(parseRunbook(text, file).runbook).neverAllow);
}
