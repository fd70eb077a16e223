import { type OptionSpec, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import { literalOf, type Word } from '../word.ts';

/** Options of a program that runs the command after them. */
export type WrapperOptions = {
  /** Short and long, without dashes. */
  readonly valued?: string;
  readonly flags?: string;
  /** Words before the command: the seconds of `timeout`, the root of `chroot`. */
  readonly skip?: number;
};

const namesIn = (list = ''): ReadonlySet<string> => new Set(list.split(' ').filter((name) => name !== ''));

export const getopt = ({ valued, flags }: WrapperOptions): OptionSpec => ({
  style: 'getopt',
  valued: namesIn(valued),
  flags: new Set([...namesIn(flags), 'help', 'version']),
});

/** Words up to the command that a wrapper runs; null when an option before it cannot be decided. */
export function commandAfter(argv: readonly Word[], options: WrapperOptions): readonly Word[] | null {
  const parsed = parseOptions(argv, getopt(options), true);
  if (parsed.undecided.length > 0) return null;
  const words = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  const skipped = words.slice(0, options.skip ?? 0);
  // A word that may vanish moves the command.
  return skipped.some((word) => word.kind === 'unknown' && word.splits) ? null : words.slice(options.skip ?? 0);
}

export const undecided = (name: string): Reading =>
  unknown('unknown.option', `an option of \`${name}\` before the command that it runs cannot be decided`);

/** A program that runs the command after its options, and changes nothing else that matters. */
export const wrapper = (names: string, options: WrapperOptions): Program => {
  const all = names.split(' ');
  return {
    names: all,
    read: (argv) => {
      const command = commandAfter(argv, options);
      if (command === null) return undecided(all[0] ?? '');
      return reading([], command.length === 0 ? [] : [{ kind: 'argv', argv: command }]);
    },
  };
};

/** Leading NAME=VALUE words, and what follows them. */
export function takeAssignments(argv: readonly Word[]): { readonly set: Nested[]; readonly rest: readonly Word[] } {
  const set: Nested[] = [];
  for (const [at, word] of argv.entries()) {
    const known = word.kind === 'literal' ? word.value : word.splits ? '' : word.prefix;
    const name = /^([^=]+)=/.exec(known)?.[1];
    if (name === undefined) return { set, rest: argv.slice(at) };
    set.push({ kind: 'assignment', name, value: word });
  }
  return { set, rest: [] };
}

export const firstLiteral = (argv: readonly Word[]): string | null => literalOf(argv[0]);
