import type { SignedRecord } from '../contracts/record.ts';
import type { RunbookRef } from '../contracts/runbook.ts';
import type { Standing } from '../contracts/standing.ts';
import { digestOf } from './digest.ts';
import { Ledger, ledgerKinds } from './standing/ledger.ts';

/** The ledger of a log's records, in whatever order they are given: their numbers count. */
export function foldLedger(records: Iterable<SignedRecord>): Ledger {
  const ledger = new Ledger();
  const relevant = [...records].filter(({ payload }) => ledgerKinds.has(payload.body.kind));
  for (const record of relevant.sort((a, b) => a.payload.seq - b.payload.seq))
    ledger.apply(record.payload, digestOf(record));
  return ledger;
}

/**
 * Where a runbook stands at `now` (ms): a pure fold over the log's records. Ring 0 unless persons waived or promoted this
 * very digest. A waiver ends at its `until`; a demotion, by persons or by what came of a write, lowers what came before it;
 * an open breaker is ring 0 until it is reset; a revoke cancels the waiver, promotion or grant that it names. INVARIANT:
 * time alone never raises a ring, nor does a demote or a revoke.
 *
 * Statements inside the records are believed: the recorder verified them before it appended.
 */
export const foldStanding = (records: Iterable<SignedRecord>, runbook: RunbookRef, now: number): Standing =>
  foldLedger(records).standing(runbook, now);
