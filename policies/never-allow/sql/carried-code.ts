import { parsePlPgSql, parseSql, scanSql } from '../../sql/parser.ts';
import { type Reading, reading, unknown } from '../program.ts';
import { literal } from '../word.ts';
import { asList, constantOf, isNode, type Node, textOfString } from './statements.ts';

/** SQL text inside code, or what code comes to that holds no SQL. */
export type Carried = { readonly kind: 'text'; readonly sql: string } | Reading;

/**
 * What the code in `DO` blocks, functions and procedures holds: the SQL of a body in SQL, every statement and expression of
 * a body in PL/pgSQL, and code in any other language as it is. A function is judged as if it were run: it is made to be.
 */
export function carriedCode(sql: string, statements: readonly unknown[]): readonly Carried[] {
  const carriers = statements.map(carrierOf).filter((carrier) => carrier !== null);
  const found = carriers.map(outsidePlPgSql).filter((part) => part !== null);
  const blocks = carriers.filter(({ language }) => language === 'plpgsql').length;
  if (blocks === 0) return found;
  if (carriers.some(hasNoText)) return [...found, unknown('unknown.sql-code', 'expected every function with its code')];
  return [...found, ...plPgSql(sql, blocks)];
}

type Carrier = { readonly language: string; readonly bodies: readonly string[]; readonly parsed: boolean };

function carrierOf(statement: unknown): Carrier | null {
  if (!isNode(statement)) return null;
  const node = [statement.DoStmt, statement.CreateFunctionStmt].find(isNode);
  if (node === undefined) return null;
  const options = [...asList(node.args), ...asList(node.options)].map((item) => (isNode(item) ? item.DefElem : null));
  const valuesOf = (name: string): readonly string[] => {
    const value = options.filter(isNode).findLast(({ defname }) => defname === name)?.arg;
    const list = isNode(value) && isNode(value.List) ? asList(value.List.items) : [value];
    return list.filter((item) => item !== undefined).map(textOfString);
  };
  const parsed = node.sql_body !== undefined;
  const [language = parsed ? 'sql' : 'plpgsql'] = valuesOf('language');
  return { language: language.toLowerCase(), bodies: valuesOf('as'), parsed };
}

function outsidePlPgSql({ language, bodies, parsed }: Carrier): Carried | null {
  if (language === 'plpgsql' || parsed) return null;
  const [body, ...others] = bodies;
  if (language === 'sql' && body !== undefined && others.length === 0) return { kind: 'text', sql: body };
  return reading([], [{ kind: 'code', language, text: literal(bodies.join('\n')) }]);
}

/** The parser stops for good at a function or a block without its code as text, in whatever language. */
const hasNoText = ({ bodies }: Carrier): boolean => bodies.length === 0;

function plPgSql(sql: string, blocks: number): readonly Carried[] {
  const parsed = parsePlPgSql(sql);
  const functions = parsed.ok ? parsed.statements.filter(hasBody) : [];
  if (functions.length !== blocks) return [unknown('unknown.sql-code', 'expected PL/pgSQL that Postgres can parse')];
  const found: Carried[] = [];
  const waiting: { tag: string; field: string; value: unknown }[] = [{ tag: '', field: '', value: functions }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { tag, field, value } = next;
    if (Array.isArray(value)) for (const item of value) waiting.push({ tag, field, value: item });
    if (!isNode(value)) continue;
    if (isNode(value.PLpgSQL_expr)) found.push(...expression(value.PLpgSQL_expr, isDynamic(tag, field)));
    else for (const [key, inner] of Object.entries(value)) waiting.push(child(tag, key, inner));
  }
  return found;
}

const child = (tag: string, key: string, value: unknown) =>
  key.startsWith('PLpgSQL_') ? { tag: key, field: '', value } : { tag, field: key, value };

const hasBody = (item: unknown): boolean =>
  isNode(item) && isNode(item.PLpgSQL_function) && item.PLpgSQL_function.action !== undefined;

/** Where an expression's value is run as SQL: `EXECUTE`, `FOR … IN EXECUTE`, `OPEN … FOR EXECUTE`, `RETURN QUERY EXECUTE`. */
const isDynamic = (tag: string, field: string): boolean =>
  field === 'dynquery' || (field === 'query' && (tag === 'PLpgSQL_stmt_dynexecute' || tag === 'PLpgSQL_stmt_dynfors'));

/** The parser's modes: 0 a statement, 2 an expression, from 3 an assignment. */
function expression({ query, parseMode = 0 }: Node, dynamic: boolean): readonly Carried[] {
  if (typeof query !== 'string' || typeof parseMode !== 'number' || parseMode === 1)
    return [unknown('unknown.sql-code', 'expected a statement or an expression')];
  if (dynamic) return [dynamicText(query)];
  if (parseMode === 0) return [{ kind: 'text', sql: query }];
  const parts = parseMode === 2 ? [query] : sidesOf(query);
  return parts.map((part) => ({ kind: 'text', sql: `SELECT ${part}` }));
}

function dynamicText(query: string): Carried {
  const parsed = parseSql(`SELECT ${query}`);
  const select = parsed.ok && isNode(parsed.statements[0]) ? parsed.statements[0].SelectStmt : undefined;
  const [target, ...others] = isNode(select) ? asList(select.targetList) : [];
  const value = isNode(target) && isNode(target.ResTarget) ? constantOf(target.ResTarget.val) : null;
  if (parsed.ok && parsed.statements.length === 1 && others.length === 0 && typeof value === 'string')
    return { kind: 'text', sql: value };
  return unknown('unknown.sql-text', '`EXECUTE` runs SQL that is put together at run time');
}

/** `a[f(1)] := g(2)` calls functions on both sides. A text without the operator is left whole, and cannot be parsed. */
function sidesOf(assignment: string): readonly string[] {
  let open = 0;
  for (const { text, at } of scanSql(assignment) ?? []) {
    if (text === '[' || text === '(') open += 1;
    if (text === ']' || text === ')') open -= 1;
    if (open === 0 && (text === ':=' || text === '='))
      return [assignment.slice(0, at), assignment.slice(at + text.length)];
  }
  return [assignment];
}
