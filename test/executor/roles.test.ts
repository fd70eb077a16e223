import { afterAll, beforeAll, expect, it } from 'vitest';
import { judgeReadSql, loadSqlParser } from '../../policies/sql-read.ts';
import { describeWith } from '../support/skips.ts';
import { type Database, pidOf, startDatabase } from './support/database.ts';

let database: Database;
let appPid: number;

/** SQLSTATE of a statement in a READ ONLY transaction of the query login itself; `ok` when Postgres lets it pass. */
async function asQueryRole(sql: string): Promise<string> {
  const session = await database.session('holdpoint_query');
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

const changing: readonly (readonly [string, () => string])[] = [
  ['pg_terminate_backend', () => `SELECT pg_terminate_backend(${appPid})`],
  ['pg_cancel_backend', () => `SELECT pg_cancel_backend(${appPid})`],
  ['pg_advisory_lock', () => 'SELECT pg_advisory_lock(1)'],
  ['pg_try_advisory_xact_lock', () => 'SELECT pg_try_advisory_xact_lock(1)'],
  ['pg_notify', () => `SELECT pg_notify('c', 'text')`],
  ['set_config', () => `SELECT set_config('statement_timeout', '0', false)`],
  ['pg_logical_emit_message', () => `SELECT pg_logical_emit_message(false, 'a', 'b')`],
  ['lo_create', () => 'SELECT lo_create(0)'],
  ['dblink', () => `SELECT * FROM dblink('dbname=payments', 'SELECT 1') AS t(a int)`],
  ['pg_read_file', () => `SELECT pg_read_file('PG_VERSION')`],
];
const unseen: readonly string[] = [
  'SELECT * FROM secrets',
  'SELECT rolpassword FROM pg_authid',
  'INSERT INTO payments VALUES (999, 1)',
  'CREATE TEMP TABLE t (a int)',
  'CREATE EXTENSION dblink',
  'SET ROLE app',
  `COPY payments TO PROGRAM 'true'`,
];

describeWith('postgres', 'the three logins of an executor, in real sessions', () => {
  beforeAll(async () => {
    await loadSqlParser();
    database = await startDatabase();
    appPid = await pidOf(await database.session('app'));
  });
  afterAll(() => database.stop());

  it.each(changing)('the parser refuses %s', (_, sql) => {
    expect(judgeReadSql(sql())).toMatchObject({ ok: false });
  });

  it.each([
    ['pg_terminate_backend', '42501'],
    ['pg_cancel_backend', '42501'],
    ['dblink', '42883'],
    ['pg_read_file', '42501'],
    ['lo_create', '25006'],
  ])('Postgres itself refuses %s to the query login, on any database', async (name, state) => {
    const [, sql] = changing.find(([known]) => known === name) ?? [];
    expect(await asQueryRole(sql?.() ?? '')).toBe(state);
  });

  it.each(unseen)('Postgres itself refuses the query login: %s', async (sql) => {
    expect(await asQueryRole(sql)).toMatch(/^(42501|42P01|25006|22023)$/);
  });

  it('the query login cannot make its transaction writable again', async () => {
    expect(await asQueryRole(`SELECT 1; SET TRANSACTION READ WRITE`)).toBe('25001');
  });

  it('shows why the parser is needed: Postgres alone lets a READ ONLY SELECT end sessions of its own login', async () => {
    const victim = await database.session('holdpoint_query');
    const sql = `SELECT pg_terminate_backend(${await pidOf(victim)})`;
    expect(await asQueryRole(sql)).toBe('ok');
    expect(judgeReadSql(sql)).toMatchObject({ ok: false, rule: 'floor.function-not-listed' });
  });

  it.each([
    ['holdpoint_monitor', `SELECT pg_terminate_backend(PID)`],
    ['holdpoint_monitor', 'SELECT * FROM payments'],
    ['holdpoint_act', 'SELECT * FROM payments'],
    ['holdpoint_act', 'UPDATE payments SET amount = 0'],
    ['holdpoint_query', 'SET SESSION AUTHORIZATION holdpoint_act'],
    ['holdpoint_monitor', 'SET ROLE pg_signal_backend'],
  ] as const)('%s may not: %s', async (login, sql) => {
    const session = await database.session(login);
    const failed = session.query(sql.replace('PID', String(appPid)));
    await expect(failed).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|25006)$/) });
    await session.end();
  });

  it('the query login is a member of nothing and sees no other session’s statement', async () => {
    const session = await database.session('holdpoint_query');
    const { rows } = await session.query(
      `SELECT count(*)::int AS roles FROM pg_auth_members WHERE member = 'holdpoint_query'::regrole`,
    );
    expect(rows).toEqual([{ roles: 0 }]);
    const seen = await session.query('SELECT query FROM pg_stat_activity WHERE pid = $1', [appPid]);
    expect(seen.rows).toEqual([{ query: '<insufficient privilege>' }]);
    await session.end();
  });

  it('roles-strict.sql makes Postgres refuse the rest to the query login, and leaves the write login its signals', async () => {
    await database.applyStrict();
    for (const [, sql] of changing) expect(await asQueryRole(sql())).toMatch(/^(42501|42883)$/);
    const act = await database.session('holdpoint_act');
    await act.query('SELECT pg_cancel_backend($1)', [appPid]);
    await act.end();
  });
});
