import type { RunbookRef } from '../../contracts/runbook.ts';
import type { OpenTrip, Trip } from '../../contracts/standing.ts';

export type Trips = {
  /** Opens the breaker of a runbook, whatever its text; of all of them for null. */
  open(runbook: RunbookRef | null, trip: Trip, record: string): void;
  /** Closes the open breaker that this record opened, if one is. */
  reset(record: string, seq: number): void;
  /** The open breaker of a runbook: its own, or that over all of them. */
  of(runbookId: string): OpenTrip | null;
  /** The open breaker of exactly this scope. */
  exactly(scope: string | null): OpenTrip | null;
  /** The open breaker that this record opened. */
  byRecord(record: string): Opened | null;
  /** Whether the breaker of exactly this scope is open. */
  isOpen(scope: string | null): boolean;
  /** The record of the last reset of a scope: from there on it counts. */
  since(scope: string | null): number;
};

type Opened = { readonly runbook: RunbookRef | null; readonly trip: OpenTrip };

/** Which breakers are open. INVARIANT: only a reset that names the trip closes one; time does not. */
export function createTrips(): Trips {
  const open = new Map<string | null, Opened>();
  const resetAt = new Map<string | null, number>();
  const byRecord = (record: string): Opened | null =>
    [...open.values()].find(({ trip }) => trip.record === record) ?? null;
  return {
    open(runbook, trip, record) {
      const scope = runbook?.id ?? null;
      if (!open.has(scope)) open.set(scope, { runbook, trip: { ...trip, record } });
    },
    reset(record, seq) {
      const found = byRecord(record);
      if (found === null) return;
      const scope = found.runbook?.id ?? null;
      open.delete(scope);
      resetAt.set(scope, seq);
    },
    of: (runbookId) => (open.get(null) ?? open.get(runbookId))?.trip ?? null,
    byRecord,
    isOpen: (scope) => open.has(scope),
    since: (scope) => resetAt.get(scope) ?? -1,
    exactly: (scope) => open.get(scope)?.trip ?? null,
  };
}
