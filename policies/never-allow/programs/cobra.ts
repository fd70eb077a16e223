import type { OptionSpec } from '../options.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';

/**
 * A command of a program built with Go's cobra (kubectl, oc, helm): its names, the options it declares itself, and the
 * commands below it. Options of the root are inherited by all.
 */
export type Command = {
  readonly names: readonly string[];
  readonly valued: ReadonlySet<string>;
  readonly flags: ReadonlySet<string>;
  readonly children: readonly Command[];
};

type Options = { readonly valued?: string; readonly flags?: string };

/** Builds a command from blank-separated names and options. An option whose value may only be joined (`--dry-run=x`) is a flag. */
export const command = (names: string, options: Options = {}, children: readonly Command[] = []): Command => ({
  names: words(names),
  valued: new Set(words(options.valued ?? '')),
  flags: new Set(words(options.flags ?? '')),
  children,
});

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

/** What a command line calls. */
export type Located = {
  /** Canonical names of the command and its parents, without the root: `['rollout', 'restart']`. */
  readonly path: readonly string[];
  /** The arguments without the words that named the command. */
  readonly argv: readonly Word[];
  readonly spec: OptionSpec;
  /** The first argument of a command that has commands below it, where it names none of them. */
  readonly unplaced: string | null;
};

/** The command line of the program that is run for a command of a name that the tree does not have: `kubectl-NAME ARGS`. */
export function pluginOf(root: string, { argv, unplaced }: Located): readonly Word[] {
  const at = argv.findIndex((word) => literalOf(word) === unplaced);
  return [literal(`${root}-${unplaced}`), ...argv.toSpliced(at, 1)];
}

/** Why no command could be told: an expansion, or too many options nobody knows, stand where it decides. */
export type Undecided = { readonly undecided: string };

/**
 * The command that argv calls. Never throws; linear. Cobra looks for it before it parses options, and takes every long
 * option that the root does not declare (`--force`, `--help`) to have a value: `kubectl --force deployment delete web`
 * deletes a Deployment. Where that happens, what a person would read (`kubectl --force delete pod x`) comes second.
 */
export function locate(argv: readonly Word[], root: Command): readonly Located[] | Undecided {
  const search: Search = { known: allOptions(root), lenient: false, flags: 0, foreign: false, strange: [] };
  const real = descend(argv, root, root, [], search);
  if ('undecided' in real || !search.foreign) return 'undecided' in real ? real : [real];
  const meant: Located[] = [];
  // An option that nobody knows may take the next word or not: every way is read.
  for (let flags = 0, names = 0; flags < 2 ** names || flags === 0; flags++) {
    const lenient: Search = { ...search, lenient: true, flags, strange: [] };
    const found = descend(argv, root, root, [], lenient);
    if ('undecided' in found) return found;
    names = Math.max(names, lenient.strange.length);
    if (names > strangeMax) return { undecided: lenient.strange[0] ?? '' };
    meant.push(found);
  }
  const all = [real, ...meant].filter((one, at, every) => every.findIndex((other) => isSame(one, other)) === at);
  // A plugin is not looked for behind an option.
  const placed = all.filter(({ path, unplaced }) => path.length > 0 || unplaced === null);
  return placed.length > 0 ? placed : all;
}

const isSame = (one: Located, other: Located): boolean =>
  one.unplaced === other.unplaced &&
  one.path.join(' ') === other.path.join(' ') &&
  one.argv.length === other.argv.length &&
  one.argv.every((word, at) => word === other.argv[at]);

const strangeMax = 3;

/** `flags` has a bit for each option of `strange`: set where it takes no value. */
type Search = {
  readonly known: OptionSpec;
  readonly lenient: boolean;
  readonly flags: number;
  foreign: boolean;
  readonly strange: string[];
};

function descend(
  argv: readonly Word[],
  at: Command,
  root: Command,
  path: readonly string[],
  search: Search,
): Located | Undecided {
  const spec = specOf(at, root);
  const found = at.children.length === 0 ? null : firstArgument(argv, spec, search);
  if (found === null) return { path, argv, spec, unplaced: null };
  if (typeof found !== 'number') return found;
  const text = textOf(argv[found] ?? { kind: 'literal', value: '' });
  const child = at.children.find(({ names }) => names.includes(text));
  if (child === undefined) return { path, argv, spec, unplaced: text };
  return descend(argv.toSpliced(found, 1), child, root, [...path, child.names[0] ?? ''], search);
}

/** The index of the first word that is neither an option nor, as cobra sees it, the value of one. */
function firstArgument(argv: readonly Word[], spec: OptionSpec, search: Search): number | null | Undecided {
  for (let index = 0; index < argv.length; index++) {
    const word = argv[index];
    if (word === undefined) break;
    const text = word.kind === 'literal' ? word.value : word.prefix;
    if (word.kind === 'unknown' && (word.splits || !/^-.*=/.test(text))) return { undecided: textOf(word) };
    if (text === '--') return null;
    if (text === '' || text === '-') continue;
    if (!text.startsWith('-')) return index;
    if (!takesNext(text, spec, search)) continue;
    index += 1;
    const value = argv[index];
    if (value?.kind === 'unknown' && value.splits) return { undecided: textOf(value) };
  }
  return null;
}

function takesNext(text: string, spec: OptionSpec, search: Search): boolean {
  if (text.includes('=') || (!text.startsWith('--') && text.length > 2)) return false;
  const name = text.replace(/^--?/, '');
  if (helpNames.includes(name)) {
    // Cobra declares these only once it has found the command.
    search.foreign = true;
    return !search.lenient;
  }
  if (spec.valued.has(name)) return true;
  if (spec.flags.has(name)) return false;
  search.foreign = true;
  if (search.known.valued.has(name)) return true;
  if (search.known.flags.has(name)) return !search.lenient;
  if (!search.strange.includes(name)) search.strange.push(name);
  return (search.flags & (1 << search.strange.indexOf(name))) === 0;
}

const specs = new WeakMap<Command, OptionSpec>();
function specOf(at: Command, root: Command): OptionSpec {
  const known = specs.get(at);
  if (known !== undefined) return known;
  // A command's own option hides the root's of the same name: `kubectl logs -f`, `kubectl create rolebinding --user`.
  const own = (name: string) => at.valued.has(name) || at.flags.has(name);
  const spec: OptionSpec = {
    style: 'pflag',
    valued: new Set([...at.valued, ...[...root.valued].filter((name) => !own(name))]),
    flags: new Set([...at.flags, ...[...root.flags].filter((name) => !own(name)), ...helpNames]),
  };
  specs.set(at, spec);
  return spec;
}
const helpNames = ['help', 'h'];

const knownOptions = new WeakMap<Command, OptionSpec>();
function allOptions(root: Command): OptionSpec {
  const known = knownOptions.get(root);
  if (known !== undefined) return known;
  const every = (at: Command): readonly Command[] => [at, ...at.children.flatMap(every)];
  const commands = every(root);
  const all: OptionSpec = {
    style: 'pflag',
    valued: new Set(commands.flatMap(({ valued }) => [...valued])),
    flags: new Set([...commands.flatMap(({ flags }) => [...flags]), ...helpNames]),
  };
  knownOptions.set(root, all);
  return all;
}
