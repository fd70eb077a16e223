import { isSet, lastValue, type Parsed, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, type Stdin, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { type Command, type Located, locate, pluginOf } from './cobra.ts';
import { containerCommand } from './container-command.ts';
import { type Call, isFromFiles, kindsFor, modifiersOf, namesOf, objectsOf } from './kubectl-arguments.ts';
import { kubectlCommands, kubectlReads } from './kubectl-commands.ts';
import { apiPathOf, holdsDeployments, kindOf } from './kubernetes-kinds.ts';

/*
 * Canonical names. System `kubernetes`. Verbs are kubectl's own, a subcommand joined by a hyphen: `delete`, `apply`,
 * `rollout-restart`, `config-use-context`, `auth-can-i`; `plugin` is a program of its own that kubectl would run. Objects
 * are kinds (kubernetes-kinds.ts); '*' where a manifest, a path, a category or an expansion decides. Modifiers: `all`,
 * `all-namespaces`, `force`, `orphan`, `dry-run`, `recursive`, `prune`, `raw`, `unknown-option`, and `cascade` on what is
 * deleted because something else is.
 *
 * Deleting a namespace deletes every Deployment in it: it reads as both deletions. So do `replace --force` (which deletes
 * what the manifest names) and `apply --prune` (which deletes what it does not name), as deletions of '*'.
 */

/** kubectl, or a program that extends its commands. */
export type Dialect = {
  readonly commands: Command;
  /** Verbs that only read. */
  readonly reads: ReadonlySet<string>;
  /** Verbs that run a command given after an argument of their own, where no `--` comes before it. */
  readonly runs: ReadonlySet<string>;
  /** Those of them whose options end at their own argument. */
  readonly stops: ReadonlySet<string>;
};

const kubectlDialect: Dialect = {
  commands: kubectlCommands,
  reads: kubectlReads,
  runs: new Set(['exec']),
  stops: new Set(),
};

/** kubectl, and a program that colours what it prints. */
export const kubectl: Program = { names: ['kubectl', 'kubecolor'], read: (argv) => readKubectl(argv, kubectlDialect) };

/** Reads the arguments of kubectl in one of its dialects. Never throws. */
export function readKubectl(argv: readonly Word[], dialect: Dialect): Reading {
  const located = locate(hyphenated(argv), dialect.commands);
  if ('undecided' in located) return unknown('unknown.word', `\`${located.undecided}\` may be a kubectl command`);
  const readings = located.map((call) => readCall(call, dialect));
  const failed = readings.find(({ kind }) => kind === 'unknown');
  if (failed !== undefined) return failed;
  const known = readings.flatMap((one) => (one.kind === 'read' ? [one] : []));
  const stdin = known.find((one) => one.stdin !== 'data')?.stdin ?? 'data';
  return reading(
    known.flatMap(({ actions }) => actions),
    known.flatMap(({ nested }) => nested),
    stdin,
  );
}

/** kubectl takes `--dry_run` for `--dry-run`. */
function hyphenated(argv: readonly Word[]): readonly Word[] {
  const end = argv.findIndex((word) => literalOf(word) === '--');
  return argv.map((word, at) =>
    word.kind === 'literal' && word.value.startsWith('--') && (end < 0 || at < end)
      ? literal(word.value.replace(/^[^=]+/, (name) => name.replaceAll('_', '-')))
      : word,
  );
}

function readCall(located: Located, dialect: Dialect): Reading {
  const { path, argv, spec, unplaced } = located;
  const parsed = parseOptions(argv, spec, dialect.stops.has(path.join('-')));
  const args = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])];
  const open = parsed.undecided.find(({ at }) => mayAdd(argv[at]))?.text ?? null;
  const strange = parsed.undecided.some(({ at }) => argv[at]?.kind === 'literal');
  const call: Call = { verb: path.join('-'), parsed, args, open, strange };
  if (path.length === 0 && unplaced !== null) {
    return reading([write('plugin', unplaced.toLowerCase())], argvOf(pluginOf('kubectl', located)));
  }
  if (open === null && isSet(parsed, 'help', 'h') === true) return reading([action('help', '', 'read')]);
  if (call.verb === 'delete') return readDelete(call);
  if (call.verb === 'apply' || call.verb === 'replace') return readManifests(call);
  const splits = parsed.undecided.find(({ at }) => argv[at]?.kind === 'unknown' && argv[at].splits);
  if (splits !== undefined && (runVerbs.has(call.verb) || dialect.runs.has(call.verb))) {
    return unknown('unknown.word', `\`${splits.text}\` may decide what runs in the container`);
  }
  const effect = dialect.reads.has(call.verb) ? readEffect(call) : writeEffect(call);
  return reading([...actionsOf(call, effect), ...profile(call)], nestedOf(call, dialect), stdinOf(call));
}

