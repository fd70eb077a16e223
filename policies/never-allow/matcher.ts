import { toolRegistry } from '../../contracts/tools/registry.ts';
import { canParseSql } from '../sql/parser.ts';
import { grammars as everyGrammar } from './grammars.ts';
import type { Forbids } from './judge-command.ts';
import type { Reading } from './program.ts';
import type { Grammars } from './shell/findings.ts';
import { parseShell } from './shell/parse.ts';
import { baseName } from './shell/program-name.ts';
import type { TypedAction } from './typed-action.ts';
import { literal } from './word.ts';

/** An entry of a never_allow list as the actions that it stands for. `object` is null where it is said of any. */
export type Matcher = {
  readonly entry: string;
  readonly system: TypedAction['system'];
  readonly verb: string;
  readonly object: string | null;
  readonly modifiers: readonly string[];
  /** The function that SQL calls; null where the entry is about no function. */
  readonly called: string | null;
  readonly effect: TypedAction['effect'];
};
/** What is wrong with an entry: which one, where in it (from 0), and why. */
export type EntryFault = { readonly index: number; readonly offset: number; readonly reason: string };
export type CompiledEntries =
  | { readonly ok: true; readonly matchers: readonly Matcher[] }
  | { readonly ok: false; readonly faults: readonly EntryFault[] };

/**
 * Compiles a never_allow list in operators' words (`kubectl delete deploy`, `DROP TABLE`, `postgres.cancelBackend`) by the
 * grammars that commands are read with. An entry that no grammar can read, that does nothing, or that names targets is a
 * fault: a list that silently matches less than it says protects nothing. SQL needs `loadSqlParser` to have resolved.
 */
export function compileEntries(entries: readonly string[], grammars: Grammars = everyGrammar): CompiledEntries {
  const compiled = entries.map((entry) => compileEntry(entry, grammars));
  const faults = compiled.flatMap((one, index) => ('reason' in one ? [{ index, ...one }] : []));
  if (faults.length > 0) return { ok: false, faults };
  return { ok: true, matchers: compiled.flatMap((one) => ('reason' in one ? [] : one)) };
}

/** The rule that a compiled list is. */
export const forbidsBy =
  (matchers: readonly Matcher[]): Forbids =>
  (action) => {
    const found = matchers.find((matcher) => matches(matcher, action));
    if (found === undefined) return null;
    return { rule: 'runbook.never-allow', reason: `\`${found.entry}\` is on the never_allow list of the runbook` };
  };

/** An action whose object may be anything matches an entry about any object. */
export const matches = ({ system, verb, object, modifiers, called }: Matcher, action: TypedAction): boolean =>
  system === action.system &&
  verb === action.verb &&
  (object === null || object === action.object || action.object === '*') &&
  (called === null || action.names.some((name) => functionName(name) === called)) &&
  modifiers.every((modifier) => action.modifiers.includes(modifier));

/** Whether everything that `narrow` matches is matched by `wide` too. */
export const covers = (wide: Matcher, narrow: Matcher): boolean =>
  wide.system === narrow.system &&
  wide.verb === narrow.verb &&
  (wide.object === null || wide.object === narrow.object) &&
  (wide.called === null || wide.called === narrow.called) &&
  wide.modifiers.every((modifier) => narrow.modifiers.includes(modifier));

/** A function is known by its own name, in whatever schema it is looked for and however it is spelled. */
const functionName = (name: string): string => (name.split('.').at(-1) ?? '').toLowerCase();

type Fault = { readonly offset: number; readonly reason: string };
const fault = (reason: string, offset = 0): Fault => ({ offset, reason });

function compileTool(tool: string): Matcher {
  const effect = toolRegistry.get(tool)?.risk === 'read' ? 'read' : 'write';
  return { entry: tool, system: 'tool', verb: 'call', object: tool, modifiers: [], called: null, effect };
}

/** `truncate` is a program and a statement: an entry that can be read in two ways forbids what it says in both. */
function compileEntry(entry: string, grammars: Grammars): readonly Matcher[] | Fault {
  const word = entry.trim();
  if (word === '') return fault('expected a tool, a command or an SQL statement');
  if (toolRegistry.has(word)) return [compileTool(word)];
  // INVARIANT: what an entry means does not depend on what is loaded: half of its readings would match half of what it says.
  if (!canParseSql()) return fault('the SQL parser is not loaded, and the entry may be a statement');
  const first = word.split(/\s/)[0] ?? '';
  const command = grammars.programs.has(baseName(first)) ? compileCommand(entry, grammars) : null;
  const readings = [command, compileSql(entry, grammars)].filter((one) => one !== null);
  const matchers = readings.flatMap((one) => ('reason' in one ? [] : [one]));
  if (matchers.length > 0) return matchers;
  const [faulty] = readings;
  if (faulty !== undefined && 'reason' in faulty) return faulty;
  if (/^[a-z][a-z0-9]*\.[A-Za-z0-9]+$/.test(word)) return fault(`no tool is named \`${word.slice(0, 80)}\``);
  return fault(`expected a tool, a command of a listed program or an SQL statement, got \`${first.slice(0, 40)}\``);
}

