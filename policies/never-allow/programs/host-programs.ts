import { type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literalOf, textOf, type Word } from '../word.ts';
import { type Limited, limited, printing, printingUnless, writing } from './host-tables.ts';

/*
 * Plain programs of the machine that a command runs on. Canonical names: system `host`, the verb is the program's name
 * (`cat`, `rm`), object ''. A program reads when nothing that it is told may write a file, change the machine or run
 * another program.
 */

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const action = (verb: string, effect: 'read' | 'write', argv: readonly Word[]): TypedAction => {
  const names = argv.map(textOf).filter((text) => !text.startsWith('-'));
  return { system: 'host', verb, object: '', names, modifiers: [], effect };
};

const always = (effect: 'read' | 'write') => (name: string) => ({
  names: [name],
  read: (argv: readonly Word[]) => reading([action(name, effect, argv)]),
});

function unless([name, writes]: readonly [string, RegExp]): Program {
  const isWrite = (word: Word) => word.kind === 'unknown' || writes.test(word.value);
  return { names: [name], read: (argv) => reading([action(name, argv.some(isWrite) ? 'write' : 'read', argv)]) };
}

function program(table: Limited): Program {
  const spec: OptionSpec = {
    style: table.style,
    valued: new Set(words(table.valued)),
    flags: new Set(words(table.flags)),
  };
  const names = words(table.names);
  return { names, read: (argv) => readLimited(argv, table, spec) };
}

function readLimited(argv: readonly Word[], table: Limited, spec: OptionSpec): Reading {
  const parsed = parseOptions(argv, spec);
  const given = (list: string) => parsed.options.some(({ name }) => words(list).includes(name));
  const isRead =
    parsed.undecided.every(({ at }) => isArgument(argv[at])) &&
    !given(table.writes) &&
    (table.needs === undefined || given(table.needs)) &&
    argumentsOf(parsed) <= (table.argumentsMax ?? Number.POSITIVE_INFINITY);
  const runs = words(table.runs ?? '');
  const nested = parsed.options.flatMap(({ name, value }) =>
    runs.includes(name) && value !== null ? [{ kind: 'argv', argv: [value] } as const] : [],
  );
  return reading([action(words(table.names)[0] ?? '', isRead ? 'read' : 'write', argv)], nested);
}

/** `+%s` is how `date` is told a format. */
const argumentsOf = ({ positionals, rest }: Parsed): number =>
  [...positionals.map(({ word }) => word), ...(rest ?? [])]
    .filter((word) => !textOf(word).startsWith('+'))
    // A glob may come to any number of them.
    .reduce((count, word) => count + (word.kind === 'unknown' && word.splits ? 2 : 1), 0);

const isArgument = (word: Word | undefined): boolean => word?.kind === 'unknown' && isNoOption(word);

const name = /^[A-Za-z_]\w*$/;

/** bash evaluates the subscript of the variable that `printf -v` names: `printf -v 'a[$(cmd)]' x` runs cmd. */
function readPrintf(argv: readonly Word[]): Reading {
  const [first, second] = argv;
  const option = literalOf(first);
  const isFormat = isArgument(first) || (option !== null && !option.startsWith('-v'));
  const isNamed = option === '-v' && name.test(literalOf(second) ?? '');
  if (argv.length < 2 || isFormat || isNamed) return reading([action('printf', 'read', argv)]);
  return unknown('unknown.word', `\`${first === undefined ? '' : textOf(first)}\` may name a variable to evaluate`);
}

/** So it does the subscript in `test -v 'a[$(cmd)]'`. */
function readTest(verb: string, argv: readonly Word[]): Reading {
  const evaluated = argv.find((_, at) => {
    const before = literalOf(argv[at - 1]);
    return (before === '-v' || before === '-R') && !name.test(literalOf(argv[at]) ?? '');
  });
  if (evaluated === undefined || textOf(evaluated) === ']') return reading([action(verb, 'read', argv)]);
  return unknown('unknown.word', `\`${textOf(evaluated)}\` may name a variable to evaluate`);
}

/** Every program of the tables, `printf`, `test` and `[`. */
export const hostPrograms: readonly Program[] = [
  ...words(printing).map(always('read')),
  ...words(writing).map(always('write')),
  ...[...printingUnless].map(unless),
  ...limited.map(program),
  { names: ['printf'], read: readPrintf },
  { names: ['test'], read: (argv) => readTest('test', argv) },
  { names: ['['], read: (argv) => readTest('[', argv) },
];
