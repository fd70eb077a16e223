import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { genesis } from '../../activities/record/chain.ts';
import { MerkleTree } from '../../activities/record/merkle.ts';
import { type Entry, openSegment } from '../../activities/record/segment.ts';
import { segmentKey } from '../../activities/record/store.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';

const pollMs = 100;

/**
 * The records of a local archive in log order, each checked for the recorder's signature and its place in the chain.
 * Ends at the last one there is. Throws `RECORD_DAMAGED`.
 */
export async function* readArchive(dir: string, keys: PinnedKeys): AsyncGenerator<SignedRecord> {
  const next = segmentsOf(dir, keys);
  for (let entries = await next(); entries !== null; entries = await next())
    for (const { record } of entries) yield record;
}

/** The same, waiting for more until `stopping`. */
export async function* followArchive(
  dir: string,
  keys: PinnedKeys,
  stopping: AbortSignal,
): AsyncGenerator<SignedRecord> {
  const next = segmentsOf(dir, keys);
  while (!stopping.aborted) {
    const entries = await next();
    if (entries === null) await sleep(pollMs, undefined, { signal: stopping }).catch(() => undefined);
    else for (const { record } of entries) yield record;
  }
}

/** Answers the records of one segment after the other; null while there is no next. */
function segmentsOf(dir: string, keys: PinnedKeys): () => Promise<readonly Entry[] | null> {
  const tree = new MerkleTree();
  let link = genesis;
  let origin: string | null = null;
  return async () => {
    // A segment has its final name only when it is whole, so a reader never sees half of one.
    const bytes = await readFile(join(dir, segmentKey(tree.size))).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (bytes === null) return null;
    const { entries, checkpoint } = openSegment(bytes, { link, tree, origin }, keys);
    link = entries.at(-1)?.link ?? link;
    origin = checkpoint.origin;
    return entries;
  };
}
