import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ArchiveConfig, PinnedKeys } from '../../contracts/config.ts';
import { jcs } from '../../policies/digest.ts';
import { lockDirectory } from './directory-lock.ts';
import { createDirectoryStore, removeLeftovers } from './directory-store.ts';
import { connectBucket } from './s3-bucket.ts';
import { openS3Store } from './s3-store.ts';
import type { RecordStore } from './store.ts';
import { trustName } from './verify-keys.ts';

export type Archive = { readonly store: RecordStore; close(): Promise<void> };

/**
 * Takes the archive that the recorder writes. Throws `RECORD_REFUSED` while another live recorder has the directory,
 * `STORE_UNFIT` for a bucket that is not write-once, `STORE_AWAY`.
 */
export async function openArchive(
  archive: ArchiveConfig,
  clock: () => number,
  keys: PinnedKeys,
  logger: Logger,
): Promise<Archive> {
  if (archive.kind === 'directory') return openDirectory(archive.dir, keys, logger);
  // No lock keeps a second recorder away from a bucket: that two never fork the log is the doing of `putNew` alone.
  const bucket = await connectBucket(archive);
  try {
    const store = await openS3Store(bucket, { retentionDays: archive.retentionDays, clock });
    logger.info({ archive: bucket.url, retentionDays: archive.retentionDays }, 'the bucket is write-once');
    return { store, close: async () => bucket.close() };
  } catch (error) {
    bucket.close();
    throw error;
  }
}

async function openDirectory(dir: string, keys: PinnedKeys, logger: Logger): Promise<Archive> {
  const store = await createDirectoryStore(dir);
  const unlock = await lockDirectory(dir);
  try {
    const leftovers = await removeLeftovers(dir);
    if (leftovers > 0) logger.info({ leftovers }, 'removed what a crash left half written');
    // The keys that this recorder goes by, beside the log: a convenience for readers, and no proof of anything.
    await writeFile(join(dir, trustName), `${jcs(keys)}\n`);
    return { store, close: unlock };
  } catch (error) {
    await unlock();
    throw error;
  }
}
