import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PostgresCredential } from '../../contracts/broker-api.ts';
import { judgeReadSql, loadSqlParser } from '../../policies/sql-read.ts';
import { readRolesSql } from '../../servers/payments/database.ts';
import { describeWith } from '../support/skips.ts';
import { type Database, pidOf, startDatabase } from './support/database.ts';

/** As `demo` and `dev` make it and the docs say; and a database where only `roles.sql` was run. */
const asDocumented = 'payments';
const rolesOnly = 'roles_only';
let database: Database;
let appPid: number;
let reader: PostgresCredential;

/** SQLSTATE of a statement in a READ ONLY transaction of a login that was made for a query; `ok` when Postgres lets it pass. */
async function asQueryRole(sql: string, name = asDocumented): Promise<string> {
  const session = await database.session(reader, name);
  try {
    await session.query('BEGIN TRANSACTION READ ONLY');
    await session.query(sql);
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    await session.end();
  }
}

const ownPid = async (name: string): Promise<number> => pidOf(await database.session(reader, name));
/** A SELECT for each row of the table in docs/operations.md, by its first cell. */
const acting: Readonly<Record<string, (name: string) => string | Promise<string>>> = {
  "`pg_terminate_backend`, another login's session": () => `SELECT pg_terminate_backend(${appPid})`,
  "`pg_cancel_backend`, another login's session": () => `SELECT pg_cancel_backend(${appPid})`,
  '`pg_terminate_backend`, a session of its own login': async (name) =>
    `SELECT pg_terminate_backend(${await ownPid(name)})`,
  '`pg_cancel_backend`, a session of its own login': async (name) => `SELECT pg_cancel_backend(${await ownPid(name)})`,
  '`pg_advisory_lock`': () => 'SELECT pg_advisory_lock(1)',
  '`pg_try_advisory_xact_lock`': () => 'SELECT pg_try_advisory_xact_lock(1)',
  '`pg_notify`': () => `SELECT pg_notify('c', 'text')`,
  '`set_config`': () => `SELECT set_config('statement_timeout', '0', false)`,
  '`pg_logical_emit_message`': () => `SELECT pg_logical_emit_message(false, 'a', 'b')`,
  '`dblink`, where it is installed': (name) =>
    `SELECT * FROM dblink('${database.url(reader, name)}', 'SELECT 1') AS t(a int)`,
  '`lo_create`': () => 'SELECT lo_create(0)',
  '`pg_read_file`': () => `SELECT pg_read_file('PG_VERSION')`,
  '`pg_sleep`': () => 'SELECT pg_sleep(0)',
  '`query_to_xml`': () => `SELECT query_to_xml('SELECT 1', true, true, '')`,
};
const table = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'operations.md'), 'utf8').matchAll(
  /^\| (`.+) \| (refused|allowed) \| (refused|allowed) \| (refused|allowed) \|$/gm,
);
const documented = [...table].map(([, what = '', ...layers]) => [what, layers] as const);

const unseen: readonly string[] = [
  'SELECT * FROM secrets',
  'SELECT rolpassword FROM pg_authid',
  'INSERT INTO payments VALUES (999, 1)',
  'CREATE TEMP TABLE t (a int)',
  'CREATE EXTENSION dblink',
  'SET ROLE app',
  `COPY payments TO PROGRAM 'true'`,
];

describeWith('postgres', 'the logins that are made for an executor, in real sessions', () => {
  beforeAll(async () => {
    await loadSqlParser();
    database = await startDatabase();
    appPid = await pidOf(await database.session('app'));
    const { roles, strict } = await readRolesSql();
    await (await database.session('admin')).query(`CREATE DATABASE ${rolesOnly}`);
    await (await database.session('admin', rolesOnly)).query(`${roles}; CREATE EXTENSION dblink`);
    await (await database.session('admin', asDocumented)).query(`CREATE EXTENSION dblink; ${strict}`);
    reader = await database.credential('query');
  });
  afterAll(() => database.stop());

  it('are documented for every function that a SELECT could act by', () => {
    expect(documented.map(([what]) => what)).toEqual(Object.keys(acting));
  });

  it.each(documented)('%s: is refused by the layers that docs/operations.md says', async (what, layers) => {
    const sqlIn = (name: string) => acting[what]?.(name) ?? '';
    const seen = [
      judgeReadSql(await sqlIn(asDocumented)).ok ? 'allowed' : 'refused',
      ...(await Promise.all(
        [rolesOnly, asDocumented].map(async (name) => {
          const state = await asQueryRole(await sqlIn(name), name);
          return /^(42501|25006)$/.test(state) ? 'refused' : state.replace('ok', 'allowed');
        }),
      )),
    ];
    expect(seen).toEqual(layers);
  });

  it.each(['pg_terminate_backend', 'pg_advisory_lock', 'pg_notify', 'set_config', 'pg_logical_emit_message', 'dblink'])(
    'refuses %s by the parser and, as documented, by the role as well',
    (name) => {
      const rows = documented.filter(([what]) => what.startsWith(`\`${name}\``));
      expect(rows.length).toBeGreaterThan(0);
      for (const [what, [parser, , both]] of rows) expect([what, parser, both]).toEqual([what, 'refused', 'refused']);
    },
  );

  it.each(unseen)('Postgres itself refuses the query login: %s', async (sql) => {
    expect(await asQueryRole(sql)).toMatch(/^(42501|42P01|25006|22023)$/);
  });

  it('the query login cannot make its transaction writable again', async () => {
    expect(await asQueryRole(`SELECT 1; SET TRANSACTION READ WRITE`)).toBe('25001');
  });

  it('shows why roles-strict.sql and the parser are needed: a READ ONLY SELECT may end sessions of its own login', async () => {
    const sql = `SELECT pg_terminate_backend(${await ownPid(rolesOnly)})`;
    expect(await asQueryRole(sql, rolesOnly)).toBe('ok');
    expect(judgeReadSql(sql)).toMatchObject({ ok: false, rule: 'floor.function-not-listed' });
  });

  it.each([
    ['monitor', `SELECT pg_terminate_backend(PID)`],
    ['monitor', 'SELECT * FROM payments'],
    ['terminate', 'SELECT * FROM payments'],
    ['terminate', 'UPDATE payments SET amount = 0'],
    ['terminate', `SELECT pg_cancel_backend(PID)`],
    ['cancel', `SELECT pg_terminate_backend(PID)`],
    ['query', 'SET SESSION AUTHORIZATION holdpoint_terminate'],
    ['query', 'SET ROLE holdpoint_query'],
    ['monitor', 'SET ROLE pg_signal_backend'],
    ['terminate', `SELECT holdpoint.mint('holdpoint_c_00', '', 'query', 60, '')`],
    ['terminate', `ALTER ROLE holdpoint_terminate LOGIN`],
  ] as const)('a login to %s may not: %s', async (access, sql) => {
    const session = await database.session(await database.credential(access));
    const failed = session.query(sql.replace('PID', String(appPid)));
    await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|25006)$/) });
    await session.end();
  });

  it('the query login is a member of its group alone, which is a member of nothing, and sees no other session’s statement', async () => {
    const session = await database.session(await database.credential('query'));
    const { rows } = await session.query(
      `SELECT roleid::regrole::text AS role FROM pg_auth_members WHERE member IN (session_user::regrole, 'holdpoint_query'::regrole)`,
    );
    expect(rows).toEqual([{ role: 'holdpoint_query' }]);
    const seen = await session.query('SELECT query FROM pg_stat_activity WHERE pid = $1', [appPid]);
    expect(seen.rows).toEqual([{ query: '<insufficient privilege>' }]);
    await session.end();
  });

  it('roles-strict.sql leaves each login for a write its own signal', async () => {
    const cancel = await database.session(await database.credential('cancel'));
    await cancel.query('SELECT pg_cancel_backend($1)', [appPid]);
    await cancel.end();
  });
});
