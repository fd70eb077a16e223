import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAwkScript } from '../../../policies/never-allow/programs/awk-script.ts';
import { readSedScript } from '../../../policies/never-allow/programs/sed-script.ts';
import { awk, sed } from '../../../policies/never-allow/programs/text-programs.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, said } from './argv.ts';

const sedSays = (script: string): string => {
  const read = readSedScript(script);
  return read.kind === 'unread' ? 'unread' : [read.writes ? 'writes' : 'reads', ...read.shell].join('; ');
};

describe('sed: scripts that run or write something', () => {
  it.each([
    ['1e kubectl delete deploy web', 'reads; kubectl delete deploy web'],
    ['p;e rm x', 'reads; rm x'],
    ['/[a]/{s/x/y/;e rm x\n}', 'reads; rm x'],
    ['s/a/b/ ; # no\ne rm x', 'reads; rm x'],
    ['a text;e no\ne rm x', 'reads; rm x'],
    ['a\\\ntext \\\nmore\ne rm x', 'reads; rm x'],
    ['s/a/b/w out', 'writes'],
    ['s/a/b/gpw out', 'writes'],
    ['w out', 'writes'],
    ['$!W out', 'writes'],
    ['\\,x,w out', 'writes'],
    ['e', 'unread'],
    ['s/.*/rm x/e', 'unread'],
    ['s/.*/rm x/ge', 'unread'],
    ['s,a,b,Me', 'unread'],
    ['s/[/]/e', 'unread'],
    ['s/a', 'unread'],
    ['y/a', 'unread'],
    ['k', 'unread'],
    ['s\na\nb\n', 'unread'],
  ])('reads %j as %s', (script, expected) => {
    expect(sedSays(script)).toBe(expected);
  });

  it.each([
    ...[
      's/a/b/',
      's/e/w/g',
      's,/etc,/x,',
      's|a\\|b|c|2p',
      '1,10p',
      '$p',
      '/x/,/y/d',
      '/x/I!d',
      '0~3p',
      '2,+3p',
      'y/abc/xyz/',
      'n;d',
    ],
    ...[
      ':a;N;$!ba;s/\\n/ /g',
      '/a/{p;q}',
      '/a/{\ns/x/y/\n}',
      'a e rm x',
      '5q',
      '=',
      'r file',
      '# e rm',
      's/[^:]*:/x/;t end;:end',
      '',
    ],
    ...['s/a/b/w /dev/stdout', 's/[[:space:]]*$//', '\\,e,p'],
  ])('takes %j for a read', (script) => {
    expect(sedSays(script)).toBe('reads');
  });
});

describe('sed: the command line', () => {
  it.each([
    ["-i 's/a/b/' f", 'sed (in-place)'],
    ["-i.bak 's/a/b/' f", 'sed (in-place)'],
    ["-ni 's/a/b/p' f", 'sed (in-place)'],
    ["--in-place=.bak -e 's/a/b/' f", 'sed (in-place)'],
    ["--in 's/a/b/' f", 'sed (in-place)'],
    ["-e 's/a/b/w x' f", 'sed'],
    ['-f script f', 'sed'],
    ["-f script -e '1e rm x' f", 'sed; > shell: rm x'],
    ["-n -e p -e '1e rm x' f", 'sed; > shell: rm x'],
    ["--expression='1e rm x'", 'sed; > shell: rm x'],
    ["-- '1e rm x'", 'sed; > shell: rm x'],
    ["--bogus 's/a/b/'", 'sed'],
    ['"s/a/$X/" f', 'unknown.word'],
    ["'s/a/b/' $F", 'unknown.word'],
    ["$X 's/a/b/'", 'unknown.word'],
    ["-e p -e 's/a/b/e'", 'unknown.script'],
    ["-n '1,5p' f", '?sed'],
    ['-E \'s/a/b/\' "$F"', 'unknown.word'],
    ['-E -- \'s/a/b/\' "$F"', '?sed'],
    ["-ne 's/a/b/p' f", '?sed'],
    ["--sandbox 'w x'", '?sed'],
    ['--version', '?sed'],
  ])('reads %j as %s', (text, expected) => {
    expect(said(sed, text)).toBe(expected);
  });
});

