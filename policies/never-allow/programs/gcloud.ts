import { isSet, lastValue, type OptionSpec, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { firstGroups, groups, pairedGroups } from './gcloud-groups.ts';

/*
 * gcloud. Canonical names: system `gcloud`, verb the command's last word (`list`, `delete`), object its groups joined by a
 * hyphen (`compute-instances`); modifiers none. A command reads when its groups are known and its verb is one of a read.
 *
 * Deleting a cluster deletes every Deployment in it, and deleting a database or its server drops its tables: each reads as
 * both. `gcloud storage` reaches S3 too.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));
const spec: OptionSpec = {
  style: 'getopt',
  valued: words(
    `access-token-file account billing-project configuration flags-file flatten format filter impersonate-service-account project
    trace-token verbosity`,
  ),
  flags: words('help h log-http no-log-http quiet q user-output-enabled no-user-output-enabled version v'),
};
const tracks = new Set(['alpha', 'beta', 'preview']);
const pathMax = 10;

export const gcloud: Program = { names: ['gcloud'], read };

type Call = { readonly path: readonly string[]; readonly verb: string; readonly args: readonly Word[] };

function read(argv: readonly Word[]): Reading {
  const path: string[] = [];
  let rest = argv;
  while (path.length < pathMax) {
    const parsed = parseOptions(rest, spec, true);
    const [undecided] = parsed.undecided;
    if (undecided !== undefined) return unknown('unknown.word', `\`${undecided.text}\` may decide the command`);
    const [first] = parsed.positionals;
    if (first === undefined) return readIncomplete(path, isSet(parsed, 'help', 'h') === true);
    const word = literalOf(first.word);
    if (word === null) return unknown('unknown.word', `\`${textOf(first.word)}\` may be any gcloud command`);
    rest = parsed.rest ?? [];
    const isTrack = path.length === 0 && tracks.has(word);
    if (isTrack) continue;
    if (!isGroup(path, word)) return readCall({ path, verb: word, args: rest });
    path.push(word);
  }
  return reading([action('plugin', path, 'write')]);
}

/** gcloud alone shows help; a group without a verb is nothing that could be classified. */
const readIncomplete = (path: readonly string[], asked: boolean): Reading =>
  path.length === 0 || asked ? reading([action('help', path, 'read')]) : reading([action('', path, 'write')]);

function isGroup(path: readonly string[], word: string): boolean {
  if (groups.has(word)) return true;
  return path.length === 0 ? firstGroups.has(word) : pairedGroups.has(`${path.at(-1)} ${word}`);
}

const readVerb =
  /^(list|describe|get|search|lookup|check|tail|wait|print)(-.+)?$|^query-.+$|^(read|ls|cat|du|hash|log|stream-logs|info|version|help)$/;
/** Writes the credentials that it gets to a file. */
const writeVerbs = new Set(['get-credentials']);

function readCall({ path, verb, args }: Call): Reading {
  const literals = args.map(literalOf);
  if (!literals.includes(null) && literals.includes('--help')) return reading([action('help', path, 'read')]);
  const names = args.map(textOf).filter((text) => !text.startsWith('-'));
  const fromFile = literals.some((text) => text?.startsWith('--flags-file') === true);
  const isRead = readVerb.test(verb) && !writeVerbs.has(verb) && !fromFile;
  const called = action(verb, path, isRead ? 'read' : 'write', names);
  if (path[0] === 'storage' && ['rm', 'rsync'].includes(verb)) return storageDeletion(called, verb, args);
  const along = verb === 'delete' ? takenAlong(path) : [];
  return reading([called, ...along], nestedOf({ path, verb, args }));
}

function takenAlong(path: readonly string[]): TypedAction[] {
  const isCluster = path[0] === 'container' && path.at(-1) === 'clusters';
  const isDatabase = path[0] === 'sql' && ['databases', 'instances'].includes(path[1] ?? '');
  return [...(isCluster ? [clusterDeletion] : []), ...(isDatabase ? [databaseDeletion] : [])];
}

/** What goes with a whole cluster. */
export const clusterDeletion: TypedAction = {
  system: 'kubernetes',
  verb: 'delete',
  object: '*',
  names: [],
  modifiers: ['cascade'],
  effect: 'write',
};
/** What goes with a whole database, or with the server that holds it. */
export const databaseDeletion: TypedAction = {
  system: 'sql',
  verb: 'drop',
  object: 'table',
  names: [],
  modifiers: ['tables', 'cascade'],
  effect: 'write',
};

/** `storage rm -r s3://…`, and `**`, which is as deep; `storage rsync --delete-unmatched-destination-objects … s3://…`. */
function storageDeletion(called: TypedAction, verb: string, args: readonly Word[]): Reading {
  const open = args.find((word) => word.kind === 'unknown' && (word.splits || !/^(gs:\/\/|[\w./])/.test(word.prefix)));
  if (open !== undefined) return unknown('unknown.url', `\`${textOf(open)}\` may name what is deleted`);
  const texts = args.map(textOf);
  const isDeep =
    verb === 'rm'
      ? texts.some((text) => /^(-[a-z]*[rRI]|--r)/.test(text) || text.includes('*'))
      : texts.some((text) => text.startsWith('--delete'));
  if (!isDeep || !texts.some((text) => /s3:\/\//i.test(text))) return reading([called]);
  const deleted: TypedAction = { ...called, system: 's3', verb: 'delete', object: 'objects', modifiers: ['recursive'] };
  return reading([called, deleted]);
}

/** `compute ssh HOST --command CMD -- ARGS` runs CMD in a shell there, and gives ARGS to ssh. */
function nestedOf({ path, verb, args }: Call): Nested[] {
  const valued = words(
    'command project zone region worker ssh-key-file container internal-ip-address ddl ddl-file account',
  );
  const parsed = parseOptions(args, { style: 'getopt', valued, flags: new Set(spec.flags) });
  if (verb === 'ssh') {
    const command = lastValue(parsed, 'command');
    const host = parsed.positionals[0]?.word ?? literal('host');
    const toSsh = parsed.rest === null ? [] : [{ kind: 'argv', argv: [literal('ssh'), host, ...parsed.rest] } as const];
    return [...(command === null ? [] : [{ kind: 'shell', words: [command] } as const]), ...toSsh];
  }
  if (path.at(-1) !== 'ddl') return [];
  return parsed.options.flatMap(({ name, value }) =>
    name === 'ddl' && value !== null ? [{ kind: 'sql', text: value } as const] : [],
  );
}

const action = (
  verb: string,
  path: readonly string[],
  effect: 'read' | 'write',
  names: readonly string[] = [],
): TypedAction => ({ system: 'gcloud', verb, object: path.join('-'), names, modifiers: [], effect });
