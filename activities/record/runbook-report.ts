import type { Ending, Governed, RunbookReport, WaitingHold } from '../../contracts/governor.ts';
import { reportEntriesMax } from '../../contracts/governor.ts';
import type { Standing } from '../../contracts/standing.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { runbookStatus } from '../../policies/standing/status.ts';
import type { Log } from './log.ts';
import type { RecorderParts } from './parts.ts';

/**
 * Where a runbook of the newest manifest stands, what waits in it and what ends, as the recorder itself goes by. Reads only.
 * Throws `MANIFEST_UNKNOWN` or `MANIFEST_EXPIRED` without rules to go by.
 */
export async function governedBy(parts: RecorderParts, id: string): Promise<Governed> {
  const { log, manifests, clock } = parts;
  const loaded = manifests.newest().runbooks.get(id);
  const now = Math.max(clock(), log.state.link.atMs);
  const report = loaded === undefined ? null : await reportOf(parts, loaded, now);
  return { at: instant(now), report, told: log.state.matters.of(id) };
}

async function reportOf({ log, manifests }: RecorderParts, loaded: LoadedRunbook, now: number): Promise<RunbookReport> {
  const { ledger, link, manifestVersion } = log.state;
  const seq = Math.max(0, link.seq);
  const { limits } = manifests.newest();
  const { at, standing, dryRun, grades, missing, ungraded } = runbookStatus({
    ...{ ledger, loaded, limits, seq, manifestVersion, now },
  });
  const { graded, gradedMin, accuracyLowerBound, accuracyMin } = grades;
  return {
    v: 1,
    runbook: { id: loaded.id, digest: loaded.digest },
    seq,
    at,
    standing,
    dryRun: { days: dryRun.days, daysMin: dryRun.daysMin, graded, gradedMin, accuracyLowerBound, accuracyMin },
    missing,
    ungraded: { count: ungraded.total, oldestAt: ungraded.oldest[0]?.at ?? null },
    endings: (await endingsOf(log, standing)).slice(0, reportEntriesMax),
    holds: holdsOf(log, loaded.id, now).slice(0, reportEntriesMax),
  };
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
  const seq = log.state.changeSeq(hash);
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
