import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { pgcli, psql } from '../../../policies/never-allow/programs/psql.ts';
import { readPsqlScript } from '../../../policies/never-allow/sql/psql-script.ts';
import { loadSqlParser } from '../../../policies/sql/parser.ts';
import { type Verdict, verdictOf, verdictOn } from './support/verdict.ts';

const judges = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: psql %s`, (line) => expect(verdictOn(psql, line)).toBe(verdict));
const scripts = (verdict: Verdict, cases: readonly string[]) =>
  it.each(cases)(`judges as ${verdict}: %j`, (text) => expect(verdictOf(readPsqlScript(text))).toBe(verdict));

describe('psql', () => {
  beforeAll(loadSqlParser);
  judges('floor', [
    '-c drop…table…orders',
    '-d shop -c select…1 -c drop…table…orders',
    'shop ops -Atqcdrop…table…orders',
    '--command=drop…table…orders',
    '--com drop…table…orders',
    '-X1c drop…table…orders',
    '-c select…1;drop…schema…public…cascade shop',
    '-o out.txt -c drop…table…orders',
    '-d "$URL" -c drop…table…orders',
  ]);
  judges('unknown.sql-script', ['-f drop.sql', '-d shop --file=/tmp/x', '-c select…1 -f x', '-f "$FILE"']);
  judges('unknown.sql-text', ['-c "$SQL"', '-d shop -c drop"$X"']);
  judges('unknown.option', [
    '"$URL" -c select…1',
    '$ARGS',
    '--nonsense -c select…1',
    '-Z',
    '-o "$X" -c select…1',
    '-c $SQL',
  ]);
  judges('unknown.psql-variable', ['-v "$X" -c select…1', '-v PROMPT1=%`rm…x` shop', '"-v" --set=PROMPT2=x']);
  judges('unknown.sql-setting', [
    'postgres://h/d?options=-c%20standard_conforming_strings%3Doff -c select…1',
    "-d options='-c…standard\\_conforming\\_strings=off' -c select…1",
    '-d host=h…client_encoding=SJIS -c select…1',
    'postgres://h/d?x=%zz -c select…1',
  ]);
  judges('unknown.psql-command', [
    '-c \\i…x.sql',
    '-c \\gexec',
    '-c \\set…x…`rm`',
    '-c \\o…|rm',
    '-c \\dt…`rm…x`',
    '-c \\watch',
  ]);
  judges('nested', ['-c \\!…rm…-rf…/', '-o |rm…x -c select…1', "-c \\copy…t…to…program…'rm…x'"]);
  judges('write', ['shop', '-d shop -f -', 'postgresql://ops@h/shop', '-c truncate…orders', '-o out.txt -c select…1']);
  judges('write', ["-c \\copy…t…from…'a.csv'"]);
  judges('read', [
    '-c select…1…--…drop…table…x',
    '-l',
    '--version',
    '--list -c drop…table…x',
    '-c \\l',
    '-d "$URL" -c \\dt+…a.*',
  ]);
  judges('read', ['-v id="$X" -c select…1', '-h h -p 5432 -U ops -w -d shop -XAtc select…1']);

  it('reads SQL from standard input unless a statement is given', () => {
    const stdin = (...line: string[]) => {
      const reading = psql.read(line.map((value) => ({ kind: 'literal', value })));
      return reading.kind === 'read' ? reading.stdin : reading.kind;
    };
    expect([stdin('shop'), stdin('-f', '-'), stdin('-c', 'select 1'), stdin('--help')]).toEqual([
      'sql',
      'sql',
      'data',
      'data',
    ]);
  });

  it('reads pgcli alike', () => {
    expect(verdictOn(pgcli, '-d shop -c drop…table…orders')).toBe('floor');
    expect(verdictOn(pgcli, '--init-command drop…table…orders shop')).toBe('floor');
    expect(verdictOn(pgcli, 'shop')).toBe('write');
  });

  it('finds the statement wherever it stands among other options', () => {
    const other = fc.constantFrom(
      ['-d', 'x'],
      ['-X'],
      ['--port=1'],
      ['-Atq'],
      ['-U', '-c'],
      ['--no-psqlrc'],
      ['-F', ','],
    );
    const statement = fc.constantFrom(
      ['-c', 'drop table x'],
      ['-cdrop table x'],
      ['--command=drop table x'],
      ['-qc', 'drop table x'],
    );
    fc.assert(
      fc.property(fc.array(other), statement, fc.array(other), (before, drop, after) => {
        const argv = [...before.flat(), ...drop, ...after.flat()].map((value) => ({ kind: 'literal', value }) as const);
        expect(verdictOf(psql.read(argv))).toBe('floor');
      }),
    );
  });
});

describe('text that psql reads', () => {
  beforeAll(loadSqlParser);
  scripts('floor', [
    'drop table orders;',
    '\\x\nselect 1;\n\\timing on\ndrop table orders;',
    'drop table orders \\g\n',
    '\\d orders\n\\echo it is\ndrop\n\\p\ntable orders',
    'select 1 \\gx\ndrop schema public cascade;',
    "\\echo '\ndrop table orders; --'",
  ]);
  scripts('unknown.sql', ['select (', '\\x\n'.repeat(60)]);
  scripts('unknown.psql-command', [
    '\\i other.sql',
    "select 'drop table orders' \\gexec",
    'explain \\r\ndelete from orders;',
    '\\if true\nselect 1;\n\\endif',
    '\\set x 1\nselect 1;',
    '\\g |sh',
    'select 1 \\g out.txt',
    '\\x \\\\ drop table orders;',
    '\\c "options=\'-c standard_conforming_strings=off\'"',
    '\\lo_unlink 1',
    '\\copy t from a\\b',
    'copy t from stdin;\n1\ta\n\\.\n',
  ]);
  scripts('unknown.psql-variable', ["select :'x'", 'select a[1:n] from t', ':body', 'select :"x"']);
  scripts('nested', ['\\! sh', "select 1;\n\\copy t from program 'sh'", "copy t to program 'sh'"]);
  scripts('read', [
    '',
    '\n-- nothing\n',
    'select 1;',
    '\\l\n\\dt public.*\nselect 2 \\g\n',
    "select '\\d', $$\\! rm$$::text;",
  ]);
});
