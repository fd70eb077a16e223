import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { containerCommand } from './container-command.ts';
import { canonicalVerb, groups, onlyReads, shortForms } from './docker-commands.ts';
import { buildxGlobal, compose, type Engine, engines, removal, serviceCreate } from './docker-options.ts';

/*
 * Canonical names. System `docker`, for podman and nerdctl too. Object and verb as in `docker container ls`, also for the
 * short forms (`docker ps`, `docker rmi`): `container run`, `image rm`, `compose down`, `buildx build`; object '' for
 * `version`, `login`, `search`; verb `plugin` for a command that is a program of its own. Modifiers: `force`, `all`, `volumes`.
 *
 * Starting a container, and running a command in one, is a write whatever it runs; what it is told to run is judged too.
 */

const program = (names: readonly string[], engine: Engine): Program => ({ names, read: (argv) => read(argv, engine) });
export const docker = program(['docker'], engines.docker);
export const podman = program(['podman', 'podman-remote'], engines.podman);
export const nerdctl = program(['nerdctl'], engines.nerdctl);
/** docker-compose and podman-compose, which take what `docker compose` takes. */
export const dockerCompose: Program = {
  names: ['docker-compose', 'podman-compose'],
  read: (argv) => readCompose(argv),
};

type Command = { readonly verb: string; readonly rest: readonly Word[] };

function read(argv: readonly Word[], engine: Engine): Reading {
  const command = commandOf(argv, engine.global);
  if (command === null) return reading([action('', 'help', 'read')]);
  if ('kind' in command) return command;
  const { verb, rest } = command;
  if (verb === 'compose') return readCompose(rest);
  if (verb === 'buildx') return readGroup('buildx', rest, buildxGlobal, engine);
  if (verb === 'unshare') return reading([action('', 'unshare', 'write')], argvOf(rest));
  if (groups.has(verb)) return readGroup(verb, rest, noOptions, engine);
  const object = shortForms.get(verb);
  if (object === undefined) {
    return reading([action('plugin', 'plugin', 'write', [verb])], argvOf([literal(`docker-${verb}`), ...rest]));
  }
  return readCommand(object, canonicalVerb(object, verb), rest, engine);
}

const noOptions: OptionSpec = { style: 'pflag', valued: new Set(), flags: new Set(['help', 'h']) };

/** The next command word after a level's own options. Null when only help can follow. */
function commandOf(argv: readonly Word[], spec: OptionSpec): Command | Reading | null {
  const parsed = parseOptions(argv, spec, true);
  const [undecided] = parsed.undecided;
  if (undecided !== undefined) return unknown('unknown.word', `\`${undecided.text}\` may decide the command`);
  const [first] = parsed.positionals;
  if (first === undefined) return null;
  const verb = literalOf(first.word);
  if (verb === null) return unknown('unknown.word', `\`${textOf(first.word)}\` may be any command`);
  return isSet(parsed, 'help', 'h') === true ? null : { verb, rest: parsed.rest ?? [] };
}

function readGroup(object: string, argv: readonly Word[], spec: OptionSpec, engine: Engine): Reading {
  const command = commandOf(argv, spec);
  if (command === null) return reading([action(object, 'help', 'read')]);
  if ('kind' in command) return command;
  return readCommand(object, canonicalVerb(object, command.verb), command.rest, engine);
}

function readCommand(object: string, verb: string, argv: readonly Word[], engine: Engine): Reading {
  if (object === 'container' && verb === 'exec') return readExec(argv, engine.exec);
  if (object === 'container' && (verb === 'run' || verb === 'create')) return readRun(object, verb, argv, engine.run);
  if (object === 'service' && verb === 'create') return readRun(object, verb, argv, serviceCreate);
  if (object === 'machine' && verb === 'ssh') {
    return reading([action(object, verb, 'write')], [...argvOf(argv), ...argvOf(argv.slice(1))]);
  }
  const help = argv.some((word) => literalOf(word) === '--help');
  if (help && argv.every(({ kind }) => kind === 'literal')) return reading([action(object, 'help', 'read')]);
  // `--bootstrap` starts a builder; `--rotate` makes a new token.
  const starts = argv.some((word) => /^--(bootstrap|rotate)/.test(textOf(word)));
  const isRead = onlyReads(object, verb) && !starts;
  const names = argv.map(textOf).filter((text) => !text.startsWith('-'));
  const modifiers = verb === 'rm' || verb === 'prune' ? removalModifiers(argv) : [];
  return reading([action(object, verb, isRead ? 'read' : 'write', names, modifiers)]);
}

function removalModifiers(argv: readonly Word[]): string[] {
  const parsed = parseOptions(argv, removal);
  const set = (modifier: string, ...names: string[]) => (isSet(parsed, ...names) === false ? [] : [modifier]);
  return [...set('force', 'f', 'force'), ...set('all', 'a', 'all'), ...set('volumes', 'v', 'volumes')];
}

