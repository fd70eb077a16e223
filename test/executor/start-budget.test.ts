import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startBudget } from '../../activities/tools/start-budget.ts';

const at = (ms: number) => new Date(ms).toISOString();
const issued = 1_800_000_000_000;
const receipt = { issuedAt: at(issued), startBefore: at(issued + 2_000) };
const given = { askedAt: 100, startMsMax: 2_000 };
const budgetAt = (wallMs: number, monotonicMs = 100) =>
  startBudget(receipt, { clock: () => wallMs, monotonic: () => monotonicMs }, given);
const expired = expect.objectContaining({ code: 'RECEIPT_EXPIRED' });

describe('the time in which an effect may begin', () => {
  it('is there just after the receipt', () => {
    expect(() => budgetAt(issued + 10).mustBeLeft()).not.toThrow();
  });

  it.each([
    ['past startBefore by the wall clock', issued + 2_000, 100],
    ['far past it', issued + 3_600_000, 100],
    ['past the budget by the monotonic clock', issued, 2_100],
  ])('is over when %s', (_, wall, monotonic) => {
    expect(() => budgetAt(wall, monotonic).mustBeLeft()).toThrow(expired);
    expect(budgetAt(wall, monotonic).deadline().leftMs).toBeLessThanOrEqual(0);
  });

  it('is never there for a clock that is behind the recorder', () => {
    expect(() => budgetAt(issued - 2_001)).toThrow(expired);
  });

  it('is never there for a clock that answers no number', () => {
    expect(() => budgetAt(Number.NaN)).toThrow(expired);
    expect(() => budgetAt(issued, Number.NaN).mustBeLeft()).toThrow(expired);
  });

  it.each([
    ['longer than the limit', issued + 2_001],
    ['of no length', issued],
    ['of negative length', issued - 1],
  ])('is refused for a receipt %s', (_, startBefore) => {
    const clocks = { clock: () => issued, monotonic: () => 100 };
    expect(() => startBudget({ ...receipt, startBefore: at(startBefore) }, clocks, given)).toThrow(expired);
  });

  it('never grows when either clock goes on', () => {
    const ms = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(ms, ms, ms, (wall, monotonic, later) => {
        const before = budgetAt(issued + wall, 100 + monotonic).deadline().leftMs;
        expect(budgetAt(issued + wall + later, 100 + monotonic).deadline().leftMs).toBeLessThanOrEqual(before);
        expect(budgetAt(issued + wall, 100 + monotonic + later).deadline().leftMs).toBeLessThanOrEqual(before);
      }),
    );
  });
});
