import type { Ending, Governed, RunbookReport, WaitingHold } from '../../contracts/governor.ts';
import { reportEntriesMax } from '../../contracts/governor.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import type { Standing } from '../../contracts/standing.ts';
import { attestationFault } from '../../policies/attestation.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import type { Ledger } from '../../policies/standing/ledger.ts';
import { earningsOf, promotionShortfalls } from '../../policies/standing/promotion.ts';
import type { Log } from './log.ts';
import type { RecorderParts } from './parts.ts';

/**
 * Where a runbook of the newest manifest stands, what waits in it and what ends, as the recorder itself goes by. Reads only.
 * Throws `MANIFEST_UNKNOWN` or `MANIFEST_EXPIRED` without rules to go by.
 */
export async function governedBy({ log, manifests, clock }: RecorderParts, id: string): Promise<Governed> {
  const loaded = manifests.newest().runbooks.get(id);
  const now = Math.max(clock(), log.state.link.atMs);
  const report = loaded === undefined ? null : await reportOf(log, loaded, now);
  return { at: instant(now), report, told: log.state.matters.of(id) };
}

async function reportOf(log: Log, loaded: LoadedRunbook, now: number): Promise<RunbookReport> {
  const { ledger, link } = log.state;
  const ref: RunbookRef = { id: loaded.id, digest: loaded.digest };
  const { promotion, dry_run_days } = loaded.runbook;
  const standing = ledger.standing(ref, now);
  const { dryRunDays, graded, accuracyLowerBound } = earningsOf(ledger, ref, now);
  return {
    v: 1,
    runbook: ref,
    seq: Math.max(0, link.seq),
    at: instant(now),
    standing,
    dryRun: {
      days: dryRunDays,
      daysMin: dry_run_days,
      graded,
      gradedMin: promotion.gradedMin,
      accuracyLowerBound,
      accuracyMin: promotion.accuracyMin,
    },
    missing: promotionShortfalls(ledger, loaded, newestAttestation(ledger, ref, now), now),
    ungraded: ungradedOf(ledger, ref),
    endings: (await endingsOf(log, standing)).slice(0, reportEntriesMax),
    holds: holdsOf(log, loaded.id, now).slice(0, reportEntriesMax),
  };
}

/** The newest attestation that stands for this text now: a person would name no other. */
function newestAttestation({ attestations }: Ledger, runbook: RunbookRef, now: number): string | null {
  const sound = [...attestations].filter(([, attestation]) => attestationFault(attestation, runbook, now) === null);
  return sound.at(-1)?.[0] ?? null;
}

function ungradedOf(ledger: Ledger, runbook: RunbookRef): RunbookReport['ungraded'] {
  const { proposals } = ledger;
  const waiting = proposals
    .list(runbook, ledger.earnsSince(runbook))
    .filter(({ digest }) => proposals.gradesOf(digest).length === 0);
  return { count: waiting.length, oldestAt: waiting[0]?.at ?? null };
}

async function endingsOf(log: Log, { until, record, grants }: Standing): Promise<Ending[]> {
  const waiver =
    until === null || record === null
      ? []
      : [{ record, what: 'waiver' as const, tool: null, until, count: null, used: null }];
  const granted = grants.map(({ record, tool, until, count, used }) => ({
    ...{ record, what: 'grant' as const, tool, until, count, used },
  }));
  return Promise.all(
    [...waiver, ...granted].map(async (one) => ({ ...one, givenAt: await writtenAt(log, one.record) })),
  );
}

/** A ring that was lowered names the record that did so; either way it is a record of this log. */
async function writtenAt(log: Log, hash: string): Promise<string> {
  const seq = log.state.seqOfHash(hash);
  return seq === null ? instant(log.state.link.atMs) : (await log.read(seq)).payload.at;
}

function holdsOf(log: Log, runbook: string, now: number): WaitingHold[] {
  return log.state.holds.waiting(runbook).flatMap((digest) => {
    const shown = log.state.cards.get(digest);
    if (shown === undefined || !(now < Date.parse(shown.body.card.expiresAt))) return [];
    const { workflowId, card } = shown.body;
    return [{ digest, workflowId, tool: card.action.tool, shownAt: instant(shown.at), expiresAt: card.expiresAt }];
  });
}

const instant = (ms: number): string => new Date(ms).toISOString();
