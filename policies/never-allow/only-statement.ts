import type { Findings } from './shell/findings.ts';

/** Words that begin statements and their clauses: at the start of a line they are no program's name. */
const keywords = new Set(
  `abort alter analyze and as begin between by call checkpoint cluster comment commit copy create cross cube current
  deallocate declare delete desc distinct drop else end except execute explain fetch for from full grant group having
  in inner insert intersect into is join lateral left like limit listen load lock merge move natural not notify null
  offset on or order outer over partition prepare reassign refresh reindex release reset returning revoke right rollback
  rows savepoint security select set show start table then truncate union unlisten update using vacuum values when where
  window with`.split(/\s+/),
);
const plainName = /^[a-z0-9_.+-]+$/;

/** Whether the first word of a text, after comments, begins statements. */
export function beginsLikeStatement(text: string): boolean {
  const [first = ''] = /^[A-Za-z]+/.exec(withoutComments(text)) ?? [];
  return keywords.has(first.toLowerCase());
}

/**
 * Whether a text that was given as a command is a statement of SQL and nothing else: Postgres parses it whole, a shell would
 * find no program and no substitution in it, and no word that could be the name of a program that is not listed.
 */
export function isOnlyStatement(text: string, { ran, grammars }: Findings): boolean {
  if (/\$\(|`|<\(|>\(/.test(text)) return false;
  for (const [name, listed] of ran) if (listed || (plainName.test(name) && !keywords.has(name))) return false;
  return grammars.readSql(text).kind === 'read';
}

/** The text from its first word on: comments before it are none. */
const withoutComments = (text: string): string => text.replace(/^(?:\s+|--[^\n]*\n|\/\*[^*]*\*\/|\()+/, '');
