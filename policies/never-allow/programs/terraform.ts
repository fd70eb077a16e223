import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { isNoOption, literal, literalOf, textOf, type Word } from '../word.ts';

/**
 * terraform, tofu, and tflocal, which hands its words on. Canonical names of system `terraform`: `verb` is the subcommand (`plan`, `apply`, `destroy`, `state
 * rm`, …), whatever its spelling: `apply -destroy` is `destroy`, and so is a destroy plan that is kept in a file for a later
 * `apply`. `object` is ''. Modifiers: `deletes` on an `apply` that is bound to delete or replace, `plan-file` on one that
 * takes its plan from a file. Names are targets.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Subcommands that change neither infrastructure nor state nor a file that was there, whatever their options. */
const reads = words('validate show output graph version console providers modules query');
const writes = words('init get import refresh taint untaint force-unlock login logout test push');
/** Subcommands with subcommands of their own. Those that are not listed as reads write. */
const groups: ReadonlyMap<string, { readonly reads: ReadonlySet<string>; readonly writes: ReadonlySet<string> }> =
  new Map([
    ['state', { reads: words('list show pull'), writes: words('mv push replace-provider rm') }],
    ['workspace', { reads: words('list show'), writes: words('new select delete') }],
    ['env', { reads: words('list'), writes: words('new select delete') }],
    ['providers', { reads: words('schema'), writes: words('lock mirror') }],
    ['metadata', { reads: words('functions'), writes: new Set() }],
  ]);

const globalSpec: OptionSpec = { style: 'go', valued: new Set(), flags: words('chdir help h version v') };
const planSpec: OptionSpec = {
  style: 'go',
  valued: words(`
    var var-file target target-file exclude exclude-file replace state state-out backup lock-timeout parallelism out
    generate-config-out deprecation json-into
  `),
  flags: words(`
    destroy refresh refresh-only auto-approve compact-warnings lock input no-color json detailed-exitcode concise
    show-sensitive consolidate-warnings consolidate-errors allow-deferral ignore-remote-version suppress-forget-errors
  `),
};

export const terraform: Program = { names: ['terraform', 'tofu', 'opentofu', 'tflocal'], read: readTerraform };

/** Everything after the program's name; also what terragrunt hands on. */
export function readTerraform(argv: readonly Word[]): Reading {
  if (asksHelp(argv)) return done('help', 'read');
  const head = subcommandOf(argv);
  if (head.kind === 'unknown') return head;
  if (head.kind === 'none') return done('version', 'read');
  return readSubcommand(head.name, head.rest);
}

/** Help is given instead of anything else, if its option stands before `--` and nothing before it may come to be one. */
function asksHelp(argv: readonly Word[]): boolean {
  const at = argv.findIndex((word) => ['-h', '-help', '--help'].includes(literalOf(word) ?? ''));
  return at >= 0 && argv.slice(0, at).every((word) => word.kind === 'literal' && word.value !== '--');
}

type Head =
  | { readonly kind: 'found'; readonly name: string; readonly rest: readonly Word[]; readonly at: number }
  | { readonly kind: 'none' }
  | Extract<Reading, { kind: 'unknown' }>;

/** The subcommand, what follows it and where it stands. An empty word before it is passed over, as terraform does. */
export function subcommandOf(argv: readonly Word[], passed = 0): Head {
  const parsed = parseOptions(argv, globalSpec, true);
  const [lost] = parsed.undecided;
  if (lost !== undefined) return notDecided(lost.text);
  const first = parsed.positionals[0];
  if (first === undefined) return parsed.rest === null ? { kind: 'none' } : notDecided('--');
  const name = literalOf(first.word) ?? '';
  const rest = parsed.rest ?? [];
  return name === '' ? subcommandOf(rest, passed + first.at + 1) : { kind: 'found', name, rest, at: passed + first.at };
}

const notDecided = (text: string): Extract<Reading, { kind: 'unknown' }> => ({
  ...{ kind: 'unknown', rule: 'unknown.terraform-command', reason: `\`${text}\` decides which command is run` },
});

