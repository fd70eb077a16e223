import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const rows = read('docs/threat-model.md')
  .split('\n')
  .filter((line) => line.startsWith('| ') && line.includes('`test/'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
const inBackticks = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

describe('the threat model', () => {
  it('has rows', () => expect(rows.length).toBeGreaterThan(30));

  it.each(rows.map((row) => [row[0] ?? '', row] as const))('%s: names code and a test that exist', (_threat, row) => {
    const [, , code = '', test = ''] = row;
    for (const file of inBackticks(code)) expect(existsSync(join(root, file)), file).toBe(true);
    const file = inBackticks(test)[0] ?? '';
    expect(existsSync(join(root, file)), file).toBe(true);
    const title = / › (.+?)(?: ⚙)?$/.exec(test)?.[1];
    if (title !== undefined) expect(read(file).replaceAll("\\'", "'")).toContain(title);
  });

  it.each(rows.filter((row) => row[3]?.endsWith('⚙')).map((row) => [row[3] ?? '']))('%s: has a mutant', (test) => {
    const file = inBackticks(test)[0] ?? '';
    const title = / › (.+?) ⚙$/.exec(test)?.[1];
    const mutants = readdirSync(join(root, 'test/mutants')).map((name) => read(`test/mutants/${name}`));
    const named = mutants.filter(
      (text) => text.includes(`test: ${file}\n`) && (title === undefined || text.includes(title)),
    );
    expect(named.length).toBeGreaterThan(0);
  });
});

describe('every page', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g)].map((match) => match[1] ?? '');
    const missing = links.filter((link) => !existsSync(join(root, page, '..', link)));
    expect(missing).toEqual([]);
  });

  it.each(pages)('%s names only npm scripts that there are', (page) => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...read(page).matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it.each(pages)('%s names only commands that there are', (page) => {
    const commands = new Set(
      readdirSync(join(root, 'cli'))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => name.slice(0, -3)),
    );
    const named = [...read(page).matchAll(/(?:npx holdpoint|^holdpoint|`holdpoint) ([a-z]+)/gm)].map(
      (match) => match[1] ?? '',
    );
    expect(named.filter((name) => !commands.has(name))).toEqual([]);
  });
});
