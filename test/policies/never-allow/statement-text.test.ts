import { beforeAll, describe, expect, it } from 'vitest';
import { judgeCommand } from '../../../policies/never-allow/judge-command.ts';
import { canParseSql, loadSqlParser, parsePlPgSql } from '../../../policies/sql/parser.ts';
import { ruleOf, type Table } from './support/judged.ts';

it('denies what may be a statement until the parser is loaded', () => {
  expect(judgeCommand('DROP TABLE orders').verdict).toBe('deny');
});

const statements: Table = [
  ['DROP TABLE orders', 'floor.sql-drop-table'],
  ['SELECT 1; DROP TABLE orders', 'floor.sql-drop-table'],
  ['/* x */ drop\ntable orders', 'floor.sql-drop-table'],
  ['DROP TABLE orders PURGE', 'unknown.sql'],
  ['DROP TABLE `orders`', 'unknown.sql'],
  ['DROP TABLE [dbo].[orders]', 'unknown.'],
  ['USE shop; DROP TABLE orders', 'unknown.sql'],
  ['use shop; drop table orders', 'unknown.sql'],
  ["BEGIN EXECUTE IMMEDIATE 'DROP TABLE orders'; END;", 'unknown.sql'],
  ["SELECT 'DROP TABLE orders' AS example FROM notes", 'read.only'],
  ["SELECT 'kubectl delete deploy x' AS example FROM notes", 'read.only'],
  ['SELECT id,\n  name,\n  email\nFROM users', 'read.only'],
  ['SELECT\n  reboot\nFROM users', 'write.unlisted-program'],
  ['SELECT $(kubectl delete deploy x)', 'floor.kubernetes-delete-deployment'],
  ['BEGIN', 'write.held'],
  ['DO $$ BEGIN DROP TABLE orders; END $$', 'floor.sql-drop-table'],
  ["do $$ begin execute 'drop ' || 'table orders'; end $$", 'unknown.sql-text'],
  ['TRUNCATE orders', 'write.held'],
  ['DELETE FROM orders WHERE id = 1', 'write.held'],
  ['update-everything now', 'write.unlisted-program'],
  ['start server', 'write.unlisted-program'],
  ['select.sh a b', 'write.unlisted-program'],
  ['kubectl get pods; drop it', 'write.unlisted-program'],
];

describe('a statement that is given as a command', () => {
  beforeAll(loadSqlParser);

  it.each(statements)('answers %j with %s', (text, rule) => {
    const found = ruleOf(text);
    expect(found.startsWith(rule) ? rule : found).toBe(rule);
  });
});

/** Each of these stops the parser for good where it is asked for their PL/pgSQL. */
const withoutCode = [
  'create function f() returns int language plpgsql',
  'create function f() returns int language "plpgsql"',
  'create procedure f() language plpgsql',
  'create function f() returns int language plpgsql return 1',
  'do language plpgsql',
  'create function f() returns int language c; do $$ begin null; end $$',
  'create function f() returns int language sql return 1; do $$ begin null; end $$',
  'create function f() returns int begin atomic select 1; end; do $$ begin null; end $$',
];

describe('the parser, after a text that would stop it for good', () => {
  beforeAll(loadSqlParser);

  it.each(withoutCode)('denies `%s`, and reads the next text as before', (sql) => {
    expect(judgeCommand(sql).verdict).toBe('deny');
    expect(ruleOf('SELECT 1 LIMIT 1')).toBe('read.only');
  });

  it('denies every statement once it has stopped, and never takes one for a program', () => {
    expect(canParseSql()).toBe(true);
    expect(parsePlPgSql('create procedure f() language plpgsql').ok).toBe(false);
    expect(canParseSql()).toBe(false);
    for (const text of ['SELECT 1 LIMIT 1', 'DROP TABLE orders', 'drop table orders'])
      expect(judgeCommand(text).verdict).toBe('deny');
    expect(ruleOf('kubectl get pods')).toBe('read.only');
  });
});
