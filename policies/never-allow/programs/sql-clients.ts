import { mayBeOption, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { readPlainSql } from '../sql/plain-sql.ts';
import { merge } from '../sql/psql-script.ts';
import { write } from '../sql/statements.ts';
import { literal, literalOf, textOf, type Word } from '../word.ts';
import { session } from './psql.ts';

/**
 * Clients of other databases. A statement on the command line is read where every dialect reads it alike (plain-sql.ts) and
 * is unknown otherwise; a script and a command of the client's own are unknown; without any, the session is held.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

type Client = {
  readonly names: readonly string[];
  readonly spec: OptionSpec;
  /** Options whose value is a statement, a file of statements, or something that the client runs. */
  readonly statements: ReadonlySet<string>;
  readonly scripts: ReadonlySet<string>;
  /** Positionals from this place on are statements; null where none is. */
  readonly from: number | null;
};

const mysqlSpec: OptionSpec = {
  style: 'getopt',
  valued: words(`
    h host u user P port S socket D database e execute default-character-set protocol defaults-file
    defaults-extra-file defaults-group-suffix login-path ssl-ca ssl-capath ssl-cert ssl-cipher ssl-crl ssl-key ssl-mode
    tls-version connect-timeout max-allowed-packet net-buffer-length select-limit max-join-size plugin-dir default-auth
    character-sets-dir bind-address init-command delimiter pager tee prompt server-public-key-path
  `),
  flags: words(`
    p password B batch s silent v verbose N skip-column-names t table E vertical H html X xml r raw A no-auto-rehash
    f force q quick w wait C compress c comments skip-comments i ignore-spaces b no-beep G named-commands n unbuffered
    L skip-line-numbers o one-database V version ? help I ssl skip-ssl auto-rehash disable-auto-rehash column-names
    enable-cleartext-plugin no-defaults print-defaults line-numbers local-infile reconnect secure-auth show-warnings
    sigint-ignore syslog binary-mode U safe-updates i-am-a-dummy T debug-info debug-check column-type-info m
  `),
};

const clients: readonly Client[] = [
  {
    names: ['mysql', 'mariadb', 'mycli'],
    spec: mysqlSpec,
    statements: words('e execute'),
    scripts: words('init-command delimiter pager tee prompt defaults-file defaults-extra-file plugin-dir'),
    from: null,
  },
  {
    names: ['sqlite3'],
    spec: {
      style: 'go',
      valued: words('cmd init separator newline nullvalue vfs maxsize mmap lookaside pagecache heap escape A'),
      flags: words(`
        append ascii bail batch box column csv deserialize echo header noheader help html interactive json line list markdown
        memtrace multiplex nofollow nonce no-rowid-in-view pcachetrace quote readonly safe sorterref stats table tabs
        unsafe-testing version zip
      `),
    },
    statements: words('cmd'),
    scripts: words('init A'),
    from: 1,
  },
  {
    names: ['clickhouse-client', 'clickhouse', 'clickhouse-local'],
    spec: {
      style: 'getopt',
      valued: words(`
        q query h host port u user password d database f format queries-file queries_file config-file C c config
        output-format input-format max_memory_usage max_threads time log-level connection server_logs_file
        history_file query_id external name types structure
      `),
      flags: words('n multiquery m multiline s secure t E vertical stacktrace progress help version V echo verbose'),
    },
    statements: words('q query'),
    scripts: words('queries-file queries_file config-file C c config'),
    from: null,
  },
];

const readerOf =
  (client: Client) =>
  (argv: readonly Word[]): Reading => {
    const parsed = parseOptions(argv.map(withoutPassword), client.spec);
    const [lost] = parsed.undecided;
    if (lost !== undefined) return unknown('unknown.option', `\`${lost.text}\` may be an option with a statement`);
    if (parsed.options.some(({ name }) => ['help', '?', 'version', 'V'].includes(name))) return shown;
    if (parsed.options.some(({ name }) => client.scripts.has(name)))
      return unknown('unknown.sql-script', 'what is in a file, or what the client is told to run, cannot be read here');
    const texts = textsOf(parsed, client);
    return texts.length === 0 ? reading([session], [], 'other-sql') : merge(texts.map(readText));
  };

