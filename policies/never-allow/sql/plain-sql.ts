import { functions } from '../../sql/allow-list.ts';
import { type Reading, reading, unknown } from '../program.ts';
import { readSql } from '../sql-actions.ts';
import { write } from './statements.ts';

/**
 * Text that no dialect reads in another way: words, numbers, plain operators, and strings without a quote, a backslash or a
 * mark inside. No comment of any kind (MySQL runs what stands in some), no other quotes, no variable.
 */
const plain = /^(?:[\w\s.,()*=<>+%;/-]|'[\w\s.,:@%/+-]*')*$/;
const comment = /--|\/\*/;
/** Words that a bracket may follow without a call. */
const notCalls = new Set(
  'in values and or not exists select from where on as by over any all some when then else using join having set'.split(
    ' ',
  ),
);
/** MySQL, MariaDB and ClickHouse show and describe with words that Postgres does not have. None of these changes anything. */
const shows = /^\s*(?:show|describe|desc)\s+[\w\s.'%=]+;?\s*$/i;

/**
 * What a text comes to for a server that is not Postgres, or need not be. Only text that every dialect reads alike is read,
 * by the grammar of Postgres; all other text is unknown. A function that is not a pure one of standard SQL counts as a
 * write: `load_extension`, `sleep` and table functions are other dialects' own. Never throws.
 */
export function readPlainSql(text: string): Reading {
  if (!plain.test(text) || comment.test(text))
    return unknown('unknown.sql-dialect', 'not plain text that every dialect of SQL reads alike');
  if (shows.test(text))
    return reading([{ system: 'sql', verb: 'show', object: '', names: [], modifiers: [], effect: 'read' }]);
  const found = readSql(text);
  if (found.kind === 'unknown') return unknown('unknown.sql-dialect', found.reason);
  const calls = [...text.matchAll(/(\w+)\s*\(/g)].map(([, name = '']) => name.toLowerCase());
  const foreign = calls.filter((name) => !functions.has(name) && !notCalls.has(name));
  const own = foreign.length === 0 ? [] : [write('call', 'function', foreign.slice(0, 16), [])];
  return reading([...found.actions, ...own], found.nested);
}