const runVerbs = new Set(['debug', 'run']);
/** What they create runs the command behind `--`. */
const creates = new Set(['create-job', 'create-cronjob', 'create-deployment']);

/** `pod/"$X"` is one argument and no option, whatever X is. */
const mayAdd = (word: Word | undefined): boolean =>
  word?.kind !== 'unknown' || word.splits || word.prefix === '' || word.prefix.startsWith('-');

function readDelete(call: Call): Reading {
  const { parsed, args, open } = call;
  // An expansion may add `--raw=/apis/apps/v1/…`, which overrules every argument. After `--` it cannot.
  if (open !== null) return unknown('unknown.word', `\`${open}\` may decide what kubectl deletes`);
  const raw = lastValue(parsed, 'raw');
  if (raw !== null) return readRaw(call, raw);
  const kinds = objectsOf(args);
  if (kinds === null) return unknown('unknown.kind', 'the kind that kubectl deletes is not literal');
  const modifiers = modifiersOf(parsed);
  const files = isFromFiles(parsed) ? ['*'] : [];
  const objects = [...new Set([...kinds, ...files])];
  const deleted = (objects.length === 0 ? ['*'] : objects).flatMap((kind) => deletion(kind, namesOf(args), modifiers));
  return reading([...deleted, ...profile(call)], [], stdinOf(call));
}

/** A namespace takes its Deployments along. */
function deletion(kind: string, names: readonly string[], modifiers: readonly string[]): TypedAction[] {
  const deleted = write('delete', kind, names, modifiers);
  return holdsDeployments(kind) ? [deleted, write('delete', 'deployment', [], [...modifiers, 'cascade'])] : [deleted];
}

/** `--raw` is a request to a path of the API server with the verb's method. */
function readRaw(call: Call, raw: Word): Reading {
  const path = literalOf(raw);
  if (path === null) return unknown('unknown.path', `the path \`${textOf(raw)}\` is not literal`);
  const { kind, name } = apiPathOf(path);
  const modifiers = ['raw', ...(name === null ? ['all'] : [])];
  const names = name === null ? [] : [name];
  if (call.verb === 'delete') return reading(deletion(kind, names, modifiers));
  return reading([write(call.verb, kind, names, modifiers)], [], stdinOf(call));
}

function readManifests(call: Call): Reading {
  const { verb, parsed, open } = call;
  if (open !== null) return unknown('unknown.word', `\`${open}\` may make kubectl ${verb} delete objects`);
  const raw = lastValue(parsed, 'raw');
  if (raw !== null && verb === 'replace') return readRaw(call, raw);
  const modifiers = modifiersOf(parsed);
  const deletes = verb === 'apply' ? isSet(parsed, 'prune') !== false : isSet(parsed, 'force') !== false;
  return reading(
    [write(verb, '*', [], modifiers), ...(deletes ? [write('delete', '*', [], modifiers)] : []), ...profile(call)],
    [],
    stdinOf(call),
  );
}

