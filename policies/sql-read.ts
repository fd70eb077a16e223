import type { Refusal } from './sql/names.ts';
import { parseSql } from './sql/parser.ts';
import { refusalOf } from './sql/walk.ts';

export { loadSqlParser } from './sql/parser.ts';

export type SqlVerdict = { readonly ok: true } | { readonly ok: false; readonly rule: string; readonly reason: string };

/**
 * Whether a text is one SELECT in which every node, field, relation, function, type and operator is on an allow-list.
 * Needs `loadSqlParser` to have resolved; refuses everything until then. Never throws. It presumes what the executor sets
 * on its query role: `standard_conforming_strings` on, and `search_path` of `pg_catalog, public`.
 */
export function judgeReadSql(sql: string): SqlVerdict {
  const parsed = parseSql(sql);
  if (!parsed.ok) return { ok: false, rule: 'floor.unparsable-sql', reason: parsed.reason };
  const refused = refusalOfStatements(parsed.statements);
  return refused === null ? { ok: true } : { ok: false, ...refused };
}

function refusalOfStatements(statements: readonly unknown[]): Refusal | null {
  if (statements.some(dropsTable)) return { rule: 'floor.drop-table', reason: 'DROP TABLE is never allowed' };
  const [only, ...others] = statements;
  if (only === undefined || others.length > 0)
    return { rule: 'floor.not-a-read', reason: `expected one statement, got ${statements.length}` };
  if (tagOf(only) !== 'SelectStmt') return { rule: 'floor.not-a-read', reason: `\`${tagOf(only)}\` is no SELECT` };
  return refusalOf(only);
}

const tagOf = (statement: unknown): string => Object.keys(statement ?? {})[0] ?? 'nothing';

/** What holds tables takes them along: a schema, a database, everything that a role owns. */
const tableHolders: ReadonlySet<unknown> = new Set(['OBJECT_TABLE', 'OBJECT_FOREIGN_TABLE', 'OBJECT_SCHEMA']);

/** Only chooses the rule that a refusal names: a statement that is no SELECT is refused whatever it drops. */
function dropsTable(statement: unknown): boolean {
  const found = (statement ?? {}) as Readonly<Record<string, { removeType?: unknown }>>;
  if (found.DropdbStmt !== undefined || found.DropOwnedStmt !== undefined) return true;
  if (found.DropStmt !== undefined) return tableHolders.has(found.DropStmt.removeType);
  // A DO block and a function carry their statements as text.
  const carried = found.DoStmt ?? found.CreateFunctionStmt;
  return carried !== undefined && /\bdrop(\s|\/\*.*?\*\/|--[^\n]*\n|\\n)+table\b/i.test(JSON.stringify(carried));
}
