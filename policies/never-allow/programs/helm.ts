import { isSet, lastValue, type Parsed, parseOptions } from '../options.ts';
import { type Nested, type Program, type Reading, reading, unknown } from '../program.ts';
import type { TypedAction } from '../typed-action.ts';
import { literalOf, textOf, type Word } from '../word.ts';
import { type Located, locate, pluginOf } from './cobra.ts';
import { helmCommands } from './helm-commands.ts';

/*
 * Canonical names. System `helm`. Verbs are helm's own, a subcommand joined by a hyphen: `uninstall` (also `delete`),
 * `upgrade`, `rollback`, `get-values`, `repo-add`, `plugin-install`; `plugin` is a program of its own that helm would run.
 * Object `release` where the verb acts on one, else ''. Modifiers: `dry-run`, `force`, `unknown-option`.
 *
 * A release holds whatever its chart says, Deployments included: `uninstall` is the deletion of '*' from the cluster too.
 */

const readVerbs = new Set([
  ...['list', 'status', 'history', 'lint', 'verify', 'env', 'version', 'completion', 'help', 'template', ''],
  ...['get', 'get-all', 'get-hooks', 'get-manifest', 'get-metadata', 'get-notes', 'get-values'],
  ...[
    'show',
    'show-all',
    'show-chart',
    'show-crds',
    'show-readme',
    'show-values',
    'search',
    'search-hub',
    'search-repo',
  ],
  ...['repo', 'repo-list', 'dependency', 'dependency-list', 'plugin', 'plugin-list', 'plugin-verify', 'registry'],
]);
const releaseVerbs = /^(uninstall|install|upgrade|rollback|test|status|history|get(-.*)?)$/;

/** helm, of version 3 or 4. */
export const helm: Program = { names: ['helm', 'helm3', 'helm4'], read };

function read(argv: readonly Word[]): Reading {
  const located = locate(argv, helmCommands);
  if ('undecided' in located) return unknown('unknown.word', `\`${located.undecided}\` may be a helm command`);
  const readings = located.map(readCall);
  return reading(
    readings.flatMap(({ actions }) => actions),
    readings.flatMap(({ nested }) => nested),
  );
}

type Call = { readonly actions: readonly TypedAction[]; readonly nested: readonly Nested[] };

function readCall(located: Located): Call {
  const { path, argv, spec, unplaced } = located;
  const parsed = parseOptions(argv, spec);
  const open = parsed.undecided.length > 0;
  const verb = path.join('-');
  const unknownOption = parsed.undecided.some(({ at }) => argv[at]?.kind === 'literal');
  const modifiers = [...modifiersOf(parsed), ...(unknownOption ? ['unknown-option'] : [])];
  if (verb === '' && unplaced !== null) {
    const nested: Nested = { kind: 'argv', argv: pluginOf('helm', located) };
    return { actions: [action('plugin', unplaced, 'write')], nested: [nested] };
  }
  if (!open && isSet(parsed, 'help', 'h') === true) return { actions: [action('help', '', 'read')], nested: [] };
  const names = [...parsed.positionals.map(({ word }) => word), ...(parsed.rest ?? [])].map(textOf);
  // `template` writes files where it is told to, and runs the post-renderer that it is told of.
  const writes =
    !readVerbs.has(verb) || unknownOption || (verb === 'template' && (open || isGiven(parsed, 'output-dir')));
  const called = action(verb, releaseVerbs.test(verb) ? 'release' : '', writes ? 'write' : 'read', names, modifiers);
  const takesAlong = verb === 'uninstall' && (open || !modifiers.includes('dry-run'));
  const deleted: TypedAction = { ...action('delete', '*', 'write', [], ['cascade']), system: 'kubernetes' };
  return { actions: takesAlong ? [called, deleted] : [called], nested: postRenderer(parsed) };
}

const isGiven = ({ options }: Parsed, given: string): boolean => options.some(({ name }) => name === given);

function modifiersOf(parsed: Parsed): string[] {
  const dryRun = lastValue(parsed, 'dry-run');
  const isDry = isSet(parsed, 'dry-run') === true && !['none', 'unset'].includes(literalOf(dryRun ?? undefined) ?? '');
  const isForced = isSet(parsed, 'force') !== false || isSet(parsed, 'force-replace') !== false;
  return [...(isDry ? ['dry-run'] : []), ...(isForced ? ['force'] : [])];
}

function postRenderer(parsed: Parsed): Nested[] {
  const program = lastValue(parsed, 'post-renderer');
  if (program === null) return [];
  const args = parsed.options.flatMap(({ name, value }) =>
    name === 'post-renderer-args' && value !== null ? [value] : [],
  );
  return [{ kind: 'argv', argv: [program, ...args] }];
}

const action = (
  verb: string,
  object: string,
  effect: 'read' | 'write',
  names: readonly string[] = [],
  modifiers: readonly string[] = [],
): TypedAction => ({ system: 'helm', verb, object, names, modifiers, effect });
