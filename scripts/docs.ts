import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderReference } from './runbook-reference/render.ts';

const begin = '<!-- reference: begin -->';
const end = '<!-- reference: end -->';

/** A page with its generated section as the schema has it now. Throws where the page has no place for it. */
export function withReference(page: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`expected \`${begin}\` and \`${end}\` in the page`);
  return `${page.slice(0, from + begin.length)}\n\n${renderReference()}\n\n${page.slice(to)}`;
}

const file = join(import.meta.dirname, '..', 'docs', 'runbooks.md');
// Run by itself it writes; the test that imports it only compares.
if (process.argv[1] === import.meta.filename) writeFileSync(file, withReference(readFileSync(file, 'utf8')));
