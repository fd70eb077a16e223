import type { PlaybookRow, Runbook } from '../../contracts/runbook.ts';
import { type Fault, fault } from '../runbook-faults.ts';
import { implies, neverHolds } from './condition-logic.ts';

/** Rows that no incident can come to, as far as that is certain. `never` are tools that are never executed. */
export const deadRows = ({ playbook }: Runbook, never: (tool: string) => boolean): readonly Fault[] =>
  playbook.flatMap((row, index) => {
    const path = ['playbook', index, 'when'];
    const impossible = neverHolds(row.when, never);
    if (impossible !== null) return [fault('playbook.impossible-condition', path, `it can never hold: ${impossible}`)];
    const before = playbook.slice(0, index).find((earlier) => shadows(earlier, row));
    return before === undefined ? [] : [fault('playbook.unreachable-row', path, reasonOf(before))];
  });

/**
 * Whether `earlier` takes every incident that `later` could: it applies whenever `later` does, and either concludes, or is
 * left alone only for an answer to one of its tools, for which `later`, that needs all of them, is left alone too.
 */
function shadows(earlier: PlaybookRow, later: PlaybookRow): boolean {
  if (!implies(later.when, earlier.when)) return false;
  if ('conclude' in earlier.do) return true;
  if ('conclude' in later.do) return false;
  const needed = new Set(later.do.calls.map(({ tool }) => tool));
  return earlier.do.calls.every(({ tool }) => needed.has(tool));
}

const reasonOf = (earlier: PlaybookRow): string =>
  `no incident comes to this row: whenever it applies, row \`${earlier.id}\` applies and ${
    'conclude' in earlier.do ? 'concludes' : 'calls the same tools'
  } before it`;
