import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectConditions, expectCount, expectRing, expectUntil } from '../../cli/runbooks/parse-options.ts';
import { WrongUse } from '../../cli/shell/refusal.ts';
import { GrantCondition } from '../../contracts/statement.ts';
import { Instant } from '../../contracts/values.ts';

const now = Date.parse('2026-03-01T12:00:00.000Z');
/** What a parser makes of a text; `wrong use` is the only other end. */
function made<T>(parse: () => T): T | 'wrong use' {
  try {
    return parse();
  } catch (error) {
    if (error instanceof WrongUse) return 'wrong use';
    throw error;
  }
}
const almost = fc.oneof(
  fc.string(),
  fc.stringMatching(/^[-+0-9]{1,8}[a-z]{0,2}$/),
  fc.stringMatching(/^20[0-9]{2}-[0-3][0-9]-[0-3][0-9](T[0-2][0-9]:[0-6][0-9]:00.000Z)?$/),
);

describe('the end of a waiver or grant', () => {
  it('is a time from now, a day or an instant', () => {
    expect(expectUntil('12h', now)).toBe('2026-03-02T00:00:00.000Z');
    expect(expectUntil('7d', now)).toBe('2026-03-08T12:00:00.000Z');
    expect(expectUntil('2026-04-01', now)).toBe('2026-04-01T00:00:00.000Z');
    expect(expectUntil('2026-04-01T09:30:00.000Z', now)).toBe('2026-04-01T09:30:00.000Z');
  });
  it('is one spelling of a time that exists, or wrong use, whatever was typed', () => {
    fc.assert(
      fc.property(almost, (text) => {
        const until = made(() => expectUntil(text, now));
        expect(until === 'wrong use' || Instant.safeParse(until).success).toBe(true);
      }),
    );
  });
  it.each(['0h', '07d', '-1d', '1w', '1.5h', 'tomorrow', '2026-02-30', '2026-04-01T09:30:00Z', '99999999d', ''])(
    'is not `%s`',
    (text) => expect(made(() => expectUntil(text, now))).toBe('wrong use'),
  );
});

describe('a count, a ring and a scope', () => {
  it('are what a statement can hold, or wrong use, whatever was typed', () => {
    fc.assert(
      fc.property(almost, (text) => {
        const count = made(() => expectCount(text, 100));
        expect(count === 'wrong use' || (Number.isInteger(count) && count >= 1 && count <= 100)).toBe(true);
        expect(['wrong use', 1, 2]).toContain(made(() => expectRing(text, [1, 2])));
        const scope = made(() => expectConditions([`databases=${text}`]));
        expect(scope === 'wrong use' || scope.every((one) => GrantCondition.safeParse(one).success)).toBe(true);
      }),
    );
  });
  it('keep every name of a scope', () => {
    expect(expectConditions(['databases=payments,billing'])).toEqual([
      { scope: 'databases', in: ['payments', 'billing'] },
    ]);
    expect(expectConditions(undefined)).toEqual([]);
  });
  it.each(['databases', 'databases=', 'databases=a,,b', 'databases=a=b', '=a', 'planets=mars'])(
    'are no scope `%s`',
    (text) => expect(made(() => expectConditions([text]))).toBe('wrong use'),
  );
});
