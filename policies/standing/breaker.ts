import type { Limits } from '../../contracts/limits.ts';
import type { CircuitBreaker } from '../../contracts/runbook.ts';
import type { BreakerLimit } from '../../contracts/standing.ts';
import type { Writes } from './writes.ts';

export type BreakerCounts = {
  readonly destructive: { readonly count: number; readonly max: number };
  readonly consecutive: { readonly count: number; readonly max: number };
  readonly errorBudget: { readonly events: number; readonly unexpected: number; readonly allowed: number };
};
/** What a write that is asked for would be counted as; null when only what has happened is looked at. */
export type Asked = 'destructive' | 'other' | null;
export type Exceeded = { readonly limit: BreakerLimit; readonly count: number; readonly max: number };

/** The breaker over all runbooks, from the limits of the manifest. */
export const platformBreaker = (limits: Limits): CircuitBreaker => ({
  destructive: { count: limits.breakerDestructiveMax, windowMs: limits.breakerWindowMs },
  consecutive: limits.breakerConsecutiveMax,
  errorBudget: {
    objective: limits.errorObjectivePercent / 100,
    windowMs: limits.errorWindowMs,
    eventsMin: limits.errorEventsMin,
  },
});

export type CountInput = {
  readonly writes: Writes;
  /** A runbook id, or null for all of them. */
  readonly scope: string | null;
  readonly breaker: CircuitBreaker;
  /** The record of the last reset: what came before it is settled. */
  readonly since: number;
  readonly now: number;
};

/** What a breaker has counted so far, beside what it allows. */
export function countsOf({ writes, scope, breaker, since, now }: CountInput): BreakerCounts {
  const { destructive, consecutive, errorBudget } = breaker;
  const { events, unexpected } = writes.endingsIn(scope, since, now - errorBudget.windowMs);
  // The tiny addend keeps a budget such as 0.1 × 30 from losing one to binary fractions.
  const allowed = Math.floor((1 - errorBudget.objective) * Math.max(events, errorBudget.eventsMin) + 1e-9);
  return {
    destructive: {
      count: writes.destructiveIn(scope, since, now - destructive.windowMs),
      max: destructive.count,
    },
    consecutive: { count: writes.inARow(scope, since), max: consecutive },
    errorBudget: { events, unexpected, allowed },
  };
}

/** The limit that these counts are over, or that one more write would be over; null when there is none. */
export function exceeded({ destructive, consecutive, errorBudget }: BreakerCounts, asked: Asked): Exceeded | null {
  if (!(errorBudget.unexpected <= errorBudget.allowed))
    return { limit: 'error-budget', count: errorBudget.unexpected, max: errorBudget.allowed };
  if (asked === 'destructive' && !(destructive.count < destructive.max))
    return { limit: 'destructive', ...destructive };
  if (asked !== null && !(consecutive.count < consecutive.max)) return { limit: 'consecutive', ...consecutive };
  return null;
}
