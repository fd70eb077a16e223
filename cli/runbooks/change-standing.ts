import { postStatements } from '../../activities/record/client.ts';
import { askStatus } from '../../activities/record/windows.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import type { Subject } from '../../contracts/statement.ts';
import { gradesLine, ringLine } from '../../gateway/shown/ring-words.ts';
import type { Rules } from '../../policies/manifest.ts';
import type { ClientConfig } from '../client-config.ts';
import { doorOf } from '../client-config.ts';
import { answer } from '../shell/command.ts';
import type { Io } from '../shell/io.ts';
import { type ExitStatus, exitDone } from '../shell/refusal.ts';
import type { OutsideOptions } from '../statements/outside-statement.ts';
import { signOutside } from '../statements/outside-statement.ts';

export type ChangeOptions = OutsideOptions & { readonly json?: boolean };
export type Change = {
  readonly subject: Exclude<Subject, { type: 'action' | 'resume' }>;
  /** Its effect in words: what is shown beside the statement, before anybody signs. */
  readonly effect: readonly string[];
  /** What the answer begins with: `graded`, `promoted` … */
  readonly done: string;
  /** The runbook whose standing it changes; null for all of them. */
  readonly runbook: string | null;
};

/**
 * A signed change of standing from start to end: shows the whole statement, its effect and whose power it takes, asks, signs,
 * posts, and says what the log says now. Throws `Refusal`, `WrongUse`, or the recorder's code.
 */
export async function changeStanding(
  io: Io,
  config: ClientConfig,
  { subject, effect, done, runbook }: Change,
  { rules, options }: { readonly rules: Rules; readonly options: ChangeOptions },
): Promise<ExitStatus> {
  const statements = await signOutside(io, config, subject, options, [...effect, powerLine(rules, subject.type)]);
  if (statements === null) return exitDone;
  const record = await postStatements(doorOf(config), statements);
  const after = runbook === null ? null : await statusAfter(config, runbook);
  const { standing = null, grades = null } = after ?? {};
  return answer(io, options.json, { ok: true, ...subject, record, standing, grades }, () => {
    io.out(`${io.paint.green(done)}: record ${record.seq}, ${record.hash}`);
    if (after !== null)
      io.out(`${runbook}: ${subject.type === 'grade' ? gradesLine(after.grades) : ringLine(after.standing)}`);
  });
}

function powerLine({ powers }: Rules, type: Exclude<Subject['type'], 'action'>): string {
  const { quorum, groups } = powers.types[type];
  const others = quorum === 1 ? '' : '; the others sign the same with --print, and you pass their files with --with';
  return `takes ${quorum} of ${groups.join(', ')}${others}`;
}

/** The change is in the log by now: whatever keeps its result from being read takes nothing back. */
async function statusAfter(config: ClientConfig, runbook: string): Promise<RunbookStatus | null> {
  try {
    return await askStatus(doorOf(config), runbook);
  } catch {
    return null;
  }
}
