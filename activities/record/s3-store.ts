import { damaged } from './chain.ts';
import type { S3Bucket, S3Version } from './s3-bucket.ts';
import { sha256Base64 } from './s3-bucket.ts';
import { byKey, faultOfHistory, faultOfLock, lockUntil, mustBeWriteOnce } from './s3-lock.ts';
import type { Reached, RecordStore } from './store.ts';
import { isPrefix, mustBeKey } from './store.ts';

export type S3StoreOptions = { readonly retentionDays: number; readonly clock: () => number };
type Store = S3StoreOptions & {
  readonly bucket: S3Bucket;
  /** Versions that are known to be the only ones of their keys. */
  readonly sole: Map<string, S3Version>;
  /** Keys whose lock was looked at. */
  readonly locked: Set<string>;
};

/**
 * A bucket with Object Lock. Each object is put where there is none, locked in COMPLIANCE mode, and looked at again before
 * it counts: its key has exactly one version and no delete marker, and that version is locked for as long as was asked. An
 * object that is there is read by its version id, so that nothing put over it later is ever taken for it. Throws
 * `STORE_UNFIT` for a bucket that is not write-once, `STORE_AWAY`, and `RECORD_DAMAGED` naming the object.
 */
export async function openS3Store(bucket: S3Bucket, options: S3StoreOptions): Promise<RecordStore> {
  await mustBeWriteOnce(bucket, options.retentionDays);
  const store: Store = { ...options, bucket, sole: new Map(), locked: new Set() };
  return {
    putNew: (key, bytes, reached = () => {}) => putNew(store, key, bytes, reached),
    get: (key) => get(store, key),
    list: (prefix) => list(store, prefix),
  };
}

async function putNew(store: Store, key: string, bytes: Uint8Array, reached: Reached): Promise<'created' | 'exists'> {
  mustBeKey(key);
  const until = lockUntil(store.clock(), store.retentionDays);
  reached('before-put');
  const put = await store.bucket.putLocked(key, bytes, until);
  reached('half-put');
  const created = 'taken' in put ? put.mayBeOurs && (await isSame(store, key, bytes)) : true;
  if (!('taken' in put)) await mustBeKept(store, { key, versionId: put.versionId, bytes, until });
  reached('after-put');
  return created ? 'created' : 'exists';
}

/** An earlier try of this put got no answer: when what is there are its bytes, it was carried out. */
async function isSame(store: Store, key: string, bytes: Uint8Array): Promise<boolean> {
  const found = await get(store, key);
  return found?.equals(bytes) === true;
}

type JustPut = { readonly key: string; readonly versionId: string; readonly bytes: Uint8Array; readonly until: Date };

/** INVARIANT: an object that the store does not keep as it was asked to was never appended. */
async function mustBeKept(store: Store, { key, versionId, bytes, until }: JustPut): Promise<void> {
  const { bucket } = store;
  const [history, kept] = await Promise.all([bucket.historyOfKey(key), bucket.head(key, versionId)]);
  // A put under the condition succeeds over a delete marker on AWS, so the answer alone does not say that it was the first.
  const fault = faultOfHistory(history);
  if (fault !== null) throw damaged(key, fault);
  const [only] = history;
  if (only?.versionId !== versionId || kept === null) throw damaged(key, 'is not the version that was just put');
  if (kept.bytes !== bytes.byteLength || kept.sha256 !== sha256Base64(bytes))
    throw damaged(key, 'holds other bytes than were just put');
  const unlocked = faultOfLock(kept);
  if (unlocked !== null) throw damaged(key, unlocked);
  if (kept.lockedUntilMs < until.getTime()) throw damaged(key, 'is locked for less time than was asked');
  store.sole.set(key, only);
  store.locked.add(key);
}

async function get(store: Store, key: string): Promise<Buffer | null> {
  mustBeKey(key);
  const version = store.sole.get(key) ?? (await findSole(store, key));
  if (version === null) return null;
  const [bytes] = await Promise.all([store.bucket.get(version), mustBeLocked(store, version)]);
  if (bytes === null) throw damaged(key, 'is gone: the store has its version no more');
  return bytes;
}

async function findSole(store: Store, key: string): Promise<S3Version | null> {
  const history = await store.bucket.historyOfKey(key);
  const [first] = history;
  if (first === undefined) return null;
  const fault = faultOfHistory(history);
  if (fault !== null) throw damaged(key, fault);
  store.sole.set(key, first);
  return first;
}

async function mustBeLocked(store: Store, { key, versionId }: S3Version): Promise<void> {
  if (store.locked.has(key)) return;
  const kept = await store.bucket.head(key, versionId);
  const fault = kept === null ? 'is gone: the store has its version no more' : faultOfLock(kept);
  if (fault !== null) throw damaged(key, fault);
  store.locked.add(key);
}

async function list(store: Store, prefix: string): Promise<string[]> {
  if (!isPrefix(prefix)) throw new TypeError('expected a known prefix');
  const histories = byKey(await store.bucket.historyOf(prefix));
  for (const [key, history] of histories) {
    const fault = faultOfHistory(history);
    if (fault !== null) throw damaged(key, fault);
    if (history[0] !== undefined) store.sole.set(key, history[0]);
  }
  return [...histories.keys()].sort();
}
