import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { effectOf } from '../../../policies/never-allow/sql/functions.ts';
import { readSql } from '../../../policies/never-allow/sql-actions.ts';
import { loadSqlParser } from '../../../policies/sql/parser.ts';
import { type PostgresServer, startPostgres } from '../../../servers/postgres.ts';
import { describeWith } from '../../support/skips.ts';
import { verdictOf } from './support/verdict.ts';

const dir = mkdtempSync(join(tmpdir(), 'holdpoint-reads-'));
let server: PostgresServer;
let client: pg.Client;

/** Volatile for another reason than an effect: they see the clock, chance, or the state of this moment. */
const harmlessVolatile =
  /^(array_sample|array_shuffle|amvalidate|clock_timestamp|timeofday|current_query|currtid2|currval|lastval|cursor_to_xml\w*|gen_random_uuid|uuidv[47]|random\w*|setseed|lo_(close|get|lseek|lseek64|tell|tell64)|loread|txid_status|plpgsql_\w+|pg_(available|blocking_pids|collation|control|current|database|get|hba|ident|indexes|is_|isolation|jit|last|lock_status|ls_|logical_slot_peek|notification|partition|prepared_xact|read|relation|replication_origin_(progress|session_is_setup|session_progress)|safe|sequence|show|sleep|stat_|table_size|tablespace_size|total|wal_summary|xact_)\w*)/;

describeWith('postgres', 'readings of SQL held against a real Postgres', () => {
  beforeAll(async () => {
    await loadSqlParser();
    server = await startPostgres({ dir });
    client = new pg.Client({ connectionString: server.adminUrl('postgres') });
    await client.connect();
    await client.query('CREATE TABLE orders (id int, note text); CREATE SEQUENCE s; CREATE EXTENSION dblink;');
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  async function codeOf(sql: string): Promise<string> {
    await client.query('BEGIN READ ONLY');
    const ran = await client.query(sql).then(
      () => 'ran',
      (error: { code?: string }) => error.code ?? 'failed',
    );
    await client.query('ROLLBACK');
    return ran;
  }

  it.each([
    'select 1',
    'table orders',
    'values (1), (2)',
    'show all',
    'explain delete from orders',
    'explain (analyze off) insert into orders values (1)',
    'explain (analyze 0) update orders set id = 1',
    'select pg_sleep(0), pg_current_logfile(), version(), pg_blocking_pids(1)',
    'with recursive t as (select 1 as n union all select n + 1 from t where n < 3) select * from t',
    'declare c cursor for select * from orders; fetch all from c; close c',
    "select query_to_xml('select * from orders', true, true, '')",
    'select * from orders, lateral (select note as other) l, generate_series(1, 2) g',
    "select id, 'drop table orders' from orders tablesample system (50) order by 1 limit 1",
    'prepare p as select 1',
    "select current_setting('search_path'), has_table_privilege('orders', 'delete')",
  ])('calls a read only what runs in a read-only transaction: %s', async (sql) => {
    expect([verdictOf(readSql(sql)), await codeOf(sql)]).toEqual(['read', 'ran']);
  });

  it.each([
    'explain analyze delete from orders',
    'explain (analyze off, analyze) delete from orders',
    'with d as (delete from orders returning *) select * from d',
    'select * into other from orders',
    'select * from orders for share',
    "select nextval('s')",
    'select lo_create(1)',
    'select lo_unlink(1)',
    'copy (delete from orders returning *) to stdout',
    'do $$ begin insert into orders values (1); end $$',
    'create view v as select 1',
    'comment on table orders is null',
    'truncate orders',
  ])('calls a write what a read-only transaction refuses: %s', async (sql) => {
    expect([verdictOf(readSql(sql)), await codeOf(sql)]).toEqual(['write', '25006']);
  });

  it('knows the effect of every volatile function that this Postgres has', async () => {
    const { rows } = await client.query(`SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v'
      AND pronamespace = 'pg_catalog'::regnamespace
      AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype,
        'index_am_handler'::regtype, 'table_am_handler'::regtype, 'tsm_handler'::regtype)`);
    const reads = rows.map(({ proname }) => proname as string).filter((name) => effectOf([name], ['']).kind === 'read');
    expect(reads.filter((name) => !harmlessVolatile.test(name) && name !== 'ts_rewrite')).toEqual([]);
    expect(rows.length).toBeGreaterThan(150);
  });

  it('calls no function a write that Postgres says has no effect', async () => {
    const { rows } = await client.query(`SELECT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
      GROUP BY proname HAVING bool_and(provolatile <> 'v')`);
    const names = rows.map(({ proname }) => proname as string);
    expect(names.filter((name) => effectOf([name], []).kind !== 'read')).toEqual([]);
  });

  it('knows every function of dblink that takes SQL or changes a session', async () => {
    const { rows } = await client.query(`SELECT DISTINCT proname FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid
      AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'dblink'`);
    const reads = rows.map(({ proname }) => proname as string).filter((name) => effectOf([name], ['']).kind === 'read');
    expect(reads.sort()).toEqual([
      'dblink_build_sql_delete',
      'dblink_build_sql_insert',
      'dblink_build_sql_update',
      'dblink_close',
      'dblink_current_query',
      'dblink_error_message',
      'dblink_fdw_validator',
      'dblink_fetch',
      'dblink_get_connections',
      'dblink_get_notify',
      'dblink_get_pkey',
      'dblink_get_result',
      'dblink_is_busy',
    ]);
  });
});
