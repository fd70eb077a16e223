import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { Head } from '../../contracts/recorder-api.ts';
import type { Rules } from '../../policies/manifest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import type { ArchiveSource, OnFault, Surveyed } from './archive-source.ts';
import { createBlobReader } from './blobs.ts';
import { genesis } from './chain.ts';
import { directorySource } from './directory-source.ts';
import { LogState } from './state.ts';
import { segmentKey } from './store.ts';
import { checkCheckpoints, type KeptCheckpoint } from './verify-checkpoints.ts';
import { anchorsOf, trustName } from './verify-keys.ts';
import { type Chain, type Fault, type Read, readBlobs, readChain, reasonOf } from './verify-objects.ts';
import { blobsNamedBy } from './verify-refs.ts';
import { checkRecord } from './verify-story.ts';

type Brought = {
  /** The keys that the reader trusts; null goes by those beside the log, and says so. */
  readonly keys: PinnedKeys | null;
  /** Lists only how this workflow id stands; the whole log is checked all the same. */
  readonly incident?: string;
  /** A head that the reader knows from elsewhere: without it nobody can see that the newest records were removed. */
  readonly head?: Pick<Head, 'seq' | 'hash'>;
  /** Checkpoints that were kept elsewhere: they show the same, and also that the log is not another. */
  readonly checkpoints?: readonly KeptCheckpoint[];
};
export type VerifyInput = Brought & { readonly dir: string };
export type VerifyReport = {
  /** True when nothing at all is wrong. An open incident is not wrong. */
  readonly ok: boolean;
  readonly records: number;
  readonly head: Head;
  /** Workflow ids whose every run is sealed, and those that have a run without a seal. */
  readonly sealed: readonly string[];
  readonly open: readonly string[];
  readonly faults: readonly Fault[];
  /** What the verdict rests on, in words. */
  readonly anchors: readonly string[];
};

/** `verifySource` for an archive in a directory. */
export const verifyArchive = ({ dir, ...brought }: VerifyInput): Promise<VerifyReport> =>
  verifySource(directorySource(dir), brought);

/**
 * Verifies an archive with nobody's help: every object, the chain, every signature and proof, and every admission again.
 * Finds what was changed, removed, reordered, repeated or added, and names the object and the reason. Never throws for
 * what is in the archive.
 */
export async function verifySource(source: ArchiveSource, brought: Brought): Promise<VerifyReport> {
  const { keys, incident, head, checkpoints = [] } = brought;
  const faults: Fault[] = [];
  const onFault: OnFault = (object, reason) => void faults.push({ object, reason });
  // The runbooks of its manifests may name statements.
  await loadSqlParser();
  const anchors = await anchorsOf(source, keys);
  if (anchors.keys === null) onFault(trustName, 'expected keys to verify by, got none');
  const archive = await source.survey(onFault);
  const chain = await readChain(archive, anchors.keys ?? {}, onFault);
  const { read } = chain;
  const sound = await readBlobs(archive, onFault);
  findMissingBlobs(read, sound, faults);
  const state = await tellStory(archive, anchors.keys ?? {}, read, onFault);
  const link = read.at(-1)?.link ?? genesis;
  if (head !== undefined) checkHead(chain, head, onFault);
  const words = checkCheckpoints(chain, checkpoints, anchors.keys ?? {}, onFault);
  const of = (ids: readonly string[]) => (incident === undefined ? ids : ids.filter((id) => id === incident));
  return {
    ok: faults.length === 0,
    records: read.length,
    head: { seq: link.seq, hash: link.hash, at: new Date(link.atMs).toISOString() },
    sealed: of(state.runs.sealed()),
    open: of(state.runs.unsealed()),
    faults,
    anchors: [...anchors.words, ...archive.words, ...words, ...wordsOnHead(head, words.length > 0)],
  };
}

function wordsOnHead(head: Brought['head'], hasCheckpoint: boolean): string[] {
  if (head !== undefined) return [`head: record ${head.seq}, brought by the reader`];
  const none = 'head: neither one nor a checkpoint was brought, so records removed from the very end cannot be noticed';
  return hasCheckpoint ? [] : [none];
}

function checkHead({ read, size }: Chain, head: Pick<Head, 'seq' | 'hash'>, onFault: OnFault): void {
  const found = read.find(({ link }) => link.seq === head.seq);
  if (head.seq >= size)
    onFault(segmentKey(size), `is missing: the reader knows record ${head.seq}, which the archive does not reach`);
  else if (found !== undefined && found.link.hash !== head.hash)
    onFault(found.object, `record ${head.seq}: is another one than the head that the reader knows`);
}

function findMissingBlobs(read: readonly Read[], sound: ReadonlySet<string>, faults: Fault[]): void {
  const reported = new Set(faults.map(({ object }) => object));
  for (const { record, link } of read)
    for (const hash of blobsNamedBy(record.payload.body)) {
      const object = `blobs/${hash}`;
      if (sound.has(hash) || reported.has(object)) continue;
      reported.add(object);
      faults.push({ object, reason: `is missing, though record ${link.seq} names it` });
    }
}

/** Folds record by record, and checks each with the fold of those before it. */
async function tellStory(
  archive: Surveyed,
  keys: PinnedKeys,
  read: readonly Read[],
  onFault: OnFault,
): Promise<LogState> {
  const blobs = createBlobReader(archive);
  const state = new LogState();
  const rules = new Map<string, Rules>();
  for (const one of read) {
    const { record, link, object } = one;
    try {
      await checkRecord({ keys, blobs, state, rules }, record.payload);
      state.apply(record, link);
    } catch (error) {
      const code = error instanceof HoldpointError ? ` (${error.code})` : '';
      onFault(object, `record ${link.seq}: ${reasonOf(error, object)}${code}`);
      applyAnyway(state, one);
    }
  }
  return state;
}

/** A faulty record is folded too, where it can be: those after it are judged by the log as it is, not as it should be. */
function applyAnyway(state: LogState, { record, link }: Read): void {
  try {
    state.apply(record, link);
  } catch {
    // What cannot even be folded was reported a moment ago.
  }
}
