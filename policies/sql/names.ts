import { catalogRelations, functions, informationSchemaRelations, operators, types } from './allow-list.ts';

export type Refusal = { readonly rule: string; readonly reason: string };
type Node = Readonly<Record<string, unknown>>;

const refusal = (rule: string, reason: string): Refusal => ({ rule, reason });
/** A name inside a reason: outside text, so only printable ASCII of bounded length. */
const shown = (name: string): string => `\`${name.replace(/[^ -_a-~]/g, '?').slice(0, 80)}\``;

/** The words of a list of `String` nodes; null when anything else is among them. */
function wordsOf(list: unknown): readonly string[] | null {
  if (!Array.isArray(list)) return null;
  const names = list.map((item: { String?: { sval?: unknown } }) => item?.String?.sval);
  return names.every((name): name is string => typeof name === 'string') ? names : null;
}

/** The last word of a name that is unqualified or in `pg_catalog`; null for any other schema. */
function builtIn(names: readonly string[] | null): string | null {
  const [first, second] = names ?? [];
  if (names?.length === 1) return first ?? null;
  return names?.length === 2 && first === 'pg_catalog' ? (second ?? null) : null;
}

function functionName({ funcname }: Node): Refusal | null {
  const names = wordsOf(funcname);
  const name = builtIn(names);
  if (name !== null && functions.has(name)) return null;
  return refusal('floor.function-not-listed', `function ${shown(names?.join('.') ?? '')} is not on the allow-list`);
}

function typeName({ names }: Node): Refusal | null {
  const parts = wordsOf(names);
  const name = builtIn(parts);
  if (name !== null && types.has(name)) return null;
  return refusal('floor.type-not-listed', `type ${shown(parts?.join('.') ?? '')} is not on the allow-list`);
}

/** `OPERATOR(schema.=)` has two words: it can name an operator, and so a function, that a user made. */
const operator = (list: unknown): Refusal | null => {
  const names = wordsOf(list);
  if (names?.length === 1 && operators.has(names[0] ?? '')) return null;
  return refusal('floor.operator-not-listed', `operator ${shown(names?.join('.') ?? '')} is not on the allow-list`);
};

/**
 * `pg_catalog` is searched first for an unqualified name, so a `pg_` name is a catalog relation however it is written.
 * Other names are the user's own tables: unqualified or in `public`; what the query role may select is granted there.
 */
function relationName({ schemaname, relname }: Node): Refusal | null {
  const schema = schemaname ?? null;
  const name = typeof relname === 'string' ? relname : '';
  const system = /^pg_/i.test(name);
  const listed =
    (system && (schema === null || schema === 'pg_catalog') && catalogRelations.has(name)) ||
    (!system && name !== '' && (schema === null || schema === 'public')) ||
    (schema === 'information_schema' && informationSchemaRelations.has(name));
  const full = schema === null ? name : `${String(schema)}.${name}`;
  return listed ? null : refusal('floor.relation-not-listed', `relation ${shown(full)} is not on the allow-list`);
}

/** `t.f` calls the function `f` on the row of `t` when `t` has no such column; at most schema, table, column. */
function columnName({ fields }: Node): Refusal | null {
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > 3)
    return refusal('floor.syntax-not-listed', 'expected a column of one to three words');
  const last = (fields.at(-1) as { String?: { sval?: unknown } })?.String?.sval;
  if (fields.length === 1 || typeof last !== 'string' || !/^(pg_|lo_|dblink|binary_upgrade_)/i.test(last)) return null;
  return refusal('floor.function-not-listed', `${shown(last)} behind a dot can be a function call`);
}

/** What the grammar alone cannot say of a node: whether the names in it are on the lists. */
export const nameChecks: ReadonlyMap<string, (node: Node) => Refusal | null> = new Map([
  ['FuncCall', functionName],
  ['TypeName', typeName],
  ['RangeVar', relationName],
  ['ColumnRef', columnName],
  ['A_Expr', ({ name }: Node) => operator(name)],
  ['SubLink', ({ operName }: Node) => (operName === undefined ? null : operator(operName))],
]);
