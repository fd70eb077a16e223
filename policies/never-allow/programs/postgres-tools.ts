import { isSet, mayBeOption, type OptionSpec, type Parsed, parseOptions } from '../options.ts';
import { type Program, type Reading, reading, unknown } from '../program.ts';
import { write } from '../sql/statements.ts';
import type { TypedAction } from '../typed-action.ts';
import { textOf } from '../word.ts';

/**
 * The programs that come with Postgres, but for psql. System `sql`: `dropdb` is `drop` `database`, as the statement is; the
 * others have their own name as verb. `tables` marks a drop that takes tables along.
 */
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const connection: OptionSpec = {
  style: 'getopt',
  valued: words('h host p port U username d dbname maintenance-db'),
  flags: words('w no-password W password v verbose V version ? help e echo q quiet'),
};
const dumpSpec: OptionSpec = {
  style: 'getopt',
  valued:
    words(`${[...connection.valued].join(' ')} f file F format j jobs n schema N exclude-schema t table T exclude-table
    Z compress E encoding S superuser role section snapshot lock-wait-timeout exclude-table-data extension e filter
    rows-per-insert table-and-children l database g L use-list I index P function trigger extra-float-digits
    exclude-database exclude-extension include-foreign-data restrict-key sync-method`),
  flags: words(`w no-password W password v verbose V version ? help a data-only b large-objects blobs B no-large-objects
    no-blobs c clean C create O no-owner s schema-only x no-privileges no-acl if-exists inserts column-inserts
    attribute-inserts disable-dollar-quoting disable-triggers enable-row-security load-via-partition-root no-comments
    no-publications no-security-labels no-subscriptions no-sync no-tablespaces no-toast-compression
    no-unlogged-table-data on-conflict-do-nothing quote-all-identifiers serializable-deferrable strict-names
    use-set-session-authorization binary-upgrade statistics statistics-only no-statistics no-data no-schema no-policies
    no-table-access-method exit-on-error list single-transaction 1 transaction-size no-data-for-failed-tables globals-only
    roles-only tablespaces-only r`),
};

const own = (verb: string, effect: TypedAction['effect']): Reading =>
  reading([{ system: 'sql', verb, object: '', names: [], modifiers: [], effect }]);

const asksHelp = ({ options }: Parsed): boolean =>
  options.some(({ name }) => ['?', 'help', 'V', 'version'].includes(name));

/** With `--clean` a dump says how to drop; it drops nothing itself. Where it writes a file, that is the host's. */
const dumps: Program = {
  names: ['pg_dump', 'pg_dumpall'],
  read: (argv) => {
    const parsed = parseOptions(argv, dumpSpec);
    const toFile = parsed.options.some(({ name }) => name === 'f' || name === 'file') || argv.some(mayBeOption);
    return asksHelp(parsed) || !toFile ? own('dump', 'read') : fileWritten;
  },
};
const fileWritten = reading([
  { system: 'host', verb: 'write', object: 'file', names: [], modifiers: [], effect: 'write' },
]);

const inspecting: Program = {
  names: ['pg_isready', 'pg_controldata', 'pg_config', 'pg_waldump', 'pg_verifybackup'],
  read: () => own('show', 'read'),
};

const dropdb: Program = {
  names: ['dropdb'],
  read: (argv) => {
    const parsed = parseOptions(argv, {
      ...connection,
      flags: words(`${[...connection.flags].join(' ')} i interactive f force if-exists`),
    });
    if (asksHelp(parsed) && parsed.undecided.length === 0) return own('help', 'read');
    return reading([
      write(
        'drop',
        'database',
        parsed.positionals.map(({ word }) => textOf(word)),
        ['tables'],
      ),
    ]);
  },
};

/** Into a database an archive writes what it holds; with `--clean` it first drops what is there. */
const restore: Program = {
  names: ['pg_restore'],
  read: (argv) => {
    const listing = {
      ...dumpSpec,
      valued: without(dumpSpec.valued, 'l', 'e', 'g'),
      flags: words(`${[...dumpSpec.flags].join(' ')} l e`),
    };
    const parsed = parseOptions(argv, listing);
    if (isSet(parsed, 'c', 'clean') !== false) return reading([write('drop', 'table', [], [])]);
    if (parsed.undecided.some(({ text }) => text.startsWith('-')) || argv.some(mayBeOption))
      return unknown('unknown.option', 'may be told to drop what is there first');
    const asked = asksHelp(parsed) || isSet(parsed, 'l', 'list') === true;
    const connected = parsed.options.some(({ name }) => name === 'd' || name === 'dbname');
    return asked || !connected ? own('show', 'read') : own('restore', 'write');
  },
};

const without = (names: ReadonlySet<string>, ...left: readonly string[]): ReadonlySet<string> =>
  new Set([...names].filter((name) => !left.includes(name)));

/** Initialising drops the tables of an earlier benchmark. */
const pgbench: Program = {
  names: ['pgbench'],
  read: (argv) => {
    const initialises = argv.some((word) => /^-([A-Za-z]*i|-init)/.test(textOf(word)) || word.kind === 'unknown');
    return initialises ? reading([write('drop', 'table', ['pgbench_*'], [])]) : own('benchmark', 'write');
  },
};

const changing = words(`
  createdb createuser dropuser clusterdb reindexdb vacuumdb pg_basebackup pg_ctl pg_ctlcluster pg_createcluster pg_upgrade
  pg_rewind pg_resetwal pg_archivecleanup pg_receivewal pg_recvlogical pg_checksums initdb pg_createsubscriber
  pg_combinebackup pg_amcheck
`);
const writers: readonly Program[] = [...changing].map((name) => ({
  names: [name],
  read: ([first, ...others]) =>
    first !== undefined && others.length === 0 && ['--help', '--version', '-?', '-V'].includes(textOf(first))
      ? own('help', 'read')
      : own(name, 'write'),
}));

export const postgresTools: readonly Program[] = [dumps, inspecting, dropdb, restore, pgbench, ...writers];
