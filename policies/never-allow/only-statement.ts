import type { Findings } from './shell/findings.ts';

/** Words that begin statements and their clauses: at the start of a line they are no program's name. */
const keywords = new Set(
  `abort alter analyze and as begin between by call checkpoint cluster comment commit copy create cross cube current do
  deallocate declare delete desc distinct drop else end except execute explain fetch for from full grant group having
  in inner insert intersect into is join lateral left like limit listen load lock merge move natural not notify null
  offset on or order outer over partition prepare reassign refresh reindex release reset returning revoke right rollback
  rows savepoint security select set show start table then truncate union unlisten update use using vacuum values when
  where window with`.split(/\s+/),
);
const plainName = /^[a-z0-9_.+-]+$/;

/** Whether the first word of a text, after comments, begins statements, or a program that is not listed has such a name. */
export function mayBeStatement(text: string, { ran }: Findings): boolean {
  return keywords.has(firstOf(text)) || [...ran].some(([name, listed]) => !listed && isKeyword(name));
}

/** `SELECT` and its like in capitals: no program has such a name, and what stands behind it is a statement's. */
export const isStatementName = (name: string): boolean => isKeyword(name) && name === name.toUpperCase();

const isKeyword = (name: string): boolean => keywords.has(name.toLowerCase());

/**
 * Whether a text that was given as a command is SQL and nothing else: Postgres parses it whole, and a shell would find no
 * program and no substitution in it, nor a word that could name a program that is not listed. A word in a list (a column
 * on a line of its own) names none.
 */
export function isOnlyStatement(text: string, { ran, grammars }: Findings): boolean {
  if (/\$\(|`|<\(|>\(/.test(text)) return false;
  const columns = new Set([...text.matchAll(/,\s*([a-z0-9_.]+)\s/g)].map(([, name = '']) => name));
  for (const [name, listed] of ran)
    if (listed || (plainName.test(name) && !isKeyword(name) && !columns.has(name))) return false;
  return grammars.readSql(text).kind === 'read';
}

/** Words that begin what changes or reads a database, and that no program is named by. */
const verbs = new Set(
  'alter begin create delete do drop execute explain grant insert replace revoke select truncate update use with'.split(
    ' ',
  ),
);

/** Whether a text begins as statements do that Postgres need not understand, and a shell would find no program in it. */
export const isForeignStatement = (text: string, { ran }: Findings): boolean =>
  verbs.has(firstOf(text)) && /\S\s+\S/.test(text) && [...ran.values()].every((listed) => !listed);

/** The text from its first word on: comments before it are none. */
const withoutComments = (text: string): string => text.replace(/^(?:\s+|--[^\n]*\n|\/\*[^*]*\*\/|\()+/, '');

const firstOf = (text: string): string => /^[A-Za-z]+(?![\w.-])/.exec(withoutComments(text))?.[0].toLowerCase() ?? '';
