import { isGlob, isNoOption, literalOf, textOf, type Word } from './word.ts';

/**
 * How a program spells its options. `pflag` (kubectl, helm, docker, gcloud): `--name=v`, `--name v`, `-n v`, `-nv`, `-abc`, and
 * options may stand after positionals. `go` (terraform): `-name=v`, `-name v` and `--name…`. `getopt` (psql, rm): as pflag, with
 * unambiguous long prefixes. `aws`: only `--name v` or `--name=v`, with unambiguous prefixes.
 */
export type OptionStyle = 'pflag' | 'go' | 'getopt' | 'aws';
export type OptionSpec = {
  readonly style: OptionStyle;
  /** Names without dashes, short and long, of options that take a value. */
  readonly valued: ReadonlySet<string>;
  /** Names without dashes of options that take none. A boolean may still be given one with `=`. */
  readonly flags: ReadonlySet<string>;
};

export type Option = { readonly name: string; readonly value: Word | null };
export type Parsed = {
  readonly options: readonly Option[];
  /** In order, with where each stood in argv. Words after `--` are `rest`. */
  readonly positionals: readonly { readonly word: Word; readonly at: number }[];
  readonly rest: readonly Word[] | null;
  /** Words that might be an option, a value or a positional: not literal, or an option that the spec does not list. */
  readonly undecided: readonly { readonly text: string; readonly at: number }[];
};

/**
 * Splits argv into options and positionals. Never throws; linear. What cannot be decided is listed in `undecided` and not
 * guessed: a caller treats an undecided word before what it looks for as unknown.
 */
export function parseOptions(argv: readonly Word[], spec: OptionSpec, stopAtPositional = false): Parsed {
  const options: Option[] = [];
  const positionals: { word: Word; at: number }[] = [];
  const undecided: { text: string; at: number }[] = [];
  let at = 0;
  for (; at < argv.length; at++) {
    const word = argv[at];
    if (word === undefined) break;
    const text = word.kind === 'literal' ? word.value : word.prefix;
    if (text === '--' && word.kind === 'literal') return { options, positionals, rest: argv.slice(at + 1), undecided };
    if (!text.startsWith('-') || text === '-') {
      // A word that may be an option, or may be no word at all, decides nothing by itself.
      if (word.kind === 'unknown') undecided.push({ text: textOf(word), at });
      positionals.push({ word, at });
      if (stopAtPositional) return { options, positionals, rest: argv.slice(at + 1), undecided };
      continue;
    }
    const taken = takeOption(word, text, argv[at + 1], spec);
    if (taken === null) {
      undecided.push({ text: textOf(word), at });
      continue;
    }
    options.push(...taken.options);
    const value = taken.usesNext ? argv[at + 1] : undefined;
    // An unquoted expansion in a value's place may vanish, and the next word would be the value instead.
    if (value?.kind === 'unknown' && value.splits) undecided.push({ text: textOf(value), at: at + 1 });
    if (taken.usesNext) at += 1;
  }
  return { options, positionals, rest: null, undecided };
}

type Taken = { readonly options: readonly Option[]; readonly usesNext: boolean };

function takeOption(word: Word, text: string, next: Word | undefined, spec: OptionSpec): Taken | null {
  const long = text.startsWith('--') || spec.style === 'go' || spec.style === 'aws';
  return long ? takeLong(word, text, next, spec) : takeShort(word, text, next, spec);
}

function takeLong(word: Word, text: string, next: Word | undefined, spec: OptionSpec): Taken | null {
  const body = text.replace(/^--?/, '');
  const equals = body.indexOf('=');
  // An expansion inside the name could be any option.
  if (word.kind === 'unknown' && equals < 0) return null;
  const name = fullName(equals < 0 ? body : body.slice(0, equals), spec);
  if (name === null) return null;
  if (equals >= 0) {
    const rest = body.slice(equals + 1);
    const value: Word =
      word.kind === 'literal'
        ? { kind: 'literal', value: rest }
        : { kind: 'unknown', text: word.text, prefix: rest, splits: word.splits };
    // Unquoted, the value may split into further words, and those could be anything. What a glob comes to begins as it does.
    const decided = word.kind === 'literal' || !word.splits || isGlob(word);
    return decided ? { options: [{ name, value }], usesNext: false } : null;
  }
  if (!spec.valued.has(name)) return { options: [{ name, value: null }], usesNext: false };
  return { options: [{ name, value: next ?? null }], usesNext: next !== undefined };
}

function fullName(given: string, { style, valued, flags }: OptionSpec): string | null {
  if (valued.has(given) || flags.has(given)) return given;
  if (style !== 'getopt' && style !== 'aws') return null;
  const found = [...valued, ...flags].filter((name) => name.length > 1 && given !== '' && name.startsWith(given));
  return found.length === 1 ? (found[0] ?? null) : null;
}

function takeShort(word: Word, text: string, next: Word | undefined, spec: OptionSpec): Taken | null {
  const options: Option[] = [];
  for (let index = 1; index < text.length; index++) {
    const name = text[index] ?? '';
    const rest = text.slice(index + 1);
    const valued = spec.valued.has(name);
    if (!valued && !spec.flags.has(name)) return null;
    // `-n=prod`, and `-A=false` for a boolean, are how pflag gives a value to a short name.
    const equals = spec.style === 'pflag' && rest.length > 1 && rest.startsWith('=');
    if (!valued && !equals) {
      options.push({ name, value: null });
      continue;
    }
    const value = shortValue(word, equals ? rest.slice(1) : rest, equals);
    if (value === 'next') return { options: [...options, { name, value: next ?? null }], usesNext: next !== undefined };
    return value === null ? null : { options: [...options, { name, value }], usesNext: false };
  }
  return word.kind === 'unknown' ? null : { options, usesNext: false };
}

/** The value that follows a short name in its own word; `next` when it is the next word, null when that is undecided. */
function shortValue(word: Word, text: string, equals: boolean): Word | 'next' | null {
  if (word.kind === 'literal') return text === '' ? 'next' : { kind: 'literal', value: text };
  // `-n"$X"` is a bare `-n` when X is empty, and takes the next word.
  if (word.splits || (text === '' && !equals)) return null;
  return { kind: 'unknown', text: word.text, prefix: text, splits: false };
}

/** Whether a boolean option is given and not switched off: `--all`, `--all=true`; `unknown` when an expansion decides it. */
export function isSet({ options }: Parsed, ...names: readonly string[]): boolean | 'unknown' {
  const last = options.findLast(({ name }) => names.includes(name));
  if (last === undefined) return false;
  if (last.value === null) return true;
  const value = literalOf(last.value);
  if (value === null) return 'unknown';
  return !['false', 'f', '0'].includes(value.toLowerCase());
}

/** The value that counts of an option that takes one: the last. Null when it is not given. */
export const lastValue = ({ options }: Parsed, ...names: readonly string[]): Word | null =>
  options.findLast(({ name }) => names.includes(name))?.value ?? null;

/** Whether a word that is not literal may come to be an option, or to bring one along. */
export const mayBeOption = (word: Word): boolean => word.kind === 'unknown' && !isNoOption(word);
