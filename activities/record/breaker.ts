import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { CircuitBreaker, RunbookRef } from '../../contracts/runbook.ts';
import type { OpenTrip, Trip } from '../../contracts/standing.ts';
import type { Rules } from '../../policies/manifest.ts';
import { type Asked, countsOf, type Exceeded, exceeded, platformBreaker } from '../../policies/standing/breaker.ts';
import type { Ledger } from '../../policies/standing/ledger.ts';
import { isDestructive } from '../../policies/standing/writes.ts';
import type { AdmissionInput } from './admission.ts';
import type { Writer } from './log.ts';
import type { RecorderParts } from './parts.ts';

export type TripBody = Extract<RecordBody, { kind: 'standing' }> & { readonly trip: Trip };
export type BreakerInput = {
  /** The fold of everything before this moment. */
  readonly ledger: Ledger;
  readonly runbook: RunbookRef;
  /** The rules of the action's manifest, and the newest: the stricter opens. */
  readonly editions: readonly Rules[];
  readonly asked: Asked;
  readonly now: number;
};

/** The record of the breaker that has to open now; null when none has. One that is open already is not opened again. */
export function dueTrip(input: BreakerInput): TripBody | null {
  for (const scope of [input.runbook, null]) {
    if (input.ledger.trips.isOpen(scope?.id ?? null)) continue;
    for (const edition of input.editions) {
      const over = overOf(input, scope, edition);
      if (over !== null) return tripOf(scope, over, input.now);
    }
  }
  return null;
}

/** What the breaker of a runbook, or of all for null, is over by under one manifest. */
export function overOf(
  { ledger, asked, now }: Pick<BreakerInput, 'ledger' | 'asked' | 'now'>,
  scope: RunbookRef | null,
  edition: Rules,
): Exceeded | null {
  const breaker = breakerOf(scope, edition);
  if (breaker === null) return null;
  const id = scope?.id ?? null;
  const { writes, trips } = ledger;
  return exceeded(countsOf({ writes, scope: id, breaker, since: trips.since(id), now }), asked);
}

/** By id: the newest text of a runbook decides for its older ones too. */
export const breakerOf = (scope: RunbookRef | null, { runbooks, limits }: Rules): CircuitBreaker | null =>
  scope === null ? platformBreaker(limits) : (runbooks.get(scope.id)?.runbook.circuit_breaker ?? null);

const tripOf = (runbook: RunbookRef | null, over: Exceeded, now: number): TripBody => ({
  kind: 'standing',
  change: 'trip',
  runbook,
  statements: [],
  trip: { scope: runbook === null ? 'all' : 'runbook', ...over, at: new Date(now).toISOString() },
});

/** The breaker that this write would open if it were admitted: what it is refused by instead. */
export function tripOfAdmission({ state, request, rules, newest, now }: AdmissionInput): TripBody | null {
  const { ledger } = state;
  const { runbook, tool } = request.action;
  // A later attempt at the same action is not another write.
  const again = ledger.writes.of(request.digest) !== null;
  const asked = again ? null : isDestructive(tool) ? 'destructive' : 'other';
  return dueTrip({ ledger, runbook, editions: [rules, newest], asked, now });
}

export const breakerOpen = (runbookId: string, { scope, limit, count, max, record }: Omit<OpenTrip, 'at'>) =>
  new HoldpointError(
    'BREAKER_OPEN',
    `the circuit breaker of ${scope === 'all' ? 'all runbooks' : `\`${runbookId}\``} is open: ${limit} ${count} of ${max}; a signed trip-reset closes it`,
    { record, scope, limit },
  );

/**
 * Opens the breaker that what was just recorded makes due, in the same turn of the log. Never throws for want of rules: what
 * happened is recorded all the same, and without rules nothing is admitted.
 */
export function tripWhenDue(
  { manifests, clock }: Pick<RecorderParts, 'manifests' | 'clock'>,
  writer: Writer,
  { runbook, manifest }: { readonly runbook: RunbookRef; readonly manifest: string },
): void {
  const editions = [() => manifests.require(manifest), () => manifests.newest()].flatMap(rulesFrom);
  const { ledger, link } = writer.state;
  const trip = dueTrip({ ledger, runbook, editions, asked: null, now: Math.max(clock(), link.atMs) });
  if (trip !== null) writer.append(trip);
}

function rulesFrom(find: () => Rules): Rules[] {
  try {
    return [find()];
  } catch (error) {
    if (error instanceof HoldpointError) return [];
    throw error;
  }
}
