import { scanSql, type Token } from '../../sql/parser.ts';
import { type Reading, reading, unknown } from '../program.ts';
import { readSql } from '../sql-actions.ts';
import { literal } from '../word.ts';

/** Bounds how often the rest of a text is scanned anew. */
const commandsMax = 20;

/** Commands of psql that only show something or set how it is shown. None of them changes the statement typed so far. */
const showing = new Set(
  `a conninfo copyright echo qecho warn errverbose f h help H l lo_list p pset q quit sf sf+ sv sv+ t timing x z ? l+ z+`.split(
    ' ',
  ),
);
/** `\d`, `\dt+`, `\dRp`, …: each describes. */
const describing = /^d[A-Za-z]*[S+x]*$/;

/**
 * What a text that psql reads (its standard input, a `-c` that begins with a backslash) comes to: its SQL as one text, and
 * psql's own commands. `\!` and programs of `\copy` give nested shell text. A command that runs, reads or sends something
 * that cannot be told, and every `:variable`, makes the whole text unknown. Never throws.
 */
export function readPsqlScript(text: string): Reading {
  const parts: Reading[] = [];
  let sql = '';
  let rest = text;
  for (let count = 0; ; count++) {
    const tokens = scanSql(rest);
    if (tokens === null || count > commandsMax) return unknown('unknown.sql', 'expected SQL that psql can split');
    const backslash = tokens.find((token) => token.text === '\\');
    if (tokens.some((token, at) => isVariable(token, tokens[at + 1]) && token.at < (backslash?.at ?? rest.length)))
      return unknown('unknown.psql-variable', 'a variable of psql stands in the text');
    if (backslash === undefined) break;
    sql += rest.slice(0, backslash.at);
    const [, line = '', after = ''] = /^([^\n]*)(.*)$/s.exec(rest.slice(backslash.at + 1)) ?? [];
    if (/^gx?\s*$/.test(line)) sql += ';';
    else parts.push(readCommand(line.trimEnd()));
    rest = after;
  }
  sql += rest;
  if (hasStatement(sql)) parts.push(readSql(sql));
  return merge(parts);
}

/** `:name`, `:'name'` and `:"name"` are put in before the server sees the text. */
const isVariable = (token: Token, next: Token | undefined): boolean =>
  token.text === ':' && next !== undefined && next.at === token.at + 1 && /^[\w'"{]/.test(next.text);

const hasStatement = (sql: string): boolean =>
  (scanSql(sql) ?? []).some(({ text }) => text !== ';' && !isComment(text));
const isComment = (text: string): boolean => text.startsWith('--') || text.startsWith('/*');

function readCommand(line: string): Reading {
  // INVARIANT: psql takes the whole line for these two, without expanding anything in it.
  if (line.startsWith('!')) return reading([], [{ kind: 'shell', words: [literal(line.slice(1).trim())] }]);
  const [, name = '', args = ''] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
  if (name === 'copy') return args.includes('\\') ? refused(name) : readSql(`COPY ${args.replace(/;\s*$/, '')}`);
  // A backquote runs a command, a colon puts a variable in, a bar sends the answer to a program, a backslash starts anew.
  if (/[`:|\\]/.test(args)) return refused(name);
  if (name === 'c' || name === 'connect') return /^[\w.$ -]*$/.test(args) ? reading([]) : refused(name);
  return showing.has(name) || describing.test(name) ? shown(name) : refused(name);
}

const shown = (name: string): Reading =>
  reading([{ system: 'sql', verb: 'show', object: '', names: [name], modifiers: [], effect: 'read' }]);
const refused = (name: string): Reading =>
  unknown(
    'unknown.psql-command',
    `\`\\${name.replace(/[^\w+?!]/g, '?').slice(0, 20)}\` is not known to only show something`,
  );

/** Several readings of one command as one: unknown when one of them is. */
export function merge(parts: readonly Reading[]): Reading {
  const lost = parts.find(({ kind }) => kind === 'unknown');
  if (lost !== undefined) return lost;
  const known = parts.filter((part) => part.kind === 'read');
  return reading(
    known.flatMap(({ actions }) => actions),
    known.flatMap(({ nested }) => nested),
  );
}