/** `-p` takes a password only in its own word, where its letters would look like options. */
const withoutPassword = (word: Word): Word =>
  (word.kind === 'literal' || !word.splits) && /^-p./.test(word.kind === 'literal' ? word.value : `${word.prefix}x`)
    ? literal('-p')
    : word;

function textsOf({ options, positionals, rest }: Parsed, { statements, from }: Client): readonly (Word | null)[] {
  const given = options.filter(({ name }) => statements.has(name)).map(({ value }) => value);
  const operands = [...positionals.map(({ word }) => word), ...(rest ?? [])];
  return [...given, ...(from === null ? [] : operands.slice(from))];
}

/** What sqlite3 shows. `.shell`, `.read`, `.output` and the like run or write something else. */
const dotReads =
  /^\.(tables|schema|fullschema|indexes|indices|databases|dbinfo|show|help|headers?|mode|width|timer)\b[\w\s.]*$/;

function readText(word: Word | null): Reading {
  const text = literalOf(word ?? undefined);
  if (text === null) return unknown('unknown.sql-text', 'the text of the statement cannot be told');
  if (text.startsWith('.'))
    return dotReads.test(text) ? shown : unknown('unknown.sql-script', 'a command of the client itself');
  return readPlainSql(text);
}

const shown = reading([{ system: 'sql', verb: 'show', object: '', names: [], modifiers: [], effect: 'read' }]);

const cockroach: Program = {
  names: ['cockroach'],
  read: (argv) => {
    const name = literalOf(argv[0]);
    if (name === null) return unknown('unknown.option', 'what cockroach does is not literal');
    if (name === 'sql') return readerOf(cockroachSql)(argv.slice(1));
    const harmless =
      name === 'node' ? ['ls', 'status'].includes(literalOf(argv[1]) ?? '') : name === 'version' || name === 'help';
    return reading([
      { ...write(name, '', argv.slice(1).map(textOf).slice(0, 4), []), effect: harmless ? 'read' : 'write' },
    ]);
  },
};
const cockroachSql: Client = {
  names: [],
  spec: {
    style: 'pflag',
    valued: words(
      'e execute f file d database u user host p port url certs-dir format set watch log log-dir cluster-name s',
    ),
    flags: words('insecure echo-sql embedded read-only safe-updates debug-sql-cli no-line-editor help h'),
  },
  statements: words('e execute'),
  scripts: words('f file set'),
  from: null,
};

const adminSpec: OptionSpec = { ...mysqlSpec, valued: words(`${[...mysqlSpec.valued].join(' ')} i sleep count c`) };
const adminReads = words('status extended-status ping processlist variables version');
const mysqladmin: Program = {
  names: ['mysqladmin', 'mariadb-admin'],
  read: (argv) => {
    const parsed = parseOptions(argv.map(withoutPassword), adminSpec);
    const [lost] = parsed.undecided;
    if (lost !== undefined) return unknown('unknown.option', `\`${lost.text}\` may decide what mysqladmin does`);
    const commands = parsed.positionals.map(({ word }) => textOf(word));
    if (commands.some((command) => /^drop/i.test(command)))
      return reading([write('drop', 'database', commands, ['tables'])]);
    return commands.every((command) => adminReads.has(command))
      ? shown
      : reading([write('administer', '', commands, [])]);
  },
};

/** A dump reads, unless it is told to write its files itself. */
const mysqldump: Program = {
  names: ['mysqldump', 'mariadb-dump'],
  read: (argv) =>
    argv.some((word) => mayBeOption(word) || /^(-[rT]|--res|--ta)/.test(textOf(word)))
      ? reading([{ system: 'host', verb: 'write', object: 'file', names: [], modifiers: [], effect: 'write' }])
      : shown,
};

/** The MongoDB shells take JavaScript, which nothing here reads. */
const mongosh: Program = {
  names: ['mongosh', 'mongo'],
  read: (argv) => {
    const code = argv.find((word) => word.kind === 'unknown' || /^--eval|\.m?js$|^-f|^--file/.test(word.value));
    if (code === undefined) return reading([session], [], 'other-sql');
    return reading([], [{ kind: 'code', language: 'javascript', text: code }]);
  },
};

export const sqlClients: readonly Program[] = [
  ...clients.map((client) => ({ names: client.names, read: readerOf(client) })),
  cockroach,
  mysqladmin,
  mysqldump,
  mongosh,
];
