import { type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unlisted } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';
import { type Reader, type Reads, readers } from './read-tables.ts';

/*
 * Programs of which only reading uses are listed. Canonical names: system `host`, verb the program's name, object the
 * command (`log`, `route show`). INVARIANT: every word of such a use is accounted for; with one option, command or argument
 * that the table does not have, the program is one that nobody lists, and whatever its words may be is tried.
 */

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const specOf = (
  style: OptionSpec['style'],
  { valued = '', flags = '' }: Pick<Reads, 'valued' | 'flags'>,
): OptionSpec => ({
  style,
  valued: new Set(words(valued)),
  flags: new Set(words(flags)),
});

type Command = Reads & { readonly path: readonly string[]; readonly spec: OptionSpec };

function program(table: Reader): Program {
  const names = words(table.names);
  const spec = specOf(table.style, table);
  // The longest path first: `stash list` is looked for before `stash`.
  const commands = table.commands
    .flatMap((one): Command[] =>
      one.paths.split('|').map((path) => ({ ...one, path: words(path), spec: specOf(table.style, one) })),
    )
    .sort((a, b) => b.path.length - a.path.length);
  const count = table.style === 'pflag' ? withoutCount : (word: Word) => word;
  return { names, read: (argv) => readUse(names[0] ?? '', argv.map(count), spec, commands) };
}

/** `-5`, as `git log` takes it, is a number and no option. */
const withoutCount = (word: Word): Word => (/^-\d{1,9}$/.test(literalOf(word) ?? '') ? literal('0') : word);

function readUse(name: string, argv: readonly Word[], spec: OptionSpec, commands: readonly Command[]): Reading {
  const before = parseOptions(argv, spec, true);
  const isDecided = before.undecided.length === 0;
  const after = isDecided ? [...before.positionals.map(({ word }) => word), ...(before.rest ?? [])] : [];
  for (const command of commands) {
    const { path } = command;
    if (path.length > 0 && !(isDecided && path.every((word, at) => literalOf(after[at]) === word))) continue;
    const given = path.length === 0 ? argv : after.slice(path.length);
    const parsed = parseOptions(given, command.spec);
    if (!isRead(command, given, parsed)) continue;
    const names = argumentsOf(parsed).map(textOf);
    return reading([readAction(name, path.join(' '), names)], [], command.stdin ?? 'data');
  }
  return unlisted(name);
}

const readAction = (verb: string, object: string, names: readonly string[]): TypedAction => ({
  ...{ system: 'host', verb, object, names },
  ...{ modifiers: [], effect: 'read' },
});

function isRead({ argumentsMax, each, needs }: Command, given: readonly Word[], parsed: Parsed): boolean {
  const found = argumentsOf(parsed);
  return (
    parsed.undecided.every(({ at }) => isArgument(given[at])) &&
    found.length <= (argumentsMax ?? Number.POSITIVE_INFINITY) &&
    // A glob may come to any number of words.
    (argumentsMax === undefined || found.every((word) => word.kind === 'literal' || !word.splits)) &&
    (each === undefined || found.every((word) => each.test(literalOf(word) ?? ''))) &&
    (needs === undefined || parsed.options.some(({ name }) => words(needs).includes(name)))
  );
}

const argumentsOf = ({ positionals, rest }: Parsed): readonly Word[] => [
  ...positionals.map(({ word }) => word),
  ...(rest ?? []),
];
const isArgument = (word: Word | undefined): boolean => word?.kind === 'unknown' && isNoOption(word);

export const readPrograms: readonly Program[] = readers.map(program);
