import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sanitize } from '../../../policies/sanitize/sanitize.ts';

/** Labelled texts that lie beside the clone where there are any. They are not ours, and not in the repository. */
const folder = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpora');
const files = ['injection-dev.jsonl', 'benign-logs-dev.jsonl'].map((name) => join(folder, name));
const isThere = files.every((file) => existsSync(file));
if (!isThere) process.stdout.write('skipped: no labelled texts at ../shared/corpora\n');

type Case = { readonly kind: string; readonly text: string; readonly expected: 'malicious' | 'benign' };
const cases = (isThere ? files : []).flatMap((file) =>
  readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case),
);
const judged = cases.map((one) => ({ ...one, ...sanitize(one.text) }));
type Judged = (typeof judged)[number];

/** `injection/deepset/raw` is of the family `injection/deepset`; a disguise is told apart from another. */
const familyOf = ({ kind }: Judged): string => {
  const parts = kind.split('/');
  return parts[1] === 'agt-smoke' ? [...parts.slice(0, 2), ...parts.slice(3)].join('/') : parts.slice(0, 2).join('/');
};

function report(title: string, some: readonly Judged[]): void {
  const families = new Map<string, readonly [number, number]>();
  for (const one of some) {
    const [found, all] = families.get(familyOf(one)) ?? [0, 0];
    families.set(familyOf(one), [found + (one.suspicious ? 1 : 0), all + 1]);
  }
  const rows = [...families].sort().map(([family, [found, all]]) => `${`${found}/${all}`.padStart(9)}  ${family}`);
  process.stdout.write(`${title}\n${rows.join('\n')}\n`);
}

describe('labelled texts', () => {
  const malicious = judged.filter(({ expected }) => expected === 'malicious');
  const lookalikes = judged.filter(({ expected, kind }) => expected === 'benign' && kind.startsWith('lookalike/'));
  const logs = judged.filter(({ expected, kind }) => expected === 'benign' && !kind.startsWith('lookalike/'));

  it.skipIf(!isThere)('finds most of what attacks', () => {
    report('malicious texts found, by family', malicious);
    expect(malicious.filter(({ suspicious }) => suspicious).length / malicious.length).toBeGreaterThan(0.85);
  });

  it.skipIf(!isThere)('calls at most one ordinary text in a thousand suspicious', () => {
    report('look-alikes called suspicious, by family', lookalikes);
    expect(logs.filter(({ suspicious }) => suspicious).length).toBeLessThanOrEqual(logs.length / 1_000);
  });

  it.skipIf(!isThere)('takes nothing but terminal sequences and controls out of an ordinary text', () => {
    const altered = logs.filter(({ findings }) => findings.some(({ rule }) => !/^(escape|character)\./.test(rule)));
    expect(altered.length).toBeLessThanOrEqual(logs.length / 1_000);
  });
});
