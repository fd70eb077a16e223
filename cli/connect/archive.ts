import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Link } from '../../activities/record/chain.ts';
import { genesis, openLink } from '../../activities/record/chain.ts';
import { recordKey } from '../../activities/record/store.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';

const pollMs = 100;

/**
 * The records of a local archive in log order, each checked for the recorder's signature and its place in the chain.
 * Ends at the last one there is. Throws `RECORD_DAMAGED`.
 */
export async function* readArchive(dir: string, keys: PinnedKeys): AsyncGenerator<SignedRecord> {
  let link: Link = genesis;
  for (;;) {
    const next = await readNext(dir, link, keys);
    if (next === null) return;
    link = next.link;
    yield next.record;
  }
}

/** The same, waiting for more until `stopping`. */
export async function* followArchive(
  dir: string,
  keys: PinnedKeys,
  stopping: AbortSignal,
): AsyncGenerator<SignedRecord> {
  let link: Link = genesis;
  while (!stopping.aborted) {
    const next = await readNext(dir, link, keys);
    if (next === null) {
      await sleep(pollMs, undefined, { signal: stopping }).catch(() => undefined);
    } else {
      link = next.link;
      yield next.record;
    }
  }
}

async function readNext(
  dir: string,
  before: Link,
  keys: PinnedKeys,
): Promise<{ record: SignedRecord; link: Link } | null> {
  // A record has its final name only when it is whole, so a reader never sees half of one.
  const bytes = await readFile(join(dir, recordKey(before.seq + 1))).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (bytes === null) return null;
  return openLink(bytes, before, keys);
}