/** A read that is told to write a file or to run a program, or may be by an option nobody knows, is a write. */
function readEffect({ verb, parsed, open, strange }: Call): 'read' | 'write' {
  const writing = {
    'cluster-info-dump': ['output-directory'],
    kustomize: ['o', 'output', 'helm-command', 'enable-helm', 'enable-alpha-plugins', 'enable-exec', 'network'],
  }[verb];
  if (writing === undefined) return 'read';
  if (strange) return 'write';
  const dump = verb === 'cluster-info-dump' && literalOf(lastValue(parsed, 'output-directory') ?? literal('-')) === '-';
  return open === null && (dump || !parsed.options.some(({ name }) => writing.includes(name))) ? 'read' : 'write';
}

/** `label --list` and `set env --list` only show. */
function writeEffect({ verb, parsed, args, open }: Call): 'read' | 'write' {
  const lists = ['label', 'annotate', 'set-env'].includes(verb) && isSet(parsed, 'list') === true;
  const changes = args.some((word) => /=|-$/.test(textOf(word)));
  return lists && open === null && !changes && !parsed.options.some(({ name }) => name === 'e' || name === 'env')
    ? 'read'
    : 'write';
}

function actionsOf(call: Call, effect: 'read' | 'write'): TypedAction[] {
  const { verb, parsed, args } = call;
  const modifiers = modifiersOf(parsed);
  if (call.strange) modifiers.push('unknown-option');
  const created = /^create-([^-]+)/.exec(verb);
  if (created !== null) return [action('create', kindOf(created[1] ?? ''), effect, namesOf(args, 0), modifiers)];
  return kindsFor(call).map((kind) => action(verb, kind, effect, namesOf(args), modifiers));
}

/** `-f -` takes the manifest from standard input. */
function stdinOf({ verb, parsed }: Call): Stdin {
  const files = parsed.options.filter(({ name }) => (name === 'f' && verb !== 'logs') || name === 'filename');
  return files.some(({ value }) => value !== null && /^(-|\/dev\/(stdin|fd\/0))$/.test(textOf(value)))
    ? 'manifest'
    : 'data';
}

function nestedOf({ verb, parsed, args }: Call, { runs, stops }: Dialect): Nested[] {
  const own = isFromFiles(parsed) ? 0 : 1;
  if (stops.has(verb)) return argvOf(args.slice(own).slice(literalOf(args[own]) === '--' ? 1 : 0));
  if (runs.has(verb)) return [...argvOf(parsed.rest ?? args.slice(own)), ...observers(verb, parsed)];
  if (verb === 'debug' || creates.has(verb)) return argvOf(parsed.rest ?? []);
  if (verb === 'run' && isSet(parsed, 'command') !== true)
    return containerCommand(lastValue(parsed, 'image'), args.slice(1));
  if (verb === 'run') return argvOf(args.slice(1));
  const credential = lastValue(parsed, 'exec-command');
  if (verb !== 'config-set-credentials' || credential === null) return [];
  const credentialArgs = parsed.options.flatMap(({ name, value }) =>
    name === 'exec-arg' && value !== null ? [value] : [],
  );
  return argvOf([credential, ...credentialArgs]);
}

/** `oc observe --names CMD --delete CMD`: each may be given again, for the arguments. */
function observers(verb: string, { options }: Parsed): Nested[] {
  if (verb !== 'observe') return [];
  const given = (...names: string[]) =>
    options.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
  return [...argvOf(given('names')), ...argvOf(given('d', 'delete'))];
}

const argvOf = (argv: readonly Word[]): Nested[] => (argv.length === 0 ? [] : [{ kind: 'argv', argv }]);

/** `--profile=cpu` writes a file where the command runs. The profile of `debug` is another one. */
function profile({ verb, parsed }: Call): TypedAction[] {
  const kind = lastValue(parsed, 'profile');
  if (kind === null || literalOf(kind) === 'none' || verb === 'debug') return [];
  return [{ ...write('write-file', ''), system: 'host' }];
}

const write = (verb: string, object: string, names: readonly string[] = [], modifiers: readonly string[] = []) =>
  action(verb, object, 'write', names, modifiers);

const action = (
  verb: string,
  object: string,
  effect: 'read' | 'write',
  names: readonly string[] = [],
  modifiers: readonly string[] = [],
): TypedAction => ({ system: 'kubernetes', verb, object, names, modifiers, effect });
