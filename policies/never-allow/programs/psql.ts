import { type Option, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { merge, readPsqlScript } from '../sql/psql-script.ts';
import { write } from '../sql/statements.ts';
import { literalOf, type Word } from '../word.ts';

/**
 * psql, and pgcli, which takes the same options. Canonical actions are those of the SQL. `session` (system `sql`) stands for
 * what comes on standard input: whoever knows that text replaces it by the reading of the text, as `readPsqlScript` gives it.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const psqlSpec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    c command d dbname f file F field-separator h host L log-file o output p port P pset R record-separator T table-attr
    U username v set variable
  `),
  flags: words(`
    a echo-all A no-align b echo-errors e echo-queries E echo-hidden H html l list n no-readline q quiet s single-step
    S single-line t tuples-only V version w no-password W password x expanded X no-psqlrc z field-separator-zero
    0 record-separator-zero 1 single-transaction ? help csv
  `),
};

const pgcliSpec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    c command h host p port U username u user d dbname D dsn R prompt prompt-dsn r row-limit application-name auto-vertical-output
    pgclirc init-command list-dsn log-file log-level ssh-tunnel
  `),
  flags: words('W password w no-password single-connection v version l list less-chatty ping help'),
};

export const psql: Program = { names: ['psql'], read: (argv) => readClient(parseOptions(argv, psqlSpec)) };
export const pgcli: Program = { names: ['pgcli'], read: (argv) => readClient(parseOptions(argv, pgcliSpec)) };

/** What a session does that is not opened by its own text: nobody can say before it is typed. */
export const session = write('session', '', [], []);

function readClient(parsed: Parsed): Reading {
  const [lost] = parsed.undecided;
  if (lost !== undefined)
    return unknown('unknown.option', `\`${lost.text}\` may be an option with a statement; name a database with \`-d\``);
  const given = new Set(parsed.options.map(({ name }) => name));
  if (['V', 'version', '?', 'help', 'l', 'list'].some((name) => given.has(name))) return shown;
  if (parsed.options.some(isFile))
    return unknown('unknown.sql-script', 'what is in the file decides what is done, and it cannot be read here');
  const parts = parsed.options.map(({ name, value }) => readOption(name, value));
  const database = parsed.positionals[0]?.word;
  if (database !== undefined) parts.push(readConnection(database));
  const found = merge(parts);
  const run = ['c', 'command'].some((name) => given.has(name));
  if (found.kind === 'unknown' || (run && !given.has('f') && !given.has('file'))) return found;
  return reading([...found.actions, session], found.nested, 'sql');
}

/** `-f -` is standard input. */
const isFile = ({ name, value }: Option): boolean =>
  (name === 'f' || name === 'file') && literalOf(value ?? undefined) !== '-';

const shown = reading([{ system: 'sql', verb: 'show', object: '', names: [], modifiers: [], effect: 'read' }]);

function readOption(name: string, value: Word | null): Reading {
  switch (name) {
    case 'c':
    case 'command':
    case 'init-command':
      return readCommand(value);
    case 'o':
    case 'output':
    case 'L':
    case 'log-file':
      return readOutput(value);
    case 'd':
    case 'dbname':
    case 'dsn':
      return readConnection(value);
    // A prompt may hold a command in backquotes; every other variable is only put into text, which is refused there.
    case 'v':
    case 'set':
    case 'variable':
      return /^[A-Z_a-z0-9]+(=|$)/.test(known(value)) && !/^PROMPT/i.test(known(value)) ? reading([]) : variable;
    default:
      return reading([]);
  }
}

const variable = unknown('unknown.psql-variable', 'sets a variable that cannot be told, or a prompt');

/** The value, or what it is known to begin with. */
const known = (value: Word | null): string => (value?.kind === 'literal' ? value.value : (value?.prefix ?? ''));

/** A `-c` is either one of psql's own commands or a text for the server, in which psql has no say. */
function readCommand(value: Word | null): Reading {
  if (value === null) return unknown('unknown.sql', 'expected a statement after the option');
  const text = literalOf(value);
  if (text === null) return unknown('unknown.sql-text', 'the text of the statement cannot be told');
  return text.startsWith('\\') ? readPsqlScript(text) : reading([], [{ kind: 'sql', text: value }]);
}

/** `-o '|command'` runs a command. */
function readOutput(value: Word | null): Reading {
  const text = literalOf(value ?? undefined);
  if (text?.startsWith('|') === true)
    return reading([], [{ kind: 'shell', words: [{ kind: 'literal', value: text.slice(1) }] }]);
  if (text !== null || /^[^|]/.test(known(value))) return reading([{ ...host, names: [known(value)] }]);
  return unknown('unknown.option', 'may send its answer to a command');
}

const host = { system: 'host', verb: 'write', object: 'file', names: [], modifiers: [], effect: 'write' } as const;

/** INVARIANT: a statement is parsed as the server will read it, so no connection string may change how it reads text. */
function readConnection(value: Word | null): Reading {
  const text = literalOf(value ?? undefined);
  if (text === null) return reading([]);
  const plain = decoded(text)
    .replace(/[\\'"]/g, '')
    .replaceAll('-', '_');
  return /standard_conforming_strings|backslash_quote|client_encoding/i.test(plain)
    ? unknown('unknown.sql-setting', 'the connection string changes how text is read')
    : reading([]);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return 'client_encoding';
  }
}
