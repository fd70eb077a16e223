import type { Nested, Program } from '../../../policies/never-allow/program.ts';
import { literal, textOf, type Word } from '../../../policies/never-allow/word.ts';

/** Words from text: `$X` is an expansion that may split, `"$X"` one that may not; `'a b'` and `''` are quoted. */
export const argv = (text: string): Word[] => (text.match(/(?:'[^']*'|"[^"]*"|\S)+/g) ?? []).map(wordOf);

function wordOf(text: string): Word {
  const bare = text.replace(/'([^']*)'|"([^"]*)"/g, (_, single, double) => single ?? double);
  const at = text.replace(/'[^']*'/g, (quoted) => '_'.repeat(quoted.length)).search(/[$*]/);
  if (at < 0) return literal(bare);
  const splits = !/"[^"]*\$/.test(text);
  return { kind: 'unknown', text, prefix: text.slice(0, at).replace(/["']/g, ''), splits };
}

/**
 * What a program's grammar says of a command line, in one line: `delete deployment`, with `?` before a read, modifiers in
 * parentheses, `> argv` for what is nested, `< manifest` for standard input; or the rule that it is unknown by.
 */
export function said(program: Program, text: string): string {
  const reading = program.read(argv(text));
  if (reading.kind === 'unknown') return reading.rule;
  const actions = reading.actions.map(({ verb, object, modifiers, effect }) =>
    [`${effect === 'read' ? '?' : ''}${verb}`, object, modifiers.length > 0 ? `(${modifiers.join(' ')})` : '']
      .filter((part) => part !== '')
      .join(' '),
  );
  const nested = reading.nested.map((one) => `> ${nestedText(one)}`);
  return [...actions, ...nested, ...(reading.stdin === 'data' ? [] : [`< ${reading.stdin}`])].join('; ');
}

const nestedText = (nested: Nested): string => {
  if (nested.kind === 'argv') return nested.argv.map(textOf).join(' ');
  return `${nested.kind}: ${wordsOf(nested).map(textOf).join(' ')}`;
};

function wordsOf(nested: Exclude<Nested, { kind: 'argv' }>): readonly Word[] {
  if (nested.kind === 'shell') return nested.words;
  if (nested.kind === 'script') return [nested.path];
  return [nested.kind === 'assignment' ? nested.value : nested.text];
}

/** A table of cases: each line is a command line, ` => `, and what is said of it. */
export const cases = (table: string): [string, string][] =>
  table
    .trim()
    .split('\n')
    .map((line) => {
      const [text = '', expected = ''] = line.split(' => ');
      return [text.trim(), expected.trim()];
    });
