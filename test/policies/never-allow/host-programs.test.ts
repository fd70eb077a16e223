import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Program } from '../../../policies/never-allow/program.ts';
import { hostPrograms } from '../../../policies/never-allow/programs/host-programs.ts';
import { literal } from '../../../policies/never-allow/word.ts';
import { argv, cases } from './argv.ts';

const named = (name: string): Program => {
  const found = hostPrograms.find(({ names }) => names.includes(name));
  if (found === undefined) throw new Error(`no program ${name}`);
  return found;
};
const effectOf = (text: string): string => {
  const [name = '', ...rest] = text.split(' ');
  const reading = named(name).read(argv(rest.join(' ')));
  if (reading.kind === 'unknown') return reading.rule;
  return [...reading.actions.map(({ effect }) => effect), ...reading.nested.map(({ kind }) => kind)].join(' ');
};

describe('plain programs: writes', () => {
  it.each([
    ...['tee x', 'tee', 'dd if=a of=b', 'rm -rf /', 'mv a b', 'cp a b', 'chmod 777 a', 'kill 1'],
    ...[
      'sort -o out in',
      'sort --output=out',
      'sort --out out',
      'sort -uoout in',
      'sort $F',
      'sort --bogus',
      'shuf -o x',
    ],
    ...['uniq in out', 'uniq $F', 'uniq in*', 'sort *', 'date -s now', 'date 010203042026', 'date --set=x'],
    ...['date --se x', 'hostname web1'],
    ...[
      'hostname -F f',
      'hostname -b',
      'top',
      'top -d 1',
      'yq -i .a f',
      'yq -iP .a f',
      'yq --inplace=true . f',
      'yq -s .a f',
    ],
    ...[
      'tree -o out',
      'file -C',
      'xxd in out',
      'xxd -r in',
      'ss -K dst 1.2.3.4',
      'ss --kill',
      'ss $X',
      'dmesg -C',
      'dmesg -wc',
    ],
  ])('takes `%s` for one', (text) => {
    expect(effectOf(text)).toMatch(/^write/);
  });

  it('hands on the programs that they run', () => {
    expect(effectOf('sort --compress-program=sh f')).toBe('read argv');
    expect(effectOf('rg --pre kubectl x')).toBe('read argv');
  });
});

describe('plain programs: what bash would evaluate', () => {
  it.each(
    cases(`
      printf -v 'a[$(kubectl delete deploy x)]' y => unknown.word
      printf -va[0] y => unknown.word
      printf "$F" x => unknown.word
      printf $F x => unknown.word
      printf -v name x => read
      printf '%s' "$X" => read
      printf "n=$X" y => read
      printf "$X" => read
      test -v 'a[$(kubectl delete deploy x)]' => unknown.word
      [ -v "$X" ] => unknown.word
      [ ! -R 'a[0]' ] => unknown.word
      [ -v name ] => read
      [ -v ] => read
      [ -n "$X" ] => read
      test "$a" -gt 3 => read
    `),
  )('reads `%s` as %s', (text, expected) => {
    expect(effectOf(text)).toBe(expected);
  });
});

describe('plain programs: reads', () => {
  it.each([
    ...[
      'cat a',
      'cat $F',
      'head -20 a',
      'tail -f a',
      'grep -v x',
      'egrep x',
      'jq .items[] f',
      'echo rm -rf /',
      'wc -l',
      'ls -la',
    ],
    ...[
      'sort',
      'sort /var/log/*.log',
      'sort -k2,2 -t, -rn a',
      'sort --field-separator=, a',
      'uniq -c',
      'uniq -c in',
      'date',
      'date +%s',
      'date -u',
    ],
    ...['date -d yesterday +%F', 'hostname -f', 'top -bn1', 'top -b -o %CPU', 'rg -n x src', 'yq -P .a f', 'yq e .a f'],
    ...[
      'tree -L 2',
      'file -b a',
      'xxd a',
      'ss -tlnp',
      'dmesg -T',
      'df -h',
      'ps aux',
      'dig +short a',
      'ping -c1 a',
      'true',
      '[ a = b ]',
    ],
  ])('takes `%s` for one', (text) => {
    expect(effectOf(text)).toBe('read');
  });

  it('names no program twice', () => {
    const names = hostPrograms.flatMap((one) => one.names);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('never throws, and says an effect for each', () => {
    fc.assert(
      fc.property(fc.constantFrom(...hostPrograms), fc.array(fc.string()), (program, words) => {
        const reading = program.read(words.map(literal));
        expect(reading.kind === 'unknown' || reading.actions.length === 1).toBe(true);
      }),
    );
  });
});
