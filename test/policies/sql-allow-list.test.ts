import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  catalogRelations,
  functions,
  informationSchemaRelations,
  operators,
  types,
} from '../../policies/sql/allow-list.ts';
import { judgeReadSql, loadSqlParser } from '../../policies/sql-read.ts';
import { type FreshDatabase, freshDatabase } from '../support/postgres.ts';
import { describeWith } from '../support/skips.ts';

let database: FreshDatabase;
let client: Client;

/** The first column of a query. */
async function column(sql: string, values: readonly unknown[] = []): Promise<string[]> {
  const { rows } = await client.query<string[]>({ text: sql, values: [...values], rowMode: 'array' });
  return rows.map(([first]) => String(first));
}
const missing = (wanted: Iterable<string>, got: readonly string[]) => [...wanted].filter((name) => !got.includes(name));

/** Volatile because they look at a clock or at a file's size. None has an effect. */
const volatileReads = [
  'clock_timestamp',
  'pg_database_size',
  'pg_indexes_size',
  'pg_is_in_recovery',
  'pg_relation_size',
  'pg_table_size',
  'pg_total_relation_size',
];

describeWith('postgres', 'the allow-lists of SQL text, held to a real Postgres', () => {
  beforeAll(async () => {
    await loadSqlParser();
    database = await freshDatabase();
    client = new Client({ connectionString: database.url });
    await client.connect();
  });
  afterAll(async () => {
    await client?.end();
    await database?.drop();
  });

  it('name only functions that are there', async () => {
    const there = await column("select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace");
    expect(missing(functions, there)).toEqual([]);
  });

  it('name no function with an effect: none is volatile but those that look at a clock or a size', async () => {
    const sql = `select distinct proname from pg_proc where proname = any ($1) and provolatile = 'v'
                 and pronamespace = 'pg_catalog'::regnamespace order by 1`;
    expect(missing(await column(sql, [[...functions]]), volatileReads)).toEqual([]);
  });

  it('name no function that PUBLIC may not call, that returns a set, or that takes a cursor or a query', async () => {
    const sql = `select distinct p.proname from pg_proc p where proname = any ($1)
                 and pronamespace = 'pg_catalog'::regnamespace
                 and (proretset or 'refcursor'::regtype = any (proargtypes::oid[])
                      or not has_function_privilege('pg_monitor', p.oid, 'execute')
                      or proargnames && array['query', 'sql', 'filename'])`;
    expect(await column(sql, [[...functions]])).toEqual([]);
  });

  it('name only types, catalog relations and operators that are there, and relations that PUBLIC may read', async () => {
    const inCatalog = "'pg_catalog'::regnamespace";
    expect(missing(types, await column(`select typname from pg_type where typnamespace = ${inCatalog}`))).toEqual([]);
    const relations = `select relname from pg_class c, aclexplode(relacl) a where relnamespace = ${inCatalog}
                       and a.grantee = 0 and a.privilege_type = 'SELECT'`;
    expect(missing(catalogRelations, await column(relations))).toEqual([]);
    const views = "select table_name from information_schema.tables where table_schema = 'information_schema'";
    expect(missing(informationSchemaRelations, await column(views))).toEqual([]);
    const symbols = [...operators].filter((name) => !name.includes('BETWEEN') && name !== '!=');
    expect(
      missing(symbols, await column(`select distinct oprname from pg_operator where oprnamespace = ${inCatalog}`)),
    ).toEqual([]);
  });

  it('are right to refuse field notation: it calls the function of that name', async () => {
    expect(await column("select ('ABC'::text).lower")).toEqual(['abc']);
    expect(await column('select g.abs from generate_series(-2, -2) g')).toEqual(['2']);
    expect(judgeReadSql("select ('ABC'::text).lower").ok).toBe(false);
    expect(judgeReadSql('select g.abs from generate_series(-2, -2) g').ok).toBe(false);
  });

  it("are right about names: an unqualified `pg_` name is the catalog's, whatever stands in public", async () => {
    await client.query('create table public.pg_authid (rolname text)');
    expect(await column('select count(*) > 0 from pg_authid')).toEqual(['true']);
    expect(judgeReadSql('select count(*) > 0 from pg_authid').ok).toBe(false);
  });

  it.each([
    "select count(*) filter (where state = 'idle'), date_trunc('minute', now()) from pg_stat_activity",
    'select relname, n_dead_tup, pg_size_pretty(pg_total_relation_size(relid)) from pg_catalog.pg_stat_user_tables',
    'select extract(epoch from now() - backend_start)::int, backend_start at time zone $$utc$$ from pg_stat_activity',
    "select substring('abc' from 2), position('a' in 'b'), trim(both from ' x '), 'a' like '!_' escape '!'",
    'select percentile_cont(0.5) within group (order by reltuples) from pg_class',
    'select a, row_number() over (order by a) from (select 1 as a union all select 2) s',
    'select mode, count(*) from pg_locks where not granted group by mode having count(*) > 0 order by 2 desc limit 5',
  ])('run in a READ ONLY transaction what they let pass: %s', async (sql) => {
    expect(judgeReadSql(sql)).toEqual({ ok: true });
    await client.query('begin transaction read only');
    try {
      await client.query(sql);
    } finally {
      await client.query('rollback');
    }
  });
});
