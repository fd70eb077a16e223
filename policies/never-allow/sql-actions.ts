import { parseSql } from '../sql/parser.ts';
import { type Nested, type Reading, reading, unknown } from './program.ts';
import { carriedCode } from './sql/carried-code.ts';
import { type Argument, effectOf } from './sql/functions.ts';
import { actionOf, asList, constantOf, isNode, type Node, textOfString, write } from './sql/statements.ts';
import type { TypedAction } from './typed-action.ts';
import { literal } from './word.ts';

const depthMax = 4;

/**
 * Every action of a text that a Postgres server is sent, as its own parser reads it: of each statement, of what data-modifying
 * queries, `EXPLAIN ANALYZE`, code in PL/pgSQL and functions that run text hold inside, and of the functions it calls.
 * `COPY … PROGRAM` gives nested shell text. Unknown where the parser refuses the text (another dialect, no statement at
 * all), where SQL is put together at run time, and where a setting changes how later text is read. Needs `loadSqlParser`
 * to have resolved; unknown until then. Never throws; linear, since text inside text is shorter and nesting is bounded.
 */
export function readSql(sql: string, depth = 0): Reading {
  if (depth > depthMax) return unknown('unknown.sql-nesting', `expected at most ${depthMax} texts inside each other`);
  const parsed = parseSql(sql);
  if (!parsed.ok) return unknown('unknown.sql', parsed.reason);
  if (parsed.statements.length === 0) return unknown('unknown.sql', 'expected a statement, got none');
  const found = new Findings(depth);
  parsed.statements.forEach((statement, at) => {
    // What follows is data to psql, while this parser would go on reading it as SQL.
    if (takesRows(statement) && at < parsed.statements.length - 1)
      found.refuse('unknown.sql-data', 'rows follow `COPY … FROM STDIN`, and where they end cannot be told');
    found.visit(statement);
  });
  if (found.carriesCode)
    for (const part of carriedCode(sql, parsed.statements))
      found.add(part.kind === 'text' ? readSql(part.sql, depth + 1) : part);
  return found.result();
}

function takesRows(statement: unknown): boolean {
  const copy = isNode(statement) ? statement.CopyStmt : undefined;
  return isNode(copy) && copy.is_from === true && copy.filename === undefined;
}

/** What has been found so far in one text. Once something in it cannot be decided, the whole text cannot. */
class Findings {
  readonly #depth: number;
  readonly #actions: TypedAction[] = [];
  readonly #nested: Nested[] = [];
  readonly #prepared = new Set<string>();
  #refusal: Reading | null = null;
  carriesCode = false;

  constructor(depth: number) {
    this.#depth = depth;
  }

  refuse(rule: `unknown.${string}`, reason: string): void {
    this.#refusal ??= unknown(rule, reason);
  }

  add(found: Reading): void {
    if (found.kind === 'unknown') {
      this.#refusal ??= found;
      return;
    }
    for (const action of found.actions) this.#note(action);
    this.#nested.push(...found.nested);
  }

  result(): Reading {
    return this.#refusal ?? reading(this.#actions, this.#nested);
  }

  /** The query of a query is no further action: one plain SELECT is counted, and every change. */
  #note(action: TypedAction): void {
    if (action.verb !== 'select' || !this.#actions.some(({ verb }) => verb === 'select')) this.#actions.push(action);
  }

  /** Walks a parse tree with a stack of its own: how deep a text nests must not decide how deep this calls itself. */
  visit(root: unknown): void {
    const waiting: unknown[] = [root];
    while (waiting.length > 0) {
      const value = waiting.pop();
      if (Array.isArray(value)) for (const item of value) waiting.push(item);
      else if (isNode(value))
        for (const [tag, inner] of Object.entries(value)) if (this.#enter(tag, inner)) waiting.push(inner);
    }
  }

  /** Notes what a node does; false when what it holds is not run. */
  #enter(tag: string, node: unknown): boolean {
    if (tag === 'lockingClause') this.#actions.push(write('lock', 'rows', [], []));
    if (tag === 'intoClause') this.#actions.push(write('create', 'table', [], []));
    if (!isNode(node)) return true;
    if (tag === 'FuncCall' || tag === 'funccall') this.#call(node);
    // A foreign table of file_fdw runs its program whenever it is read.
    if (tag === 'DefElem' && node.defname === 'program') this.#shell(textOfString(node.arg) || null);
    if (tag === 'ColumnRef') this.#attribute(asList(node.fields));
    if (tag === 'A_Indirection') this.#attribute([null, ...asList(node.indirection)]);
    const action = actionOf(tag, node);
    if (action === 'unknown') this.refuse('unknown.sql-statement', `\`${tag}\` is no statement that is known here`);
    else if (action !== null) this.#statement(tag, node, action);
    return tag !== 'ExplainStmt' || isAnalyzed(node);
  }

