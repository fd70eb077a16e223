import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withReference } from '../scripts/docs.ts';
import { referenceFields } from '../scripts/runbook-reference/render.ts';

const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'runbooks.md'), 'utf8');
const fields = [...referenceFields()].flatMap(([table, rows]) =>
  rows.map((row) => [`${table}: ${row.path}`, row] as const),
);

describe('the reference of runbooks', () => {
  it('is what the schema generates: `npm run docs` writes it', () => expect(withReference(page)).toBe(page));

  it('has every part of a runbook', () => {
    const paths = fields.map(([name]) => name);
    expect(paths).toEqual(
      expect.arrayContaining([
        'runbook: action_boundary.never_allow',
        'runbook: tools[].scopes.databases',
        'runbook: circuit_breaker.errorBudget.eventsMin',
        'runbook: playbook[].do.conclude',
        'condition: exactly',
        'condition: all',
        'entity test: where',
        'attribute test: lte',
        'call: target',
      ]),
    );
  });

  it.each(fields)('says what it takes and what it means: %s', (_name, { takes, meaning }) => {
    expect(takes).not.toMatch(/undefined|anything|^$/);
    expect(meaning).toMatch(/^\S.*[.?]$/);
  });

  it('refuses a page that has no place for it', () => {
    expect(() => withReference('# Runbooks\n')).toThrow('expected `<!-- reference: begin -->`');
  });
});
