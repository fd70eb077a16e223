import { lastValue, parseOptions } from '../options.ts';
import { type Nested, type Outside, type Program, reading, unknown } from '../program.ts';
import { literal, literalOf, type Word } from '../word.ts';
import { getopt, undecided } from './wrapper.ts';

const xargsOptions = getopt({
  valued: 'a arg-file d delimiter E I L max-lines n max-args P max-procs s max-chars J R S process-slot-var',
  flags: '0 null e i l o open-tty p interactive r no-run-if-empty t verbose x exit show-limits replace eof',
});

/** `xargs`: a command, and after it the words that it reads. */
export const xargs: Program = {
  names: ['xargs', 'gxargs'],
  read: (argv) => {
    const parsed = parseOptions(argv, xargsOptions, true);
    if (parsed.undecided.length > 0) return undecided('xargs');
    const command = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    const given = new Set(parsed.options.map(({ name }) => name));
    const nested: Nested = {
      kind: 'argv',
      argv: command.length === 0 ? [literal('echo')] : command,
      outside: outsideOf(given, parsed),
    };
    return reading([], [nested], 'arguments');
  },
};

function outsideOf(given: ReadonlySet<string>, parsed: ReturnType<typeof parseOptions>): Outside {
  const replaceBy = lastValue(parsed, 'I', 'J', 'replace');
  const replaces = ['I', 'J', 'i', 'replace'].some((name) => given.has(name));
  const nulls = given.has('0') || given.has('null');
  const replace = replaces ? (replaceBy === null ? '{}' : literalOf(replaceBy)) : null;
  // How many words go to one call changes what each call is.
  const odd = ['a', 'arg-file', 'd', 'delimiter', 'E', 'e', 'eof', 'L', 'l', 'max-lines', 's', 'max-chars', 'J'];
  const perCall = lastValue(parsed, 'n', 'max-args');
  const one = replaces || (perCall !== null && literalOf(perCall) === '1');
  const cut =
    odd.some((name) => given.has(name)) || (perCall !== null && !one)
      ? null
      : nulls
        ? 'nulls'
        : replaces
          ? 'lines'
          : 'words';
  // Where what is replaced is not known, nothing is known of any word: none of them is literal then.
  return { replace: replaces && replace === null ? '' : replace, cut, count: one ? 'one' : 'many' };
}

const findWrites = /^-(fprint0?|fprintf|fls)$/;

/** `find`: `-exec` runs a command for what is found, `-delete` removes it; the rest only looks. */
export const find: Program = {
  names: ['find', 'gfind'],
  read: (argv) => {
    const nested: Nested[] = [];
    const verbs: string[] = [];
    for (let at = 0; at < argv.length; at++) {
      const word = argv[at] as Word;
      const known = literalOf(word);
      // A word that is not literal may be `-delete`.
      if (known === null && (word.kind !== 'unknown' || word.splits || /^-?$/.test(word.prefix))) {
        if (
          at > 0 &&
          /^-(i?name|i?path|i?regex|newer|user|group|size|mtime|mmin|maxdepth|mindepth|type)$/.test(
            literalOf(argv[at - 1]) ?? '',
          ) &&
          !(word.kind === 'unknown' && word.splits)
        )
          continue;
        if (at > 0 || (word.kind === 'unknown' && word.splits))
          return unknown('unknown.option', 'a word of `find` that may be an action');
      }
      if (known === '-delete') verbs.push('delete');
      if (findWrites.test(known ?? '')) verbs.push('write');
      if (/^-(exec|execdir|ok|okdir)$/.test(known ?? '')) {
        const end = argv.findIndex((other, index) => index > at && endsExec(argv, other, index));
        const command = argv.slice(at + 1, end === -1 ? argv.length : end);
        nested.push({ kind: 'argv', argv: command, outside: { replace: '{}', cut: null, count: 'many' } });
        at = end === -1 ? argv.length : end;
      }
    }
    const actions = verbs.map((verb) => fileAction(verb, 'write' as const));
    return reading(actions.length === 0 ? [fileAction('find', 'read' as const)] : actions, nested);
  },
};

const endsExec = (argv: readonly Word[], word: Word, index: number): boolean =>
  literalOf(word) === ';' || (literalOf(word) === '+' && literalOf(argv[index - 1]) === '{}');

const fileAction = (verb: string, effect: 'read' | 'write') => ({
  system: 'host' as const,
  verb,
  object: 'file',
  names: [],
  modifiers: [],
  effect,
});

const parallelOptions = getopt({
  valued:
    'j jobs P max-procs a arg-file I C colsep d delimiter n max-args N L l S sshlogin joblog delay timeout retries results tmpdir wd workdir progress-interval halt load memfree nice block recstart recend shebang-wrap env profile J basefile return trc transfer-file tagstring',
  flags:
    '0 null k keep-order v verbose t dry-run dryrun u ungroup X xargs m q quote r no-run-if-empty bar eta progress tag will-cite line-buffer lb pipe resume resume-failed xapply link no-notice',
});

/** `parallel`: shell text, and for each input the same text with it in place. Followed for `{}` and `:::` of literal words. */
export const parallel: Program = {
  names: ['parallel'],
  read: (argv) => {
    const parsed = parseOptions(argv, parallelOptions, true);
    if (parsed.undecided.length > 0) return undecided('parallel');
    const words = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
    const marks = words.flatMap((word, at) => (/^:{3,4}\+?$/.test(literalOf(word) ?? '') ? [at] : []));
    const template = words.slice(0, marks[0] ?? words.length);
    const inputs = words.slice((marks[0] ?? words.length) + 1);
    const isPlain =
      marks.length <= 1 &&
      !parsed.options.some(({ name }) => /^(C|colsep|I|n|N|L|l|X|m|xargs|pipe|d|delimiter)$/.test(name));
    const values = inputs.map(literalOf);
    if (
      !isPlain ||
      values.includes(null) ||
      literalOf(words[marks[0] ?? -1])?.startsWith('::::') === true ||
      marks.length === 0
    )
      return template.length === 0 ? reading([], [], 'shell') : reading([], [callOf(template, '"$1"')]);
    return reading(
      [],
      values.slice(0, callsMax + 1).map((value) => callOf(template, quoted(value ?? ''))),
    );
  },
};

const callsMax = 64;

const quoted = (value: string): string => `'${value.replace(/'/g, `'\\''`)}'`;

/** One call: the words of the template as shell text, with the input in its place or at the end, as one word. */
function callOf(template: readonly Word[], input: string): Nested {
  // Without a template each input is a command line.
  if (template.length === 0) return { kind: 'shell', words: [literal(input.slice(1, -1).replaceAll(`'\\''`, "'"))] };
  const words = template.map((word): Word => {
    const text = literalOf(word);
    if (text === null || !text.includes('{')) return word;
    if (/\{[^}]/.test(text)) return { kind: 'unknown', text, prefix: '', splits: true };
    return literal(text.replaceAll('{}', input));
  });
  const isMarked = template.some((word) => (word.kind === 'literal' ? word.value : word.text).includes('{'));
  return { kind: 'shell', words: isMarked ? words : [...words, literal(input)] };
}