/** Words that make an unfinished command whole, so that its grammar can say what it is. */
const fillers: readonly (readonly string[])[] = [
  [],
  ['placeholder'],
  ['placeholder', 'placeholder'],
  ['s3://placeholder/placeholder'],
  ['s3://placeholder/placeholder', 's3://placeholder/placeholder'],
  ['placeholder:placeholder'],
];

function compileCommand(entry: string, { programs }: Grammars): Matcher | Fault {
  const parsed = parseShell(entry);
  if (!parsed.ok) return fault(parsed.reason, Number(/ at (\d+)$/.exec(parsed.reason)?.[1] ?? 0));
  const [statement, ...others] = parsed.script.commands;
  if (statement?.command.type !== 'Command' || others.length > 0 || statement.background === true)
    return fault('expected one command', others[0]?.pos ?? 0);
  const { name, prefix, suffix } = statement.command;
  const words = [...prefix, ...(name === undefined ? [] : [name]), ...suffix];
  const odd = words.find((word) => word.type !== 'Word' || word.parts?.some(({ type }) => !isPlain(type)) === true);
  if (odd !== undefined) return fault('expected words that are literal', odd.pos);
  const [program, ...args] = words.flatMap((word) => (word.type === 'Word' ? [word] : []));
  const grammar = programs.get(baseName(program?.value ?? ''));
  let reason = 'expected a command that does something';
  for (const filler of fillers) {
    const argv = [...args.map(({ value }) => value), ...filler];
    const read = grammar?.read(argv.map(literal));
    if (read?.kind === 'unknown') reason = read.reason;
    const found = read === undefined ? null : matcherOf(entry, read, filler);
    if (found === null) continue;
    const named = args.find(({ value }) => found.names.includes(value));
    if (named !== undefined) return fault(namesTargets(named.value), named.pos);
    return found.matcher;
  }
  return fault(reason);
}

const isPlain = (type: string): boolean => ['Literal', 'SingleQuoted', 'DoubleQuoted'].includes(type);
const namesTargets = (name: string): string =>
  `an entry says what is never done, not to what: it holds for every target, and \`${name.slice(0, 60)}\` names one`;

/** The first action is what the command is for; others are what comes along. */
function matcherOf(entry: string, read: Reading, fillers: readonly string[]) {
  const [action] = read.kind === 'read' ? read.actions : [];
  if (action === undefined || action.modifiers.includes('unlisted')) return null;
  const { system, verb, object, names, modifiers, effect } = action;
  const matcher: Matcher = {
    entry: entry.trim(),
    system,
    verb,
    object: object === '*' || object === '' || fillers.includes(object) ? null : object,
    modifiers,
    called: null,
    effect,
  };
  return { matcher, names: names.filter((name) => !fillers.includes(name)) };
}

/** Ends of an unfinished statement, so that its grammar can say what it is. */
const ends = [
  '',
  ' placeholder',
  ' BY placeholder',
  ' placeholder DROP COLUMN placeholder',
  ' SET placeholder = 1',
  ' placeholder SET placeholder = 1',
  ' placeholder VALUES (1)',
  ' placeholder (placeholder int)',
  ' ON placeholder FROM placeholder',
  ' ON placeholder TO placeholder',
  ' placeholder ON placeholder (placeholder)',
  ' placeholder FROM STDIN',
  ' SELECT 1',
];
const callForm = /^(select\s+)?((?:[a-z_][\w$]*\.)?[a-z_][\w$]*)\s*(\(.*\))?\s*;?$/is;

function compileSql(entry: string, { readSql }: Grammars): Matcher | Fault | null {
  const [, select, name, parentheses] = callForm.exec(entry.trim()) ?? [];
  if (name !== undefined && (select !== undefined || parentheses !== undefined))
    return compileCalled(entry.trim(), name, readSql(`SELECT ${name}()`));
  for (const end of ends) {
    const found = matcherOf(entry, readSql(`${entry.trim()}${end}`), ['placeholder']);
    if (found === null) continue;
    const [named] = found.names;
    if (named !== undefined) return fault(namesTargets(named), Math.max(0, entry.indexOf(named)));
    if (found.matcher.verb === 'select' && entry.trim().toLowerCase() !== 'select')
      return fault('expected `SELECT` alone, or a function: which rows are read is not what an entry can say');
    return found.matcher;
  }
  return null;
}

/** `SELECT pg_terminate_backend`, with or without parentheses: the function is what is done, not to what. */
function compileCalled(entry: string, name: string, read: Reading): Matcher | Fault {
  const action = read.kind === 'read' ? read.actions.find(({ object }) => object === 'function') : undefined;
  if (action === undefined)
    return fault(read.kind === 'unknown' ? read.reason : `no change is known that the function \`${name}\` makes`);
  const { system, verb, object, modifiers, effect } = action;
  return { entry, system, verb, object, modifiers, called: functionName(name), effect };
}