function readSubcommand(name: string, rest: readonly Word[]): Reading {
  switch (name) {
    case 'destroy':
      return done('destroy', 'write', namesOf(parseOptions(rest, planSpec)));
    case 'apply':
      return readApply(parseOptions(rest, planSpec), rest);
    case 'plan':
      return readPlan(parseOptions(rest, planSpec), rest);
    case 'fmt':
      return readFormat(rest);
  }
  const group = groups.get(name);
  const second = rest[0];
  if (group !== undefined && second !== undefined && !startsLikeOption(second)) return readGroup(name, second, group);
  if (reads.has(name)) return done(name, 'read');
  if (writes.has(name)) return done(name, 'write', targetsOf(rest));
  // A group by itself lists what it has.
  if (group !== undefined && second === undefined) return done('help', 'read');
  return unknown('unknown.terraform-command', `\`${name}\` is no command that is known here`);
}

const startsLikeOption = (word: Word): boolean => textOf(word).startsWith('-') && word.kind === 'literal';

type Group = { readonly reads: ReadonlySet<string>; readonly writes: ReadonlySet<string> };

function readGroup(name: string, word: Word, group: Group): Reading {
  const second = literalOf(word);
  if (second === null) return notDecided(textOf(word));
  if (group.reads.has(second)) return done(`${name} ${second}`, 'read');
  if (group.writes.has(second)) return done(`${name} ${second}`, 'write');
  return unknown('unknown.terraform-command', `\`${name} ${second}\` is no command that is known here`);
}

function readApply(parsed: Parsed, argv: readonly Word[]): Reading {
  // INVARIANT: an option that is set by something outside the text counts as set.
  if (isSet(parsed, 'destroy') !== false) return done('destroy', 'write', namesOf(parsed));
  const lost = undecidedOption(parsed, argv);
  if (lost !== null) return lost;
  const planned = parsed.positionals.length > 0 || (parsed.rest?.length ?? 0) > 0;
  const modifiers = [...(planned ? ['plan-file'] : []), ...(lastValue(parsed, 'replace') === null ? [] : ['deletes'])];
  return done('apply', 'write', namesOf(parsed), modifiers);
}

function readPlan(parsed: Parsed, argv: readonly Word[]): Reading {
  const lost = undecidedOption(parsed, argv);
  if (lost !== null) return lost;
  const kept = lastValue(parsed, 'out') !== null;
  // Such a file has one use. Held by itself, it would let a destroy through in two steps that each look harmless.
  if (kept && isSet(parsed, 'destroy') !== false) return done('destroy', 'write', namesOf(parsed), ['plan-file']);
  if (kept && lastValue(parsed, 'replace') !== null) return done('plan', 'write', namesOf(parsed), ['plan-file']);
  return done('plan', lastValue(parsed, 'generate-config-out') === null ? 'read' : 'write', namesOf(parsed));
}

function undecidedOption({ undecided }: Parsed, argv: readonly Word[]): Reading | null {
  const lost = undecided.find(({ at }) => !isNoOption(argv[at] ?? literal('-')));
  return lost === undefined
    ? null
    : unknown('unknown.option', `\`${lost.text}\` may be an option such as \`-destroy\``);
}

/** Words that are no options, for people to read. */
const targetsOf = (rest: readonly Word[]): readonly string[] =>
  rest.flatMap((word) => literalOf(word) ?? []).filter((text) => !text.startsWith('-'));

/** Formats in place unless it is told to check, to write nothing, or to read from standard input. */
function readFormat(rest: readonly Word[]): Reading {
  const spec = {
    style: 'go',
    valued: new Set<string>(),
    flags: words('list write diff check no-color recursive'),
  } as const;
  const parsed = parseOptions(rest, spec);
  const asked = parsed.options.some(({ name }) => name === 'write') ? isSet(parsed, 'write') : true;
  const onlyStdin = parsed.positionals.length === 1 && literalOf(parsed.positionals[0]?.word) === '-';
  const harmless = parsed.undecided.length === 0 && (isSet(parsed, 'check') === true || asked === false || onlyStdin);
  return done('fmt', harmless ? 'read' : 'write');
}

const namesOf = ({ options }: Parsed): readonly string[] =>
  options.flatMap(({ name, value }) =>
    name === 'target' || name === 'replace' ? (literalOf(value ?? undefined) ?? []) : [],
  );

const done = (
  verb: string,
  effect: TypedAction['effect'],
  names: readonly string[] = [],
  modifiers: readonly string[] = [],
): Reading => reading([{ system: 'terraform', verb, object: '', names, modifiers, effect }]);
