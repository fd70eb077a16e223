import { parseOptions } from '../options.ts';
import { type Nested, type Program, reading, unknown } from '../program.ts';
import { literal, literalOf, type Word } from '../word.ts';
import { getopt, takeAssignments, undecided } from './wrapper.ts';

const options = getopt({
  valued: 'u unset C chdir S split-string P a argv0',
  flags: 'i ignore-environment 0 null v debug block-signal default-signal ignore-signal list-signal-handling',
});

/** `env`: variables, then the command that sees them. `-S` cuts one word into several, by rules of its own. */
export const env: Program = {
  names: ['env', 'genv'],
  read: (argv) => {
    const parsed = parseOptions(argv, options, true);
    if (parsed.undecided.length > 0) return undecided('env');
    const split = parsed.options.filter(({ name }) => name === 'S' || name === 'split-string');
    const words = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    const dash = literalOf(words[0]) === '-' ? words.slice(1) : words;
    const cut = split.map(({ value }) => splitString(value));
    if (cut.includes(null)) return unknown('unknown.option', '`env -S` of a text that cannot be followed');
    // What `-S` makes may again begin with options.
    if (cut.length > 0) return env.read([...cut.flatMap((made) => made ?? []), ...dash]);
    const { set, rest } = takeAssignments(dash);
    const command: Nested[] = rest.length === 0 ? [] : [{ kind: 'argv', argv: rest }];
    return reading([], [...set, ...command]);
  },
};

/** Words at blanks, with plain quotes; null where escapes, variables or comments would change them. */
function splitString(value: Word | null): Word[] | null {
  const text = value === null ? null : literalOf(value);
  if (text === null || /[\\$#]/.test(text)) return null;
  const words = text.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  if (/['"]/.test(text.replace(/'[^']*'|"[^"]*"/g, ''))) return null;
  return words.map((word) => literal(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2')));
}
