import { resolve } from 'node:path';
import { boundaryOf } from '../../policies/boundary.ts';
import type { Forbids } from '../../policies/never-allow/judge-command.ts';
import { forbidsBy } from '../../policies/never-allow/matcher.ts';
import { parseRunbook } from '../../policies/runbook.ts';
import type { Io } from '../shell/io.ts';
import { readText } from '../shell/read-text.ts';

/** The never_allow list of a runbook file as a rule. Throws for a file that cannot be read or does not load, saying where. */
export async function runbookRules(io: Pick<Io, 'cwd'>, file: string): Promise<Forbids> {
  const text = await readText(resolve(io.cwd, file));
  return forbidsBy(boundaryOf(parseRunbook(text, file).runbook).neverAllow);
}
