import { type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';
import { readAwkScript } from './awk-script.ts';
import { readSedScript } from './sed-script.ts';

/*
 * sed and awk, whose scripts can write files and run commands. Canonical names: system `host`, verb `sed` or `awk`, object
 * ''; modifier `in-place`. A script in a file of its own is not seen: a write, as is running any other script.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(' ').filter((word) => word !== ''));
const action = (verb: string, effect: 'read' | 'write', modifiers: readonly string[] = []): TypedAction => ({
  system: 'host',
  verb,
  object: '',
  names: [],
  modifiers,
  effect,
});

const sedSpec: OptionSpec = {
  style: 'getopt',
  valued: words('e expression f file l line-length'),
  flags: words(
    'n quiet silent E r regexp-extended i in-place s separate u unbuffered z null-data posix debug sandbox follow-symlinks b ' +
      'binary help version',
  ),
};
const awkSpec: OptionSpec = {
  style: 'getopt',
  valued: words('F field-separator v assign f file e source i include l load E exec'),
  flags: words(
    'b characters-as-bytes c traditional C copyright g gen-pot h help I trace k csv n non-decimal-data N use-lc-numeric O ' +
      'optimize P posix r re-interval s no-optimize S sandbox t lint-old V version',
  ),
};

type Script = {
  /** The parts that the command line holds. */
  readonly parts: readonly Word[];
  /** Whether there are others in files. */
  readonly fromFile: boolean;
};

/** The script that options, or else the first argument, give. */
function scriptOf({ options, positionals, rest }: Parsed, inline: readonly string[], files: readonly string[]): Script {
  const given = options.flatMap(({ name, value }) => (inline.includes(name) && value !== null ? [value] : []));
  const fromFile = options.some(({ name }) => files.includes(name));
  const first = positionals[0]?.word ?? rest?.[0];
  return { parts: given.length > 0 || fromFile || first === undefined ? given : [first], fromFile };
}

const textOfAll = (parts: readonly Word[]): string => parts.map((word) => literalOf(word) ?? '').join('\n');

function notLiteral(script: readonly Word[], program: string): Reading | null {
  const open = script.find(({ kind }) => kind === 'unknown');
  return open === undefined ? null : unknown('unknown.word', `\`${textOf(open)}\` may be any ${program} script`);
}

/** `-i`, `-i.bak` and `-ni` edit in place; what follows the letter is a suffix. */
function withoutSuffix(argv: readonly Word[]): readonly Word[] {
  return argv.map((word) =>
    word.kind === 'literal'
      ? literal(word.value.replace(/^(-[nErsuzb]*i).+$/s, '$1').replace(/^(--i\w*).*$/s, '$1'))
      : word,
  );
}

function readSed(argv: readonly Word[]): Reading {
  const parsed = parseOptions(withoutSuffix(argv), sedSpec);
  const given = (...names: string[]) => parsed.options.some(({ name }) => names.includes(name));
  const { parts, fromFile } = scriptOf(parsed, ['e', 'expression'], ['f', 'file']);
  const modifiers = given('i', 'in-place') ? ['in-place'] : [];
  if (parsed.undecided.some(({ at }) => argv[at]?.kind === 'literal'))
    return reading([action('sed', 'write', modifiers)]);
  const open = notLiteral([...parts, ...openBefore(parsed, argv)], 'sed');
  if (open !== null) return open;
  const read = readSedScript(textOfAll(parts));
  if (read.kind === 'unread') return unknown('unknown.script', `in the sed script, ${read.reason}`);
  const isSafe = given('sandbox') || (!fromFile && !read.writes && read.shell.length === 0);
  const nested = read.shell.map((text) => ({ kind: 'shell', words: [literal(text)] }) as const);
  return reading([action('sed', isSafe && modifiers.length === 0 ? 'read' : 'write', modifiers)], nested);
}

/** Words that may be options, and so a script: `-e1e CMD`. After `--` they are files. */
const openBefore = ({ undecided }: Parsed, argv: readonly Word[]): readonly Word[] =>
  undecided.flatMap(({ at }) => {
    const word = argv[at];
    return word?.kind === 'unknown' && !isNoOption(word) ? [word] : [];
  });

function readAwk(argv: readonly Word[]): Reading {
  // What follows the program are its own arguments and files, whatever they look like.
  const parsed = parseOptions(argv, awkSpec, true);
  const given = (...names: string[]) => parsed.options.some(({ name }) => names.includes(name));
  if (parsed.undecided.some(({ at }) => argv[at]?.kind === 'literal'))
    return unknown('unknown.option', 'an awk option');
  const { parts, fromFile } = scriptOf(parsed, ['e', 'source'], ['f', 'file', 'E', 'exec']);
  const open = notLiteral([...parts, ...openBefore(parsed, argv)], 'awk');
  if (open !== null) return open;
  const read = readAwkScript(textOfAll(parts));
  if (read === 'unread') return unknown('unknown.script', 'the awk program runs other programs, or may');
  // A library may do anything: `-i inplace` edits the files.
  const isRead = read === 'reads' && !fromFile && !given('i', 'include', 'l', 'load');
  return reading([action('awk', isRead ? 'read' : 'write', given('i', 'include') ? ['in-place'] : [])]);
}

export const sed: Program = { names: ['sed', 'gsed'], read: readSed };
export const awk: Program = { names: ['awk', 'gawk', 'mawk', 'nawk', 'original-awk'], read: readAwk };
