import type { TypedAction } from './typed-action.ts';

export type Forbidden = { readonly rule: string; readonly reason: string };
type Matches = (action: TypedAction) => boolean;

const has = ({ modifiers }: TypedAction, ...names: readonly string[]): boolean =>
  names.some((name) => modifiers.includes(name));

/**
 * What no configuration, statement or flag permits: it is code, so that changing it is a reviewed change of the judge's own
 * build. An object of `*` may be anything, and is taken for what is forbidden.
 */
const floor: readonly (Forbidden & { readonly matches: Matches })[] = [
  {
    rule: 'floor.kubernetes-delete-deployment',
    reason: 'a Deployment is never deleted',
    matches: ({ system, verb, object }) =>
      system === 'kubernetes' && verb === 'delete' && (object === 'deployment' || object === '*'),
  },
  {
    rule: 'floor.terraform-destroy',
    reason: 'infrastructure is never destroyed',
    matches: (action) =>
      action.system === 'terraform' && (action.verb === 'destroy' || has(action, 'destroy', 'deletes')),
  },
  {
    rule: 'floor.sql-drop-table',
    reason: 'a table is never dropped, nor what takes tables along',
    matches: (action) =>
      action.system === 'sql' &&
      action.verb === 'drop' &&
      (['table', '*'].includes(action.object) || has(action, 'tables')),
  },
  {
    rule: 'floor.s3-recursive-delete',
    reason: 'objects are never removed recursively',
    matches: (action) => action.system === 's3' && action.verb === 'delete' && has(action, 'recursive'),
  },
];

/** The floor rule that forbids an action; null when none does. Reads are never forbidden. */
export function forbiddenBy(action: TypedAction): Forbidden | null {
  if (action.effect === 'read') return null;
  const found = floor.find(({ matches }) => matches(action));
  return found === undefined ? null : { rule: found.rule, reason: found.reason };
}

export const floorRules: readonly string[] = floor.map(({ rule }) => rule);
