import type { Limits } from '../../contracts/limits.ts';
import type { CircuitBreaker, RunbookRef } from '../../contracts/runbook.ts';
import {
  type BreakerStatus,
  type ProposalStatus,
  type RunbookStatus,
  runbooksShownMax,
  ungradedShownMax,
} from '../../contracts/runbook-status.ts';
import { attestationFault, waivedChecks } from '../attestation.ts';
import type { LoadedRunbook } from '../runbook.ts';
import { countsOf, platformBreaker } from './breaker.ts';
import type { Ledger } from './ledger.ts';
import { earningsOf, promotionShortfalls } from './promotion.ts';
import { isOf, type Proposal } from './proposals.ts';
import { towardsGrants } from './towards-grants.ts';

export type StatusInput = {
  readonly ledger: Ledger;
  readonly loaded: LoadedRunbook;
  readonly limits: Limits;
  /** The head of the log that was folded, and the highest manifest version that it has seen. */
  readonly seq: number;
  readonly manifestVersion: number;
  readonly now: number;
};

/** Where one runbook text stands and what it lacks for more, for people: a pure fold, as the standing itself is. */
export function runbookStatus({ ledger, loaded, limits, seq, manifestVersion, now }: StatusInput): RunbookStatus {
  const { id, digest, runbook } = loaded;
  const earned = earningsOf(ledger, loaded, now);
  const standing = ledger.standing(loaded, now);
  const attestation = attestationOf(ledger, loaded, now);
  const ungraded = ledger.proposals.ungraded(loaded, ledger.earnsSince(loaded));
  return {
    v: 1,
    runbook: id,
    digest,
    title: runbook.title,
    manifestVersion,
    seq,
    at: new Date(now).toISOString(),
    standing,
    given: ledger.given(loaded, now).slice(-runbooksShownMax),
    dryRun: { since: standing.dryRunSince, days: Math.floor(earned.dryRunDays), daysMin: runbook.dry_run_days },
    grades: {
      correct: earned.correct,
      graded: earned.graded,
      accuracyLowerBound: earned.accuracyLowerBound,
      ...runbook.promotion,
    },
    attestation,
    missing: promotionShortfalls(ledger, loaded, attestation?.hash ?? null, now),
    towardsGrants: towardsGrants(ledger, loaded, now),
    breakers: {
      runbook: breakerStatus(ledger, id, runbook.circuit_breaker, now),
      all: breakerStatus(ledger, null, platformBreaker(limits), now),
    },
    ungraded: { total: ungraded.length, oldest: ungraded.slice(0, ungradedShownMax).map(shown) },
  };
}

/** One proposal by its digest, as whoever grades it needs it; null when nobody was shown one. `current`: the newest text. */
export function proposalStatus(ledger: Ledger, digest: string, current: RunbookRef | undefined): ProposalStatus | null {
  const proposal = ledger.proposals.of(digest);
  if (proposal === null) return null;
  const { runbook, seq } = proposal;
  const counts = current !== undefined && isOf(runbook, current) && seq > ledger.earnsSince(runbook);
  return { v: 1, ...shown(proposal), runbook, grades: [...ledger.proposals.gradesOf(digest)], counts };
}

const shown = ({ digest, cardDigest, kind, tool, workflowId, at }: Proposal) => ({
  digest,
  cardDigest,
  kind,
  tool,
  workflowId,
  at,
});

/** The attestation of this text that is valid longest. */
function attestationOf({ attestations }: Ledger, runbook: RunbookRef, now: number): RunbookStatus['attestation'] {
  const own = [...attestations].filter(([, one]) => isOf(one.runbook, runbook));
  const last = own.sort(([, a], [, b]) => Date.parse(a.notAfter) - Date.parse(b.notAfter)).at(-1);
  if (last === undefined) return null;
  const [hash, attestation] = last;
  const { issuedAt, notAfter } = attestation;
  return {
    hash,
    issuedAt,
    notAfter,
    waived: waivedChecks(attestation),
    fault: attestationFault(attestation, runbook, now),
  };
}

function breakerStatus(
  { writes, trips }: Ledger,
  scope: string | null,
  breaker: CircuitBreaker,
  now: number,
): BreakerStatus {
  return { ...countsOf({ writes, scope, breaker, since: trips.since(scope), now }), trip: trips.exactly(scope) };
}
