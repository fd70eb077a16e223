import { parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf } from '../word.ts';

/*
 * Programs that run shell text later. Canonical names: system `host`, the verb is the program's name, object ''. `at` runs
 * what its input says; a table of `crontab` is shell text behind five columns, and is not read here.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));
const action = (verb: string, effect: TypedAction['effect']): TypedAction => ({
  ...{ system: 'host', verb, object: '', names: [], modifiers: [], effect },
});

const atSpec = {
  style: 'getopt',
  valued: words('q f t'),
  flags: words('V m M l b v r d c u k'),
} as const;

/** `at TIME`, `batch` and `at -f FILE TIME`; `-l` and `-c` only show what waits, `-r` and `-d` take it away. */
const at: Program = {
  names: ['at', 'batch'],
  read: (argv) => {
    const parsed = parseOptions(argv, atSpec);
    const given = new Set(parsed.options.map(({ name }) => name));
    if (parsed.undecided.some(({ text }) => text.startsWith('-')))
      return unknown('unknown.option', 'an option of `at` cannot be decided');
    if (['V', 'l', 'c'].some((name) => given.has(name))) return reading([action('at', 'read')]);
    if (given.has('r') || given.has('d')) return reading([action('at', 'write')]);
    const file = parsed.options.findLast(({ name }) => name === 'f')?.value ?? null;
    if (file !== null) return reading([action('at', 'write')], [{ kind: 'script', path: file, dialect: 'posix' }]);
    return reading([action('at', 'write')], [], 'shell');
  },
};

const crontabSpec = { style: 'getopt', valued: words('u c n'), flags: words('l r e i s T V') } as const;

const crontab: Program = { names: ['crontab'], read: (argv) => readCrontab(parseOptions(argv, crontabSpec)) };

function readCrontab({ options, positionals, rest, undecided }: ReturnType<typeof parseOptions>): Reading {
  const given = new Set(options.map(({ name }) => name));
  const [table] = [...positionals.map(({ word }) => word), ...(rest ?? [])];
  if (undecided.length === 0 && (given.has('l') || given.has('V')) && table === undefined)
    return reading([action('crontab', 'read')]);
  if (table === undefined && (given.has('r') || given.has('e'))) return reading([action('crontab', 'write')]);
  const from = table === undefined || literalOf(table) === '-' ? 'its input' : `\`${textOf(table).slice(0, 100)}\``;
  return unknown('unknown.script', `\`crontab\` runs what ${from} says, later and again, and that is not read here`);
}

export const schedulers: readonly Program[] = [at, crontab];
