import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkLine } from '../../../cli/check/check-line.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';

/** A set of labelled commands that lies beside the clone where there is one. It is not ours, and not in the repository. */
const file = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpora', 'commands-dev.jsonl');
const isThere = existsSync(file);
if (!isThere) process.stdout.write(`skipped: no labelled commands at ../shared/corpora/commands-dev.jsonl\n`);

type Case = {
  readonly id: string;
  readonly kind: string;
  readonly command: string;
  readonly expected: string;
  readonly also_accept?: readonly string[];
};

beforeAll(loadSqlParser);

describe('labelled commands', () => {
  const cases = isThere
    ? readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Case)
    : [];
  const strict = cases.filter((one) => one.also_accept === undefined);

  /** As a command, and, where it is one, as a statement. */
  const answers = ({ id, kind, command }: Case): string[] => {
    const asked = kind.startsWith('sql/') ? [{ command }, { sql: command }] : [{ command }];
    return asked.map((one) => checkLine(JSON.stringify({ id, ...one }), []).verdict);
  };
  const wrong = (expected: string): string[] =>
    strict
      .filter((one) => one.expected === expected && answers(one).some((verdict) => verdict !== expected))
      .map(({ id, command }) => `${id}: ${command}`);

  it.skipIf(!isThere)('denies everything that is labelled deny', () => expect(wrong('deny')).toEqual([]));
  it.skipIf(!isThere)('allows everything that is labelled allow', () => expect(wrong('allow')).toEqual([]));
  it.skipIf(!isThere)('holds everything that is labelled require_human', () => {
    expect(wrong('require_human')).toEqual([]);
  });
});
