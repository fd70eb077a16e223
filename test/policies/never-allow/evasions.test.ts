import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { judgeCommand } from '../../../policies/never-allow/judge-command.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { deep } from '../../support/deep.ts';
import { forbiddenVariant, readVariant } from './support/evasions.ts';

beforeAll(loadSqlParser);

const numRuns = deep ? 1_000_000 : 2_000;
const timeout = deep ? 7_200_000 : 120_000;

describe('generated variants', () => {
  it(
    'denies every spelling and wrapping of what the floor forbids, and names the floor',
    () => {
      fc.assert(
        fc.property(forbiddenVariant, (text) => {
          expect(judgeCommand(text).rule).toMatch(/^floor\./);
        }),
        { numRuns },
      );
    },
    timeout,
  );

  it(
    'allows a read in the same spellings and wrappings: it does not judge by the wrapping',
    () => {
      fc.assert(
        fc.property(readVariant, (text) => {
          expect(judgeCommand(text).rule).toBe('read.only');
        }),
        { numRuns: numRuns / 10 },
      );
    },
    timeout,
  );
});
