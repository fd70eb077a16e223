import type { ToolCall } from '../contracts/action.ts';
import type { Card } from '../contracts/card.ts';
import { type Finding, placesMax, type ShownFinding } from '../contracts/finding.ts';
import { digestOf } from './digest.ts';
import type { LoadedRunbook } from './runbook.ts';

const countMax = 1_000_000;

/** What was found in an incident's evidence so far: whoever adds the same findings in the same order sees the same. */
export class FoundSoFar {
  private readonly counts = new Map<string, ShownFinding>();

  add(from: string, findings: readonly Finding[]): void {
    for (const finding of findings) this.count({ from, ...finding });
  }

  /** What is beyond `placesMax` is counted by its rule, at no place. */
  list(): readonly ShownFinding[] {
    return [...this.counts.values()].sort(
      (a, b) => compare(a.rule, b.rule) || compare(a.from, b.from) || compare(a.at, b.at),
    );
  }

  private count(found: ShownFinding): void {
    const isNew = !this.counts.has(keyOf(found));
    const full = isNew && this.counts.size >= placesMax;
    const one = full ? { ...found, from: '', at: '' } : found;
    const count = (this.counts.get(keyOf(one))?.count ?? 0) + found.count;
    this.counts.set(keyOf(one), { ...one, count: Math.min(count, countMax) });
  }
}

const keyOf = ({ from, rule, at }: ShownFinding): string => JSON.stringify([from, rule, at]);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** One finding in a line. Names in its place are outside text: they are escaped where they are shown. */
export const findingLine = ({ from, rule, at, count }: ShownFinding): string =>
  `${rule} ×${count}${at === '' ? '' : ` at ${at}`}${from === '' ? '' : ` of ${from}`}`;

type Call = Pick<ToolCall, 'tool' | 'args'>;

/**
 * Where each argument beside the target comes from. An argument that stands to the letter in a call of the runbook's own
 * playbook is the runbook's; of any other nobody can say more than that it came from outside.
 */
export function originsOf({ tool, args }: Call, { runbook }: LoadedRunbook): NonNullable<Card['origins']> {
  const written = runbook.playbook
    .flatMap((row) => ('calls' in row.do ? row.do.calls : []))
    .filter((call) => call.tool === tool);
  const others = Object.entries(args).filter(([name]) => name !== 'target');
  return Object.fromEntries(
    others.map(([name, value]) => {
      const isWritten = written.some(
        (call) =>
          Object.hasOwn(call.args, name) && digestOf({ value: call.args[name] ?? null }) === digestOf({ value }),
      );
      return [name, isWritten ? ('runbook' as const) : ('outside' as const)];
    }),
  );
}
