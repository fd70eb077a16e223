import type { Runbook, RunbookRef } from '../../contracts/runbook.ts';
import type { Shortfall } from '../../contracts/runbook-status.ts';
import { attestationFault } from '../attestation.ts';
import type { LoadedRunbook } from '../runbook.ts';
import { wilsonLowerBound } from './accuracy.ts';
import type { Ledger } from './ledger.ts';

export const dayMs = 86_400_000;
/** How long a runbook must have been right before a tool of it may be released without a person. */
export const grantDaysMin = 90;

/** What a runbook digest has earned: all of it, or with one tool. */
export type Earnings = {
  readonly dryRunDays: number;
  readonly graded: number;
  readonly correct: number;
  readonly accuracyLowerBound: number;
};

/**
 * Earned by `now` (ms), counted from the first rehearsed incident since the last demotion; with one tool, not before the
 * first graded proposal of it: the days that others earned say nothing of its recommendations.
 */
export function earningsOf(ledger: Ledger, runbook: RunbookRef, now: number, tool?: string): Earnings {
  const { dryRunSince } = ledger.standing(runbook, now);
  const since = ledger.earnsSince(runbook);
  const { graded, correct } = ledger.proposals.score(runbook, since, tool);
  const first = tool === undefined ? dryRunSince : ledger.proposals.firstGraded(runbook, since, tool);
  const dryRunMs =
    dryRunSince === null || first === null ? 0 : now - Math.max(Date.parse(dryRunSince), Date.parse(first));
  const accuracyLowerBound = wilsonLowerBound(correct, graded);
  return { dryRunDays: Math.max(0, dryRunMs / dayMs), graded, correct, accuracyLowerBound };
}

/** What is missing for a promotion that rests on this attestation, in the order of the conditions. */
export function promotionShortfalls(
  ledger: Ledger,
  { id, digest, runbook }: LoadedRunbook,
  attestation: string | null,
  now: number,
): Shortfall[] {
  const earned = earningsOf(ledger, { id, digest }, now);
  return [
    ...trackRecordShortfalls(earned, runbook, runbook.dry_run_days),
    ...preflightShortfall(ledger, { id, digest }, attestation, now),
  ];
}

/** What is missing before one tool can be granted its release: the same track record, of that tool, over 90 days. */
export function grantShortfalls(
  ledger: Ledger,
  { id, digest, runbook }: LoadedRunbook,
  tool: string,
  now: number,
): Shortfall[] {
  const earned = earningsOf(ledger, { id, digest }, now, tool);
  const { ring } = ledger.standing({ id, digest }, now);
  const belowRing: Shortfall[] = ring >= 1 ? [] : [{ condition: 'ring', expected: 1, got: ring }];
  return [...belowRing, ...trackRecordShortfalls(earned, runbook, Math.max(grantDaysMin, runbook.dry_run_days))];
}

/** Each comparison is written so that what is no number is missing. */
function trackRecordShortfalls(earned: Earnings, { promotion }: Runbook, daysMin: number): Shortfall[] {
  const { dryRunDays, graded, accuracyLowerBound } = earned;
  const missing: Shortfall[] = [];
  if (!(dryRunDays >= daysMin))
    missing.push({ condition: 'dry_run_days', expected: daysMin, got: Math.floor(dryRunDays) });
  if (!(graded >= promotion.gradedMin))
    missing.push({ condition: 'graded_proposals', expected: promotion.gradedMin, got: graded });
  if (!(accuracyLowerBound >= promotion.accuracyMin))
    missing.push({
      condition: 'accuracy',
      expected: promotion.accuracyMin,
      got: Number(accuracyLowerBound.toFixed(3)),
    });
  return missing;
}

function preflightShortfall(
  { attestations }: Ledger,
  runbook: RunbookRef,
  hash: string | null,
  now: number,
): Shortfall[] {
  const attestation = hash === null ? undefined : attestations.get(hash);
  const fault = attestation === undefined ? 'the log holds none' : attestationFault(attestation, runbook, now);
  return fault === null
    ? []
    : [{ condition: 'preflight', expected: 'a valid attestation of this runbook text', got: fault }];
}

/** One line for a person: `dry_run_days: expected 14, got 13`. */
export const shortfallLine = ({ condition, expected, got }: Shortfall): string =>
  `${condition}: expected ${expected}, got ${got}`;
