import { HoldpointError } from '../contracts/errors.ts';
import type { Runbook } from '../contracts/runbook.ts';
import type { ToolContract } from '../contracts/tools/contract.ts';
import { derivedOnce } from './derived-once.ts';
import { compileEntries, type Matcher, matches } from './never-allow/matcher.ts';
import { toolActions } from './never-allow/tool-actions.ts';

type ActionBoundary = Runbook['action_boundary'];
/** A runbook's boundary as the matchers that its words come to. */
export type Boundary = { readonly neverAllow: readonly Matcher[]; readonly requireHuman: readonly Matcher[] };

/** By the lists themselves, so that no runbook is ever judged by what another one's words came to. */
const compiledOnce = derivedOnce(
  ({ never_allow, require_human }: ActionBoundary): Boundary =>
    Object.freeze({ neverAllow: compiled(never_allow), requireHuman: compiled(require_human) }),
);

/** The compiled boundary of a runbook. Throws `RUNBOOK_INVALID` for an entry that cannot be compiled: its judges then deny. */
export const boundaryOf = ({ action_boundary }: Pick<Runbook, 'action_boundary'>): Boundary =>
  compiledOnce(action_boundary);

function compiled(entries: readonly string[]): readonly Matcher[] {
  const list = compileEntries(entries);
  if (list.ok) return Object.freeze(list.matchers);
  throw new HoldpointError('RUNBOOK_INVALID', `action boundary: ${list.faults[0]?.reason ?? 'expected other entries'}`);
}

/** The entry of a list that a tool falls under, by its name or by anything that it does; null when none does. */
export const entryOn = (matchers: readonly Matcher[], contract: ToolContract): string | null =>
  entriesOf(matchers)(contract);

const entriesOf = derivedOnce((matchers: readonly Matcher[]) =>
  derivedOnce((contract: ToolContract) => {
    const actions = toolActions(contract);
    const found = matchers.find((matcher) => actions.some((action) => matches(matcher, action)));
    return found?.entry ?? null;
  }),
);
