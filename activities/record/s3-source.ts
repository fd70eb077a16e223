import { type ArchiveSource, foreignWords, type OnFault } from './archive-source.ts';
import type { S3Bucket, S3Version } from './s3-bucket.ts';
import { byKey, faultOfHistory, faultOfLock } from './s3-lock.ts';
import { isKey, segmentsPrefix } from './store.ts';

const atOnce = 16;

/**
 * An archive in a bucket, read by whoever may list and read it. Every key is looked at with its whole history and its lock;
 * where a key has more than one version, its first is read, since nobody could have put it later than the others. A bucket
 * carries no keys to verify by: its reader brings them. Throws `STORE_AWAY`, `STORE_UNFIT`.
 */
export const s3Source = (bucket: S3Bucket, now: () => number): ArchiveSource => ({
  trust: async () => null,
  async survey(onFault) {
    const histories = byKey(await bucket.historyOf(null));
    const first = new Map<string, S3Version>();
    for (const [key, history] of histories) {
      if (!isKey(key)) onFault(key, foreignWords(key));
      const fault = faultOfHistory(history);
      if (fault !== null) onFault(key, fault);
      const oldest = history.findLast(({ isMarker }) => !isMarker);
      if (oldest !== undefined && isKey(key)) first.set(key, oldest);
    }
    if (![...first.keys()].some((key) => key.startsWith(`${segmentsPrefix}/`)))
      onFault(segmentsPrefix, 'expected segments of records: this is no archive');
    const ends = await findLocks(bucket, first, onFault);
    return {
      get: async (key) => {
        const version = first.get(key);
        return version === undefined ? null : bucket.get(version);
      },
      list: async (prefix) => [...first.keys()].filter((key) => key.startsWith(`${prefix}/`)).sort(),
      words: [wordsOn(bucket.url, ends, now())],
    };
  },
});

/** Reports every object that is not locked for long enough. Answers when each lock ends. */
async function findLocks(
  bucket: S3Bucket,
  versions: ReadonlyMap<string, S3Version>,
  onFault: OnFault,
): Promise<readonly number[]> {
  const ends: number[] = [];
  const waiting = [...versions];
  const lookOn = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [key, { versionId }] = next;
      const kept = await bucket.head(key, versionId);
      const fault = kept === null ? 'is gone: the store has its version no more' : faultOfLock(kept);
      if (fault !== null) onFault(key, fault);
      ends.push(kept?.lockedUntilMs ?? 0);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lookOn));
  return ends;
}

function wordsOn(url: string, ends: readonly number[], now: number): string {
  const ended = ends.filter((end) => end <= now).length;
  const isoOf = (ms: number): string => new Date(ms).toISOString();
  if (ends.length === 0) return `store: ${url}, which holds nothing`;
  const first = ends.reduce((least, end) => Math.min(least, end));
  const lasts = `store: ${url}, by its own word each object locked against everybody; the first lock ends ${isoOf(first)}`;
  return ended === 0 ? lasts : `${lasts}; the locks of ${ended} objects have ended, and since then bind nobody`;
}
