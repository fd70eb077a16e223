import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { HoldpointError } from '../../contracts/errors.ts';
import { inspectRunbook, parseRunbook } from '../../policies/runbook.ts';
import { runbookRules } from '../../policies/runbook-rules.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { parseStrictYaml } from '../../policies/strict-yaml.ts';

beforeAll(loadSqlParser);

const folder = new URL('../../runbooks/', import.meta.url);
const shipped = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));

/** Loads, or answers faults that each name a rule and a place inside the text. Nothing is ever thrown raw. */
function loadsOrSaysWhere(text: string): void {
  const lines = text.split('\n').length;
  const inspected = inspectRunbook(text, 'r.yaml');
  if (inspected.kind === 'loaded') return void parseRunbook(text, 'r.yaml');
  expect(inspected.faults.length).toBeGreaterThan(0);
  for (const { rule, line, column, message } of inspected.faults) {
    expect(Object.keys(runbookRules)).toContain(rule);
    expect(Number.isInteger(line) && line >= 1 && line <= lines).toBe(true);
    expect(Number.isInteger(column) && column >= 1).toBe(true);
    expect(message).not.toBe('');
  }
  expect(() => parseRunbook(text, 'r.yaml')).toThrow(HoldpointError);
  expect(() => parseRunbook(text, 'r.yaml')).toThrow(/^r\.yaml:\d+:\d+: /);
}

const odd = fc.oneof(
  fc.constantFrom(
    '\t',
    '\n',
    '- ',
    '? ',
    ': ',
    '[',
    '}',
    '"',
    "'",
    '|',
    '>',
    '&a ',
    '*a',
    '!!x ',
    '<<: ',
    '#',
    '%',
    '---\n',
  ),
  fc.constantFrom(
    '\u0000',
    '\u202e',
    '\ufeff',
    '\ud800',
    '\u2028',
    '.nan',
    '.inf',
    '0x',
    '1e999',
    '~',
    '__proto__: ',
    '$X',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
);
/** A text with a stretch of it cut out, doubled or replaced. */
const damaged = fc
  .record({
    text: fc.constantFrom(...shipped),
    at: fc.nat(6_000),
    length: fc.nat(200),
    put: fc.oneof(fc.constant(''), odd),
    again: fc.boolean(),
  })
  .map(({ text, at, length, put, again }) => {
    const end = at + length;
    return `${text.slice(0, at)}${put}${again ? text.slice(at, end) + text.slice(at, end) : ''}${text.slice(end)}`;
  });

type Tree = Record<string, unknown>;
const leaf = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(undefined, [], {}, -1, 1e9, 'kubectl delete pod x', 'DROP TABLE'),
);
/** A runbook with one value, anywhere in it, that is another, is missing, or stands beside one too many. */
const replaced = fc
  .record({ text: fc.constantFrom(...shipped), path: fc.array(fc.nat(40), { minLength: 1, maxLength: 6 }), leaf })
  .map(({ text, path, leaf: value }) => {
    const yaml = parseStrictYaml(text);
    const tree = structuredClone(yaml.ok ? yaml.value : {}) as Tree;
    let place: Tree = tree;
    for (const step of path) {
      const keys = Object.keys(place);
      const key = keys[step % (keys.length + 1)] ?? 'extra';
      const inner = place[key];
      if (step === path.at(-1) || typeof inner !== 'object' || inner === null) {
        place[key] = value;
        break;
      }
      place = inner as Tree;
    }
    return JSON.stringify(tree, null, 2);
  });

describe('a damaged runbook loads or says where it is damaged', () => {
  it('in any stretch of its text', () => fc.assert(fc.property(damaged, loadsOrSaysWhere), { numRuns: 300 }));
  it('in any of its values', () => fc.assert(fc.property(replaced, loadsOrSaysWhere), { numRuns: 300 }));
  it('at any length', () =>
    fc.assert(
      fc.property(fc.constantFrom(...shipped), fc.nat(6_000), (text, at) => loadsOrSaysWhere(text.slice(0, at))),
    ));
});

describe('a hostile text is refused in time that grows with its length', () => {
  const many = 65_000;
  it.each([
    ['quotes', '"'.repeat(2 * many)],
    ['keys', Array.from({ length: many / 3 }, (_, at) => `k${at}: 1`).join('\n')],
    ['sequences in sequences', '- '.repeat(many)],
    ['keys that are mappings', '? '.repeat(many)],
    ['mappings in mappings', 'a: '.repeat(many)],
    ['one long list', `tools: [${'a,'.repeat(many)}]`],
    ['anchors', '&'.repeat(2 * many)],
    ['blank lines', '\n'.repeat(2 * many)],
  ])('%s', (_title, text) => {
    const began = performance.now();
    loadsOrSaysWhere(text);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('a text that shows something else than it says is refused', () => {
  const [text = ''] = shipped;
  it.each([
    ['a mark that turns the direction', '\u202e', 'U+202E'],
    ['a character without width', '\u200b', 'U+200B'],
    ['a control', '\u0007', 'U+0007'],
    ['a line that is none to a reader', '\u2028', 'U+2028'],
    ['half a character', '\ud800', 'well-formed'],
  ])('%s', (_title, character, message) => {
    const at = text.indexOf('owner: ') + 'owner: '.length;
    const before = text.slice(0, at).split('\n');
    const inspected = inspectRunbook(`${text.slice(0, at)}${character}${text.slice(at)}`, 'r.yaml');
    const [fault] = inspected.kind === 'faulty' ? inspected.faults : [];
    expect(fault?.message).toContain(message);
    if (character !== '\ud800')
      expect([fault?.line, fault?.column]).toEqual([before.length, (before.at(-1)?.length ?? 0) + 1]);
  });
});
