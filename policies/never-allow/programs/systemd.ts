import { isSet, lastValue, type OptionSpec, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';

/*
 * systemctl and journalctl. Canonical names: system `systemd`, verbs systemctl's own (`restart`, `list-units`), object
 * 'unit' where the verb acts on units, else ''; verb `journal` for reading it, and the option's name (`vacuum-size`,
 * `rotate`) for what changes it. Whatever is not in the table of reads is a write.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));

const systemctlSpec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    H host M machine C capsule t type state p property P job-mode check-inhibitors kill-whom kill-who s signal kill-value what
    message preset-mode root image image-policy n lines o output boot-loader-menu boot-loader-entry timestamp legend when
    kill-subgroup reboot-argument drop-in`),
  flags: words(`
    h help version system user failed a all l full r recursive reverse with-dependencies T show-transaction show-types value i
    now dry-run q quiet wait no-block no-wall no-reload no-pager no-ask-password global runtime f force firmware-setup plain
    read-only mkdir marked no-warn stdin no-legend before after`),
};
const unitReads = words('status show cat is-active is-enabled is-failed list-dependencies help');
const managerReads = words(`
  list-units list-automounts list-paths list-sockets list-timers list-unit-files list-machines list-jobs get-default
  is-system-running show-environment whoami`);

function readSystemctl(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, systemctlSpec);
  const [first, ...units] = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  const at = parsed.positionals[0]?.at ?? argv.length;
  const before = parsed.undecided.find((one) => one.at < at);
  if (before !== undefined) return unknown('unknown.word', `\`${before.text}\` may decide what systemctl does`);
  if (isSet(parsed, 'help', 'h', 'version') === true) return reading([action('help', '', 'read')]);
  if (first === undefined) return reading([action('list-units', '', 'read')]);
  const verb = literalOf(first);
  if (verb === null) return unknown('unknown.word', `\`${textOf(first)}\` may be any systemctl command`);
  const isRead = unitReads.has(verb) || managerReads.has(verb);
  // `-H` and `-M` reach another machine, with the same commands.
  const remote = lastValue(parsed, 'H', 'host', 'M', 'machine') === null ? [] : ['remote'];
  const object = managerReads.has(verb) || units.length === 0 ? '' : 'unit';
  return reading([action(verb, object, isRead ? 'read' : 'write', units.map(textOf), remote)]);
}

const journalctlSpec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    M machine D directory file root image image-policy namespace S since U until c cursor after-cursor cursor-file u unit
    user-unit t identifier T exclude-identifier p priority facility g grep o output output-fields interval verify-key F
    field vacuum-size vacuum-files vacuum-time invocation I`),
  flags: words(`
    system user m merge b boot case-sensitive k dmesg n lines r reverse show-cursor utc x catalog no-hostname no-full l full a
    all f follow no-tail q quiet no-pager e pager-end force h help version N fields list-boots list-invocations
    list-namespaces disk-usage verify sync relinquish-var smart-relinquish-var flush rotate header list-catalog dump-catalog
    update-catalog setup-keys new-id128 truncate-newline`),
};
const journalWrites = [
  ...[
    'vacuum-size',
    'vacuum-files',
    'vacuum-time',
    'sync',
    'relinquish-var',
    'smart-relinquish-var',
    'flush',
    'rotate',
  ],
  ...['update-catalog', 'setup-keys', 'cursor-file'],
];

function readJournalctl(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv.map(withoutNumber), journalctlSpec);
  const changes = journalWrites.filter((option) => parsed.options.some(({ name }) => name === option));
  if (changes.length > 0) return reading(changes.map((verb) => action(verb, 'journal', 'write')));
  // An option that is not known, or an expansion, may be one of those.
  const open = parsed.undecided.some(({ at }) => argv[at]?.kind === 'literal' || !isNoOption(argv[at] ?? literal('-')));
  return reading([action('journal', '', open ? 'write' : 'read')]);
}

/** `-n20` and `-b-1` carry a number, and `-b -1` is followed by one: none is an option. */
function withoutNumber(word: Word): Word {
  const text = literalOf(word);
  return text === null ? word : literal(text.replace(/^-\d+$/, '0').replace(/^(-[A-Za-z]*[bn])[+-]?\d+$/, '$1'));
}

export const systemctl: Program = { names: ['systemctl'], read: readSystemctl };
export const journalctl: Program = { names: ['journalctl'], read: readJournalctl };

const action = (
  verb: string,
  object: string,
  effect: 'read' | 'write',
  names: readonly string[] = [],
  modifiers: readonly string[] = [],
): TypedAction => ({ system: 'systemd', verb, object, names, modifiers, effect });
