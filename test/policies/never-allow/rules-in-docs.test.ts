import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');
const page = readFileSync(join(root, 'docs', 'never-allow.md'), 'utf8');

/** Where `check` takes its answers from. */
const rooms = ['policies/never-allow', 'policies/sql', 'cli/check'];
const files = [
  ...rooms.flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((file) => join(room, file)),
  ),
  ...['policies/sql-read.ts', 'policies/gate/floor.ts'],
].filter((file) => file.endsWith('.ts'));

const rulesIn = (text: string): string[] =>
  [
    ...text.matchAll(/['`]((?:unknown|floor|write|read|input|runbook|schema|error)\.[a-z0-9]+(?:-[a-z0-9]+)*)['`]/g),
  ].map(([, rule = '']) => rule);
const judge = readFileSync(join(root, 'policies/gate.ts'), 'utf8');
const answered = new Set([
  ...files.flatMap((file) => rulesIn(readFileSync(join(root, file), 'utf8'))),
  ...rulesIn(judge).filter((rule) => rule.startsWith('schema.')),
]);
const elsewhere = ['error.rule-failed', 'runbook.never-allow'];

describe('docs/never-allow.md', () => {
  it('finds the rules', () => expect(answered.size).toBeGreaterThan(60));

  it('names every rule that a command, a statement or a tool call can be answered with', () => {
    const named = new Set(rulesIn(page));
    expect([...answered].filter((rule) => !named.has(rule))).toEqual([]);
  });

  it('names no other', () => {
    const known = new Set([...answered, ...elsewhere]);
    expect(rulesIn(page).filter((rule) => !known.has(rule))).toEqual([]);
  });
});