describe('awk: programs that run or write something', () => {
  it.each([
    ...[
      'BEGIN{system("kubectl delete deploy x")}',
      '{print | "sh"}',
      '{"date" | getline d}',
      '{print |& "sh"}',
      '@load "fork"',
    ],
    ...[
      'BEGIN{f="x";@f()}',
      'BEGIN { x = 1 /"a" | "sh"/ 2 }',
      '{ x++ / "a" | "sh" }',
      '{ a) / 2 | "sh" }',
      '/[/]|"sh"/',
      '"x',
    ],
    ...['/x', '{ case / 2 | "sh" / 3 }', '# a\n{system("x")}', '{s="\\"";system("x")}', '{ print a[1] /2 | "sh" }'],
  ])('cannot read %j', (script) => {
    expect(readAwkScript(script)).toBe('unread');
  });

  it.each([
    '{print > "f"}',
    '{print $1 >> "f"}',
    '{printf("%s", $1) > $2}',
    '{print a,\n b > "f"}',
    '{print a \\\n > "f"}',
    '{if (x > 1) print > "f"}',
  ])('sees that %j writes', (script) => {
    expect(readAwkScript(script)).toBe('writes');
  });

  it.each([
    ...[
      '{print $1}',
      '$5 > 80 {print $1}',
      '/a|b/ {print}',
      '$1 ~ /a|b/ && !/c|d/',
      'NR>1',
      '{if ($1 > 3) print $2}',
      '{s+=$1} END{print s/NR}',
    ],
    ...[
      'BEGIN{FS="|"} {print $2}',
      '{print "system(x) | sh > f"}',
      '# system\n{print}',
      '{print (a > b)}',
      'a || b',
      '/x/,/y|z/',
      '',
    ],
    ...['{gsub(/[|]/, "x"); print}', 'length($0) > 80', '{print toupper($0)}', '{while ((getline l < "f") > 0) n++}'],
  ])('takes %j for a read', (script) => {
    expect(readAwkScript(script)).toBe('reads');
  });

  it.each([
    ["-F: '{print $1}' /etc/passwd", '?awk'],
    ["-F '|' -v n=1 '{print n}' f -x", '?awk'],
    ['-v n="$N" \'{print n}\'', '?awk'],
    ['-f script f', 'awk'],
    ["-i inplace '{print}' f", 'awk (in-place)'],
    ["-i inplace '{system(x)}' f", 'unknown.script'],
    ["-e '{print}' -e '{system(x)}' f", 'unknown.script'],
    ['"{print $X}"', 'unknown.word'],
    ["-v n=$N '{print n}'", 'unknown.word'],
    ["$X '{print}'", 'unknown.word'],
    ["--bogus '{print}'", 'unknown.option'],
    ["-- '{print}'", '?awk'],
  ])('reads the command line %j as %s', (text, expected) => {
    expect(said(awk, text)).toBe(expected);
  });
});

describe('sed and awk: any text', () => {
  it('never throws, and is linear', () => {
    const own = fc.constantFrom(
      's',
      '/',
      'e',
      ' ',
      '\n',
      '\\',
      '[',
      ']',
      '{',
      '}',
      ';',
      'w',
      '"',
      '|',
      'print',
      '>',
      '(',
      ')',
      '#',
      'y',
      'a',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(own, fc.string())), (parts) => {
        const text = parts.join('');
        readSedScript(text);
        readAwkScript(text);
        sed.read([literal(text)]);
        awk.read(argv(text));
      }),
    );
    const start = performance.now();
    readSedScript('s/a/b/;'.repeat(50_000));
    readAwkScript('/a|b/ {print $1}\n'.repeat(20_000));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
