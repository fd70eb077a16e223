import { hasSqlDetails, loadModule, parsePlPgSQLSync, parseSync, type ScanToken, scanSync } from 'libpg-query';

const sqlCharsMax = 8_192;
/** Bounds how deep the parser can recurse: every level of nesting costs at least one token. */
const tokensMax = 1_000;

let state: 'unloaded' | 'ready' | 'broken' = 'unloaded';

/** Loads Postgres' own parser once for this process. Until it has, every SQL text is refused. */
export async function loadSqlParser(): Promise<void> {
  await loadModule();
  if (state === 'unloaded') state = 'ready';
}

/** False until it is loaded, and again once a text has broken it: every SQL text is refused then. */
export const canParseSql = (): boolean => state === 'ready';

export type ParsedSql =
  | { readonly ok: true; readonly statements: readonly unknown[] }
  | { readonly ok: false; readonly reason: string };

/** The statements of a text, as Postgres 18 parses it. Never throws; what cannot be parsed is refused with a reason. */
export function parseSql(sql: string): ParsedSql {
  const found = guarded(sql, () => (parseSync(sql).stmts ?? []).map(({ stmt }) => stmt));
  return found.ok ? { ok: true, statements: found.value } : found;
}

/**
 * The functions that a text carries in PL/pgSQL (`DO`, `CREATE FUNCTION`, `CREATE PROCEDURE`), in order, each with every
 * expression and statement in it as text. A function in another language comes without an `action`. Never throws.
 */
export function parsePlPgSql(sql: string): ParsedSql {
  const found = guarded(sql, () => parsePlPgSQLSync(sql) as unknown as { readonly plpgsql_funcs?: readonly unknown[] });
  return found.ok ? { ok: true, statements: found.value.plpgsql_funcs ?? [] } : found;
}

export type Token = { readonly text: string; readonly at: number };

/** The tokens of a text with where each stands in it; null when it cannot be split into tokens. Never throws. */
export function scanSql(sql: string): readonly Token[] | null {
  // An empty text is an error to the scanner.
  if (sql === '') return [];
  const found = guarded(sql, (tokens) => tokens);
  if (!found.ok) return null;
  // The scanner counts bytes.
  const bytes = new TextEncoder().encode(sql);
  const decoder = new TextDecoder();
  let at = 0;
  let read = 0;
  return found.value.map(({ start, text }) => {
    at += decoder.decode(bytes.subarray(read, start)).length;
    read = start;
    return { text, at };
  });
}

type Found<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

function guarded<T>(sql: string, ask: (tokens: readonly ScanToken[]) => T): Found<T> {
  const unfit = unfitText(sql);
  if (unfit !== null) return { ok: false, reason: unfit };
  if (state !== 'ready') return { ok: false, reason: `the SQL parser is ${state}` };
  try {
    const { tokens } = scanSync(sql);
    if (tokens.length > tokensMax) return { ok: false, reason: `expected at most ${tokensMax} tokens` };
    return { ok: true, value: ask(tokens) };
  } catch (error) {
    if (hasSqlDetails(error) || !isTrap(error)) return { ok: false, reason: 'expected SQL that Postgres can parse' };
    // INVARIANT: after a trap the parser's memory may be damaged, and a damaged parser must not call anything a read.
    state = 'broken';
    return { ok: false, reason: 'the SQL parser is broken' };
  }
}

/** An exhausted stack or a WASM trap, both of which leave the parser in the middle of its work. */
const isTrap = (error: unknown): boolean =>
  error instanceof RangeError || (error instanceof Error && error.name === 'RuntimeError');

function unfitText(sql: string): string | null {
  if (typeof sql !== 'string') return 'expected SQL text';
  if (sql.length > sqlCharsMax) return `expected at most ${sqlCharsMax} characters`;
  // The parser stops at a NUL and replaces lone surrogates: it would judge another text than the server is sent.
  if (/(?![\t\n\r])\p{Cc}/u.test(sql)) return 'expected no control characters';
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(sql))
    return 'expected well-formed Unicode';
  return null;
}