/** `run [OPTIONS] IMAGE [COMMAND [ARG…]]`. */
function readRun(object: string, verb: string, argv: readonly Word[], spec: OptionSpec): Reading {
  const parsed = parseOptions(argv, spec, true);
  const undecided = misplaced(parsed);
  if (undecided !== null) return unknown('unknown.word', `\`${undecided}\` may decide what the container runs`);
  if (asksForHelp(parsed)) return reading([action(object, 'help', 'read')]);
  const [image, args] = split(parsed);
  const entrypoint = lastValue(parsed, 'entrypoint');
  const command = entrypoint === null || literalOf(entrypoint) === '' ? [] : entrypointOf(entrypoint);
  if (command === null) return unknown('unknown.entrypoint', 'the entrypoint is not literal');
  const nested = command.length > 0 ? argvOf([...command, ...args]) : containerCommand(image, args);
  // An image that is not literal may be one more option, and the next word the image.
  const shifted = image?.kind === 'unknown' ? argvOf(args.slice(1)) : [];
  const names = image === null ? [] : [textOf(image)];
  return reading([action(object, verb, 'write', names)], [...nested, ...shifted, ...healthCommand(parsed)]);
}

/** `exec [OPTIONS] CONTAINER COMMAND [ARG…]`; podman's `--latest` stands for the container. */
function readExec(argv: readonly Word[], spec: OptionSpec, object = 'container'): Reading {
  const parsed = parseOptions(argv, spec, true);
  const undecided = misplaced(parsed);
  if (undecided !== null) return unknown('unknown.word', `\`${undecided}\` may decide what runs in the container`);
  if (asksForHelp(parsed)) return reading([action(object, 'help', 'read')]);
  const [container, args] = split(parsed);
  const shifted = container?.kind === 'unknown' ? argvOf(args.slice(1)) : [];
  const latest = container !== null && isSet(parsed, 'latest', 'l') !== false ? argvOf([container, ...args]) : [];
  const names = container === null ? [] : [textOf(container)];
  return reading([action(object, 'exec', 'write', names)], [...argvOf(args), ...shifted, ...latest]);
}

const asksForHelp = (parsed: Parsed): boolean =>
  parsed.positionals.length === 0 && parsed.rest === null && isSet(parsed, 'help') === true;

/** An undecided word, but for an image or container that is one word whatever it is. */
function misplaced({ undecided, positionals }: Parsed): string | null {
  const [first] = positionals;
  const whole = first?.word.kind === 'unknown' && !first.word.splits ? first.at : -1;
  return undecided.find(({ at }) => at !== whole)?.text ?? null;
}

/** The image or container, and the words after it. A `--` between them is no command. */
function split({ positionals, rest }: Parsed): [Word | null, readonly Word[]] {
  const [first, ...after] = [...positionals.map(({ word }) => word), ...(rest ?? [])];
  return [first ?? null, literalOf(after[0]) === '--' ? after.slice(1) : after];
}

/** `--entrypoint` is one word; podman also takes a JSON list, and compose several words. Null when it is not literal. */
function entrypointOf(word: Word, several = false): readonly Word[] | null {
  const text = literalOf(word);
  if (text === null) return null;
  if (several)
    return /["'\\]/.test(text)
      ? null
      : text
          .split(/\s+/)
          .filter((part) => part !== '')
          .map(literal);
  if (!text.startsWith('[')) return [word];
  try {
    const list: unknown = JSON.parse(text);
    const isList = Array.isArray(list) && list.every((part) => typeof part === 'string');
    return isList ? list.map((part) => literal(String(part))) : null;
  } catch {
    return null;
  }
}

function readCompose(argv: readonly Word[]): Reading {
  const command = commandOf(argv, compose.global);
  if (command === null) return reading([action('compose', 'help', 'read')]);
  if ('kind' in command) return command;
  const { rest } = command;
  const verb = canonicalVerb('compose', command.verb);
  if (verb === 'exec') return readExec(rest, compose.exec, 'compose');
  if (verb === 'run') return readComposeRun(rest);
  const help = rest.some((word) => literalOf(word) === '--help') && rest.every(({ kind }) => kind === 'literal');
  const writesFile = rest.some((word) => word.kind === 'unknown' || /^(-o|--output|--lock)/.test(word.value));
  const isRead = help || (onlyReads('compose', verb) && !(verb === 'config' && writesFile));
  return reading([action('compose', help ? 'help' : verb, isRead ? 'read' : 'write')]);
}

function readComposeRun(argv: readonly Word[]): Reading {
  const parsed = parseOptions(argv, compose.run, true);
  const undecided = misplaced(parsed);
  if (undecided !== null) return unknown('unknown.word', `\`${undecided}\` may decide what the service runs`);
  const [service, args] = split(parsed);
  const entrypoint = lastValue(parsed, 'entrypoint');
  const command = entrypoint === null ? [] : entrypointOf(entrypoint, true);
  if (command === null) return unknown('unknown.entrypoint', 'the entrypoint is not literal');
  const nested = command.length > 0 ? argvOf([...command, ...args]) : containerCommand(null, args);
  const shifted = service?.kind === 'unknown' ? argvOf(args.slice(1)) : [];
  return reading([action('compose', 'run', 'write')], [...nested, ...shifted]);
}

/** A health check is shell text that the container runs again and again. */
const healthCommand = ({ options }: Parsed): Nested[] =>
  options.flatMap(({ name, value }) =>
    (name === 'health-cmd' || name === 'health-startup-cmd') && value !== null
      ? [{ kind: 'shell', words: [value] } as const]
      : [],
  );

const argvOf = (argv: readonly Word[]): Nested[] => (argv.length === 0 ? [] : [{ kind: 'argv', argv }]);

const action = (
  object: string,
  verb: string,
  effect: 'read' | 'write',
  names: readonly string[] = [],
  modifiers: readonly string[] = [],
): TypedAction => ({ system: 'docker', verb, object, names, modifiers, effect });
