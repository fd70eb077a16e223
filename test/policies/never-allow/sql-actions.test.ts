import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readSql } from '../../../policies/never-allow/sql-actions.ts';
import { loadSqlParser } from '../../../policies/sql/parser.ts';
import { type Verdict, verdictOf } from './support/verdict.ts';

const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: %s`, (sql) => expect(verdictOf(readSql(sql))).toBe(verdict));

it('decides nothing until the parser is loaded', () => expect(verdictOf(readSql('select 1'))).toBe('unknown.sql'));

describe('SQL that drops tables', () => {
  beforeAll(loadSqlParser);
  judges('floor', [
    'DROP TABLE orders',
    'DrOp/**/TaBlE\n\tif exists "Orders", public.b cascade;',
    '-- harmless\ndrop table orders',
    "select '--'; drop table orders --'",
    "select 'a\\'; drop table orders; --'",
    'begin; drop table orders; commit',
    'drop foreign table orders',
    'drop schema public cascade',
    'drop database payments',
    'drop database if exists payments with (force)',
    'drop owned by app',
    'drop type money cascade',
    'drop extension postgis cascade',
    'drop server elsewhere cascade',
    'do $$ begin drop table orders; end $$',
    'do $$ begin if now() > now() then drop table orders; end if; end $$',
    "do $$ begin execute 'drop table orders'; end $$",
    "do $$ declare r record; begin for r in execute 'drop table orders' loop end loop; end $$",
    "do $outer$ begin execute $$ do 'begin drop table orders; end' $$; end $outer$",
    'create function f() returns void language sql as $$ drop table orders $$',
    'create function f() returns trigger language plpgsql as $$ begin drop table orders; return new; end $$',
    "select query_to_xml('drop table orders', true, true, '')",
    "select pg_catalog.query_to_xml(U&'dr\\006fp table orders'::text, true, true, '')",
    "select * from ts_stat('drop table orders')",
    "select dblink('host=a', 'drop table orders', false)",
    "select dblink_exec('drop table orders')",
    'select drop_chunks($$orders$$)',
    "select DropGeometryTable('public', 'orders')",
    'explain analyze select dblink_exec($$drop table orders$$)',
    "call f(dblink_exec('drop table orders'))",
    "prepare p as select query_to_xml('drop table orders', true, true, '')",
  ]);
});

describe('SQL that cannot be decided', () => {
  beforeAll(loadSqlParser);
  judges('unknown.sql', ['', ' ;; ', '-- nothing', 'drop tabel orders', 'DROP TABLE `orders`', 'DROP TABLE [orders]']);
  judges('unknown.sql', ['SELECT 1; DROP TABLE orders PURGE', 'EXEC sp_rename a', 'SHOW FULL TABLES']);
  judges('unknown.sql-text', [
    "do $$ begin execute 'drop ' || 'table orders'; end $$",
    "do $$ begin execute format('drop table %I', 'orders'); end $$",
    'do $$ declare c refcursor; t text; begin open c for execute t; end $$',
    'create function f(t text) returns setof int language plpgsql as $$ begin return query execute t; end $$',
    'select query_to_xml(note, true, true, $$$$) from orders',
    "select query_to_xml('drop table orders'::varchar(3), true, true, '')",
    "select query_to_xml(query => 'drop table orders', nulls => true, tableforest => true, targetns => '')",
    "select exec_sql('drop table orders')",
    "select cron.schedule('0 3 * * *', 'drop table orders')",
    "select * from connectby('orders', 'a', 'b', 'c', 0)",
  ]);
  judges('unknown.sql-code', ['do $$ begin drop table orders $$', 'do $$ bogus $$']);
  judges('unknown.sql-prepared', ['execute p', 'create table t as execute p']);
  judges('unknown.sql-data', ['copy t from stdin; select $$\n\\.\ndrop table orders; select $$']);
  judges('unknown.sql-setting', [
    'set standard_conforming_strings = off',
    "set names 'SJIS'",
    "select set_config('standard_conforming_' || 'strings', 'off', false)",
    "select set_config('client_encoding', 'GBK', false)",
    'create function f() returns int language sql set backslash_quote = on as $$ select 1 $$',
  ]);
  judges('nested', [
    "copy orders to program 'aws s3 rm s3://b --recursive'",
    "copy orders from program 'sh'",
    "create foreign table t (a text) server s options (program 'rm -rf /')",
    "alter foreign table t options (set program 'sh')",
    "alter system set archive_command = 'rm -rf /'",
    'do language plpython3u $$ import os $$',
    "create function f() returns int language c as 'lib', 'f'",
  ]);

  it('decides nothing about text inside text inside text, beyond a depth', () => {
    const wrap = (sql: string, depth: number): string =>
      depth === 0
        ? sql
        : wrap(`do $x${depth}$ begin execute $y${depth}$ ${sql} $y${depth}$; end $x${depth}$`, depth - 1);
    expect(verdictOf(readSql(wrap('select 1', 2)))).toBe('write');
    expect(verdictOf(readSql(wrap('select 1', 6)))).toBe('unknown.sql-nesting');
  });
});

describe('SQL that writes', () => {
  beforeAll(loadSqlParser);
  judges('write', [
    'delete from orders',
    'truncate orders, b cascade',
    'update orders set a = 1 where id = 7',
    'insert into orders select * from b on conflict do nothing',
    'merge into a using b on a.i = b.i when matched then delete',
    'with d as (delete from orders returning *) select count(*) from d',
    'select * from (with u as (select 1) select * from u) s, lateral (select 1) t for update',
    'select * into stolen from orders',
    'create table t as select 1',
    'select 1; commit',
    'set search_path to public',
    'explain analyze delete from orders',
    'explain (analyze off, analyze) delete from orders',
    'prepare p as delete from orders; execute p',
    'copy orders from stdin',
    "copy orders to '/tmp/x'",
    'copy (delete from orders returning *) to stdout',
    'drop index i; drop view v cascade',
    'drop schema empty',
    'drop extension pg_stat_statements',
    'alter table orders drop column a',
    "select nextval('s')",
    'select pg_terminate_backend(pid) from pg_stat_activity',
    "select lo_unlink(1), set_config('search_path', 'x', false)",
    'select (orders).lo_unlink from orders',
    'select delete_old_orders(30)',
    'refresh materialized view v',
    'do $$ begin raise notice $a$hello$a$; end $$',
    'vacuum full orders',
    'call archive()',
  ]);
});

describe('SQL that reads', () => {
  beforeAll(loadSqlParser);
  judges('read', [
    'select 1 /* ; drop table orders; */',
    "select 'drop table orders' as example from dropped_tables -- drop table x",
    'table orders',
    'values (1), (2)',
    'show search_path',
    'explain delete from orders',
    'explain (analyze false) delete from orders',
    'explain (format json) select id from users where age > $1',
    "select pg_read_file('/etc/passwd'), pg_sleep(1), my_own(1)",
    'copy orders to stdout',
    'declare c cursor for select 1; fetch 5 from c; close c',
    'with recursive t as (select 1 union all select n from t) select * from t',
    "select query_to_xml('select 1', true, true, '')",
  ]);
});

describe('any spelling', () => {
  beforeAll(loadSqlParser);
  const blank = fc.constantFrom(' ', '\n', '\t', '/**/', '/* drop /* nested */ */', '-- x\n', '\f'.replace('\f', '  '));
  const gap = fc.array(blank, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(''));
  const cased = (word: string) =>
    fc
      .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
      .map((up) => [...word].map((c, at) => (up[at] === true ? c.toUpperCase() : c)).join(''));
  const name = fc.constantFrom('orders', '"Orders"', 'public . orders', 'U&"\\006frders"', 'a.b.c', '"drop"');
  const before = fc.constantFrom('', ';', 'select 1;', "select ';';", 'begin;', '/* x */', "select $a$;'$a$;");

  it('finds a drop whatever the case, the comments and the quotes', () => {
    fc.assert(
      fc.property(before, cased('drop'), gap, cased('table'), gap, name, gap, (start, drop, a, table, b, target, c) => {
        expect(verdictOf(readSql(`${start}${drop}${a}${table}${b}${target}${c}`))).toBe('floor');
      }),
    );
  });

  it('never throws, and answers the same twice', () => {
    const piece = fc.constantFrom(
      'select',
      'drop',
      'table',
      '$$',
      "'",
      '"',
      ';',
      '(',
      ')',
      'do',
      'begin',
      'end',
      'x',
      '\\',
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(' ')),
    );
    fc.assert(
      fc.property(text, (sql) => {
        expect(verdictOf(readSql(sql))).toBe(verdictOf(readSql(sql)));
      }),
    );
  });
});
