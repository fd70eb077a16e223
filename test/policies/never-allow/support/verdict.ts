import type { Program, Reading } from '../../../../policies/never-allow/program.ts';
import { readSql } from '../../../../policies/never-allow/sql-actions.ts';
import type { TypedAction } from '../../../../policies/never-allow/typed-action.ts';
import { literal, type Word } from '../../../../policies/never-allow/word.ts';

/** What a reading amounts to by itself: a floor action, something undecidable, another language inside, a write or a read. */
export type Verdict = 'floor' | 'nested' | 'write' | 'read' | `unknown.${string}`;

const isFloor = ({ system, verb, object, modifiers }: TypedAction): boolean =>
  (system === 'sql' && verb === 'drop' && (object === 'table' || modifiers.includes('tables'))) ||
  (system === 'terraform' && (verb === 'destroy' || (verb === 'apply' && modifiers.includes('deletes')))) ||
  (system === 's3' && verb === 'delete' && modifiers.includes('recursive'));

/** Nested SQL is read here, as the shell walker does; nested shell and code are for the walker, and are told apart. */
export function verdictOf(reading: Reading): Verdict {
  if (reading.kind === 'unknown') return reading.rule as Verdict;
  const inner = reading.nested.map((nested) =>
    nested.kind === 'sql' && nested.text.kind === 'literal' ? verdictOf(readSql(nested.text.value)) : 'nested',
  );
  const lost = inner.find((verdict) => verdict.startsWith('unknown.'));
  if (reading.actions.some(isFloor) || inner.includes('floor')) return 'floor';
  if (lost !== undefined) return lost;
  if (inner.includes('nested')) return 'nested';
  return reading.actions.some(({ effect }) => effect === 'write') || inner.includes('write') ? 'write' : 'read';
}

/** A word of a test's command line: `$X` stands for an unquoted expansion, `"$X"` and `--option="$X"` for a quoted one. */
export function wordOf(text: string): Word {
  const at = text.search(/"?\$/);
  if (at < 0) return literal(text);
  return { kind: 'unknown', text, prefix: text.slice(0, at), splits: text[at] !== '"' };
}

/** The verdict on words that stand apart by blanks; `…` inside a word stands for a blank. */
export const verdictOn = (program: Program, line: string): Verdict =>
  verdictOf(
    program.read(
      line
        .split(' ')
        .filter((text) => text !== '')
        .map((text) => wordOf(text.replaceAll('…', ' '))),
    ),
  );
