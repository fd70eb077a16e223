import { isSet, lastValue, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { clusterDeletion, databaseDeletion } from './gcloud.ts';
import { readRequest } from './http-request.ts';

/*
 * The Azure CLI. Canonical names: system `azure`, verb the command's last word (`list`, `delete`), object its groups joined
 * by a hyphen (`vm-disk`). A command's words come first and its arguments are all options, so the verb is the last word
 * before the first option. What it deletes along with a cluster or a database reads as in gcloud.ts.
 */

export const az: Program = { names: ['az'], read };

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));
const globals: OptionSpec = {
  style: 'getopt',
  valued: words('o output query subscription'),
  flags: words('debug verbose only-show-errors help h version v'),
};

const readVerb =
  /^(list|show|get|check)(-.+)?$|^(exists|version|wait|tail|query|help|signed-in-user|what-if|validate)$/;
/** Verbs of that form that write a file, or make something. */
const writeVerbs = words('get-credentials');
/** Commands that take arguments, which could be spelt like a verb. */
const withArguments = words(
  'set unset find feedback interactive configure upgrade login delete create update remove add purge',
);

function read(argv: readonly Word[]): Reading {
  const end = argv.findIndex((word) => (word.kind === 'literal' ? word.value : word.prefix).startsWith('-'));
  const leading = parseOptions(argv, globals, true);
  const path = end === 0 ? null : argv.slice(0, end < 0 ? undefined : end);
  if (path === null || path.length === 0) return readAfterOptions(argv, leading);
  return readPath(path, end < 0 ? [] : argv.slice(end));
}

/** `az --output json vm list`: the global options may stand in front. */
function readAfterOptions(argv: readonly Word[], parsed: Parsed): Reading {
  const [undecided] = parsed.undecided;
  if (undecided !== undefined) return unknown('unknown.word', `\`${undecided.text}\` may decide the command`);
  const [first] = parsed.positionals;
  if (first === undefined) return reading([action('help', [], 'read')]);
  const rest = argv.slice(first.at);
  const end = rest.findIndex((word) => (word.kind === 'literal' ? word.value : word.prefix).startsWith('-'));
  return readPath(rest.slice(0, end < 0 ? undefined : end), end < 0 ? [] : rest.slice(end));
}

function readPath(path: readonly Word[], args: readonly Word[]): Reading {
  const open = path.find(({ kind }) => kind === 'unknown');
  if (open !== undefined) return unknown('unknown.word', `\`${textOf(open)}\` may be any az command`);
  const given = path.map(textOf);
  // `az config set list=x`: what comes after such a word is its argument.
  const cut = given.findIndex((word) => withArguments.has(word));
  const command = cut < 0 ? given : given.slice(0, cut + 1);
  const verb = command.at(-1) ?? '';
  const groups = command.slice(0, -1);
  const parsed = parseOptions(args, argumentSpec);
  if (parsed.undecided.length === 0 && isSet(parsed, 'help', 'h') === true)
    return reading([action('help', groups, 'read')]);
  if (verb === 'rest') return readRest(parsed, args);
  const isRead = readVerb.test(verb) && !writeVerbs.has(verb);
  const along = verb === 'delete' || verb === 'purge' ? takenAlong(groups) : [];
  return reading([action(verb, groups, isRead ? 'read' : 'write'), ...along], nestedOf(groups, verb, parsed));
}

/** Options that carry a command, and enough of the others to find them. */
const argumentSpec: OptionSpec = {
  style: 'aws',
  valued: words(
    'command exec-command script scripts c method m url u uri body b headers resource name n resource-group g subscription o output query ' +
      'file f cluster-name server-name s ids location l command-id',
  ),
  flags: words('help h yes y no-wait debug verbose only-show-errors'),
};

function takenAlong(groups: readonly string[]): TypedAction[] {
  const isCluster = groups[0] === 'aks' && groups.length === 1;
  const isDatabase = /^(sql db|sql server|(postgres|mysql|mariadb)( flexible-server| server)?( db)?)$/.test(
    groups.join(' '),
  );
  return [...(isCluster ? [clusterDeletion] : []), ...(isDatabase ? [databaseDeletion] : [])];
}

/** `aks command invoke --command`, `vm run-command invoke --scripts`, `containerapp exec --command`: run by a shell there. */
function nestedOf(groups: readonly string[], verb: string, parsed: Parsed): Nested[] {
  // `az ssh vm --ip HOST -- CMD`: what follows is ssh's.
  if (groups[0] === 'ssh' && parsed.rest !== null) {
    return [{ kind: 'argv', argv: [literal('ssh'), literal('host'), ...parsed.rest] }];
  }
  if (verb !== 'invoke' && verb !== 'exec' && groups.at(-1) !== 'run-command') return [];
  const names = ['command', 'exec-command', 'script', 'scripts', 'c'];
  const given = parsed.options.flatMap(({ name, value }) => (names.includes(name) && value !== null ? [value] : []));
  // `--scripts` takes several words.
  const several = parsed.options.some(({ name }) => name === 'scripts')
    ? parsed.positionals.map(({ word }) => word)
    : [];
  return [...given, ...several].map((word) => ({ kind: 'shell', words: [word] }) as const);
}

/** `az rest --method delete --url URL` sends any request. */
function readRest(parsed: Parsed, args: readonly Word[]): Reading {
  const open = parsed.undecided.find(({ at }) => args[at]?.kind === 'unknown');
  if (open !== undefined) return unknown('unknown.word', `\`${open.text}\` may be any option`);
  const given = lastValue(parsed, 'method', 'm');
  const method = given === null ? 'GET' : literalOf(given)?.toUpperCase();
  const url = lastValue(parsed, 'url', 'u', 'uri');
  if (method === undefined) return unknown('unknown.method', 'the method that az sends is not literal');
  if (url === null) return reading([action('rest', [], method === 'GET' ? 'read' : 'write')]);
  const body = lastValue(parsed, 'body', 'b');
  return readRequest({ method, url, body: body === null ? [] : [body], query: '' });
}

const action = (verb: string, groups: readonly string[], effect: 'read' | 'write'): TypedAction => ({
  system: 'azure',
  verb,
  object: groups.join('-'),
  names: [],
  modifiers: [],
  effect,
});
