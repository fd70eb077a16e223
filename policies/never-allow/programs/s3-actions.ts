import type { TypedAction } from '../typed-action.ts';

/**
 * Canonical actions of system `s3`, whichever client speaks. `verb`: `list`, `read`, `presign`, `copy`, `move`, `sync`,
 * `create`, `delete`, `expire`, `configure`. `object`: `objects`, `object`, `bucket`. Modifiers: `recursive` on a delete
 * that removes whatever is found under a prefix or in a bucket, `dry-run`.
 */
const s3 = (
  verb: string,
  object: string,
  names: readonly string[],
  effect: TypedAction['effect'],
  modifiers: readonly string[] = [],
): TypedAction => ({ system: 's3', verb, object, names, modifiers, effect });

export const s3Read = (verb: string, object: string, names: readonly string[]): TypedAction =>
  s3(verb, object, names, 'read');
export const s3Write = (
  verb: string,
  object: string,
  names: readonly string[],
  modifiers: readonly string[] = [],
): TypedAction => s3(verb, object, names, 'write', modifiers);

/** The action on the floor. */
export const removeRecursively = (names: readonly string[], modifiers: readonly string[] = []): TypedAction =>
  s3('delete', 'objects', names, 'write', ['recursive', ...modifiers]);
