import { retentionDaysMin } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { S3Bucket, S3Kept, S3Version } from './s3-bucket.ts';

const dayMs = 86_400_000;
/** A clock that is behind the store's must not make a lock shorter than was promised. */
const clockSkewMs = 3_600_000;

/** When the lock of an object that is put now ends, to the second, which is as exactly as a store keeps it. */
export const lockUntil = (now: number, retentionDays: number): Date =>
  new Date(Math.ceil((now + retentionDays * dayMs + clockSkewMs) / 1_000) * 1_000);

/**
 * Refuses a bucket in which a record could be written over, or removed before its time. Throws `STORE_UNFIT` naming each
 * thing that is missing, and what the bucket has instead.
 */
export async function mustBeWriteOnce(bucket: S3Bucket, retentionDays: number): Promise<void> {
  const { isVersioned, isLocked, defaultMode, defaultDays } = await bucket.settings();
  const faults = [
    isVersioned ? null : 'expected versioning to be enabled',
    isLocked ? null : 'expected Object Lock to be enabled',
    defaultMode === 'COMPLIANCE' ? null : `expected default retention in mode COMPLIANCE, got ${defaultMode ?? 'none'}`,
    defaultDays >= retentionDays ? null : `expected default retention of ${retentionDays} days, got ${defaultDays}`,
  ].filter((fault) => fault !== null);
  if (faults.length > 0) throw new HoldpointError('STORE_UNFIT', `archive: \`${bucket.url}\`: ${faults.join('; ')}`);
}

export function byKey(versions: readonly S3Version[]): ReadonlyMap<string, readonly S3Version[]> {
  const found = new Map<string, S3Version[]>();
  for (const version of versions) {
    const history = found.get(version.key);
    if (history === undefined) found.set(version.key, [version]);
    else history.push(version);
  }
  return found;
}

/** What is wrong with the history of one key, or null: it was written once, and nobody asked to delete it. */
export function faultOfHistory(history: readonly S3Version[]): string | null {
  if (history.some(({ isMarker }) => isMarker)) return 'has a delete marker: somebody asked to delete it';
  if (history.length === 1) return null;
  return `has ${history.length} versions, expected one: somebody wrote over it`;
}

/** What is wrong with the lock of one object, or null. A lock that has ended since is not wrong. */
export function faultOfLock({ mode, lockedUntilMs, putAtMs }: S3Kept): string | null {
  if (mode !== 'COMPLIANCE') return `is not locked: expected mode COMPLIANCE, got ${mode ?? 'none'}`;
  const days = Math.floor((lockedUntilMs - putAtMs) / dayMs);
  return days >= retentionDaysMin ? null : `is locked for ${days} days, expected at least ${retentionDaysMin}`;
}
