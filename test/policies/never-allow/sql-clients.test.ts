import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Program } from '../../../policies/never-allow/program.ts';
import { postgresTools } from '../../../policies/never-allow/programs/postgres-tools.ts';
import { redisCli } from '../../../policies/never-allow/programs/redis-cli.ts';
import { sqlClients } from '../../../policies/never-allow/programs/sql-clients.ts';
import { readPlainSql } from '../../../policies/never-allow/sql/plain-sql.ts';
import { loadSqlParser } from '../../../policies/sql/parser.ts';
import { type Verdict, verdictOf, verdictOn, wordOf } from './support/verdict.ts';

const all: readonly Program[] = [...sqlClients, ...postgresTools, redisCli];
const named = (name: string): Program => {
  const found = all.find(({ names }) => names.includes(name));
  if (found === undefined) throw new Error(`no program is named ${name}`);
  return found;
};
const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: %s`, (line) => {
    const [name = '', ...rest] = line.split(' ');
    expect(verdictOn(named(name), rest.join(' '))).toBe(verdict);
  });

describe('SQL that every dialect reads alike', () => {
  beforeAll(loadSqlParser);
  const texts = (verdict: Verdict, cases: readonly string[]) =>
    it.each(cases)(`judges as ${verdict}: %s`, (text) => expect(verdictOf(readPlainSql(text))).toBe(verdict));
  texts('floor', [
    'drop table orders',
    'select 1; DROP TABLE IF EXISTS a, b',
    'drop database shop',
    'drop schema s cascade',
    "select 'a''b'; drop table x",
  ]);
  texts('unknown.sql-dialect', [
    'select 1 /*!; drop table orders */',
    'select 1 -- x',
    'select 1 --1; drop table orders',
    "select '\\'; drop table orders; -- '",
    'drop table `orders`',
    'select "a\\"; drop table orders; -- "',
    "select 1 # '\n; drop table orders; select '",
    'drop table [orders]',
    'call x; delimiter',
    'exec sp_who',
    'source x.sql',
    '',
  ]);
  texts('write', [
    'delete from orders',
    'update orders set a = 1 where id = 7',
    "select load_extension('x')",
    'select sleep(5)',
    "select * from url('http')",
    'select a into outfile from b',
  ]);
  texts('read', [
    'select count(*) from orders where state = 1',
    'show processlist',
    'SHOW FULL TABLES;',
    'describe orders',
    "select 'drop table x'",
  ]);
});

describe('clients of other databases', () => {
  beforeAll(loadSqlParser);
  judges('floor', [
    'mysql -u root -pdrop shop -e drop…table…orders',
    'mysql --exec=drop…database…shop',
    'mariadb -h h -Be drop…table…orders',
    'sqlite3 shop.db drop…table…orders',
    'sqlite3 -cmd drop…table…orders shop.db',
    'clickhouse-client -q drop…table…orders',
    'cockroach sql --insecure -e drop…table…orders',
    'cockroach sql -e select…1 --execute=drop…table…orders',
    'mysqladmin -u root drop shop',
    'dropdb shop',
    'dropdb -h h --if-exists "$X"',
    'dropdb $X',
    'pg_restore --clean -d shop dump',
    'pg_restore -cC -d shop dump',
    'pgbench -i shop',
    'pgbench --initialize shop',
  ]);
  judges('unknown.sql-dialect', [
    'mysql -e drop…table…`orders`',
    'sqlite3 db select…1…/*x*/',
    'cockroach sql -e upsert…into…t…values…(1)',
  ]);
  judges('unknown.sql-text', ['mysql -e "$SQL"', 'clickhouse-client --query="$X"']);
  judges('unknown.sql-script', [
    'mysql --init-command drop…table…x',
    'mysql --pager=rm…x -e select…1',
    'mysql --defaults-file x -e select…1',
    'sqlite3 -init x.sql shop.db',
    'sqlite3 shop.db .shell…rm…-rf…/',
    'sqlite3 shop.db .read…x',
    'clickhouse-client --queries-file x',
    'cockroach sql -f x.sql',
  ]);
  judges('unknown.option', [
    'mysql $ARGS',
    'mysql "$DB" -e select…1',
    'mysql --newest x',
    'pg_restore $X',
    'pg_restore --newest -d x d',
    'redis-cli $X',
    'redis-cli "$CMD"',
    'cockroach "$X"',
    'mysqladmin $X',
  ]);
  judges('unknown.script', ['redis-cli --eval x.lua', 'redis-cli --pipe']);
  judges('nested', ['mongosh --eval db.dropDatabase()', 'mongo shop x.js', 'mongosh "$X"']);
  judges('write', [
    'mysql -u user --password db',
    'sqlite3 shop.db',
    'mysql -e delete…from…orders',
    'mongosh mongodb://h/db',
    'pg_restore -d shop dump',
    'pg_dump -f out.sql shop',
    'createdb shop',
    'dropuser app',
    'vacuumdb --all --help',
    'pgbench shop',
    'redis-cli flushall',
    'redis-cli -h h DEL k',
    'redis-cli config set a b',
    'redis-cli',
    'mysqladmin shutdown',
    'mysqldump -r x shop',
    'cockroach node drain 1',
  ]);
  judges('read', [
    'mysql -pdrop -e select…1',
    'mysql --version',
    'sqlite3 -readonly shop.db select…count(*)…from…orders',
    'sqlite3 shop.db .tables',
    'pg_dump -h h -U u shop',
    'pg_dump --clean shop',
    'pg_restore -l dump',
    'pg_isready -h h',
    'createdb --help',
    'mysqldump --single-transaction shop',
    'mysqladmin -u root processlist status',
    'redis-cli -h h -p 1 GET flushall',
    'redis-cli config get maxmemory',
    'redis-cli info memory',
    'cockroach node status',
  ]);

  it('never throws', () => {
    const piece = fc.oneof(fc.constantFrom('-e', '-p', '-c', '--', '$X', '"$X"', 'drop', 'sql', '='), fc.string());
    fc.assert(
      fc.property(fc.constantFrom(...all), fc.array(piece, { maxLength: 6 }), (program, pieces) => {
        expect(verdictOf(program.read(pieces.map(wordOf)))).toMatch(/^(floor|nested|write|read|unknown\..*)$/);
      }),
    );
  });
});