  #statement(tag: string, node: Node, action: TypedAction): void {
    this.#note(action);
    if (tag === 'VariableSetStmt' && node.kind !== 'VAR_RESET_ALL') this.#setting(node.name, asList(node.args)[0]);
    if (tag === 'AlterSystemStmt') this.#serverCommand(node.setstmt);
    if (tag === 'CopyStmt' && node.is_program === true) this.#shell(node.filename);
    if (tag === 'PrepareStmt') this.#prepared.add(String(node.name));
    if (tag === 'ExecuteStmt' && !this.#prepared.has(String(node.name)))
      this.refuse('unknown.sql-prepared', 'runs a statement that was prepared out of sight');
    if (tag === 'DoStmt' || tag === 'CreateFunctionStmt') this.carriesCode = true;
  }

  #shell(text: unknown): void {
    if (typeof text === 'string') this.#nested.push({ kind: 'shell', words: [literal(text)] });
    else this.refuse('unknown.sql-program', 'runs a program that cannot be told');
  }

  /** `archive_command` and its like are shell text that the server runs. */
  #serverCommand(setting: unknown): void {
    if (!isNode(setting) || !/_command$/i.test(String(setting.name ?? '')) || setting.kind !== 'VAR_SET_VALUE') return;
    this.#shell(constantOf(asList(setting.args)[0]));
  }

  /** INVARIANT: every text is parsed as the server will read it; these settings change where its strings end. */
  #setting(name: unknown, value: unknown): void {
    const known = typeof name === 'string' ? name.toLowerCase() : '';
    const encoding = constantOf(value);
    if (known === 'client_encoding' && (value === undefined || /^utf-?8$/i.test(String(encoding)))) return;
    if (known === '' || ['standard_conforming_strings', 'backslash_quote', 'client_encoding'].includes(known))
      this.refuse('unknown.sql-setting', 'changes how later text is read');
  }

  #call(node: Node): void {
    const names = asList(node.funcname).map(textOfString);
    const args = asList(node.args).map(constantOf);
    const effect = effectOf(names, args);
    if (names.at(-1) === 'set_config') this.#setting(args[0] ?? undefined, asList(node.args)[1]);
    if (effect.kind === 'write') this.#actions.push(write('call', 'function', [names.join('.')], []));
    if (effect.kind === 'drop') this.#actions.push(write('drop', '*', [names.join('.')], ['tables']));
    if (effect.kind === 'runs') this.#run(names, effect.texts?.map((at) => args[at] ?? null) ?? [null]);
  }

  #run(names: readonly string[], texts: readonly Argument[]): void {
    for (const text of texts) {
      if (typeof text === 'string') this.add(readSql(text, this.#depth + 1));
      else this.refuse('unknown.sql-text', `\`${names.join('.')}\` runs SQL that is put together at run time`);
    }
  }

  /** `t.f` and `(x).f` call the function `f` when there is no such column. */
  #attribute(path: readonly unknown[]): void {
    const last = textOfString(path.at(-1));
    if (path.length < 2 || last === '') return;
    const { kind } = effectOf([last], []);
    if (kind === 'write' && !/^(create|update|delete|insert|run|import|reset)_/.test(last))
      this.#actions.push(write('call', 'function', [last], []));
  }
}

/** Whether EXPLAIN runs its statement. Only a literal `false` keeps it from that. */
function isAnalyzed(node: Node): boolean {
  return asList(node.options).some((option) => {
    const element = isNode(option) ? option.DefElem : undefined;
    if (!isNode(element) || element.defname !== 'analyze') return false;
    const value = isNode(element.arg) ? textOfString(element.arg) || JSON.stringify(element.arg) : 'true';
    return !['false', 'off', '{"integer":{}}'].includes(value.toLowerCase());
  });
}
