import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { type ProposalStatus, type RunbookStatus, runbooksShownMax } from '../../contracts/runbook-status.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { proposalStatus, runbookStatus } from '../../policies/standing/status.ts';
import type { RecorderParts } from './parts.ts';

type Parts = Pick<RecorderParts, 'log' | 'manifests' | 'clock'>;

/** Where every runbook of the newest manifest stands. Throws what keeps the manifest from being used. */
export const runbookStatuses = (parts: Parts): RunbookStatus[] =>
  [...parts.manifests.newest().runbooks.values()].slice(0, runbooksShownMax).map((loaded) => statusOf(parts, loaded));

/** Where one runbook of the newest manifest stands. Throws `NOT_FOUND`. */
export function statusOfRunbook(parts: Parts, id: string): RunbookStatus {
  const loaded = parts.manifests.newest().runbooks.get(id);
  if (loaded === undefined) throw new HoldpointError('NOT_FOUND', `the newest manifest has no runbook \`${id}\``);
  return statusOf(parts, loaded);
}

function statusOf({ log, manifests, clock }: Parts, loaded: LoadedRunbook): RunbookStatus {
  const { ledger, link, manifestVersion } = log.state;
  if (link.seq < 0) throw new HoldpointError('STANDING_STALE', 'standing: the log is empty');
  const { limits } = manifests.newest();
  return runbookStatus({ ledger, loaded, limits, seq: link.seq, manifestVersion, now: clock() });
}

/** One proposal that was held or rehearsed, by the digest of its action. Throws `NOT_FOUND`. */
export function proposalOf({ log, manifests }: Parts, digest: string): ProposalStatus {
  const { ledger } = log.state;
  const runbook = ledger.proposals.of(digest)?.runbook;
  const current = runbook === undefined ? undefined : manifests.newest().runbooks.get(runbook.id);
  const found = proposalStatus(ledger, digest, current);
  if (found === null)
    throw new HoldpointError('NOT_FOUND', 'the log holds no proposal with this digest that was held or rehearsed');
  return found;
}

/** The record of a change of standing, by its hash. Throws `NOT_FOUND`; no other kind of record is shown to anyone. */
export async function changeOf({ log }: Pick<Parts, 'log'>, hash: string): Promise<SignedRecord> {
  const seq = log.state.changeSeq(hash);
  if (seq === null) throw new HoldpointError('NOT_FOUND', 'the log holds no change of standing with this hash');
  return log.read(seq);
}
