import { randomBytes } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectBucket, type S3Kept, sha256Base64 } from '../../activities/record/s3-bucket.ts';
import { openS3Store } from '../../activities/record/s3-store.ts';
import { type RecordStore, segmentKey } from '../../activities/record/store.ts';
import { openS3World, quick, retentionDays, type S3World } from '../support/s3.ts';
import { type Between, startBetween } from '../support/s3-between.ts';
import { describeWith } from '../support/skips.ts';
import { codeFrom } from './incident.ts';
import { describeStore } from './store-conformance.ts';

const clock = () => Date.now();
const bytes = (text: string) => Buffer.from(text);
const dayMs = 86_400_000;
const Key = segmentKey(0);
const lockedFor = (days: number) => new Date(Date.now() + days * dayMs);

const lockRule = (Bucket: string, Mode: 'COMPLIANCE' | 'GOVERNANCE', Days: number) =>
  new PutObjectLockConfigurationCommand({
    Bucket,
    ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode, Days } } },
  });

describeWith('versitygw', 'an archive in S3', () => {
  let world: S3World;
  let between: Between;
  let Bucket: string;
  beforeAll(async () => {
    world = await openS3World();
    between = await startBetween(world.server.url, world.root);
  });
  afterAll(async () => {
    await between?.close();
    await world?.close();
  });
  beforeEach(async () => {
    Bucket = await world.freshBucket();
  });
  const open = async (change: Parameters<S3World['as']>[2] = {}, days = retentionDays): Promise<RecordStore> =>
    openS3Store(await world.as(world.recorder, Bucket, change), { retentionDays: days, clock });
  const kept = async (key = Key): Promise<S3Kept | null> => {
    const bucket = await world.as(world.auditor, Bucket);
    const [only] = await bucket.historyOfKey(key);
    return only === undefined ? null : bucket.head(key, only.versionId);
  };

  for (const [where, prefix] of [
    ['a bucket with Object Lock, as the recorder', undefined],
    ['a part of such a bucket', 'team/production'],
  ] as const)
    describeStore(where, async () => {
      const change = prefix === undefined ? {} : { prefix };
      return { store: await open(change), again: () => open(change), close: async () => undefined };
    });

  describe('what is put', () => {
    it('is locked in COMPLIANCE mode for as long as was asked, and has its SHA-256 beside it', async () => {
      await (await open()).putNew(Key, bytes('first'));
      const found = await kept();
      expect(found?.mode).toBe('COMPLIANCE');
      expect(found?.lockedUntilMs).toBeGreaterThanOrEqual(Date.now() + retentionDays * dayMs);
      expect(found?.sha256).toBe(sha256Base64(bytes('first')));
    });
    it('is read by its own version, whatever is put over it later', async () => {
      const store = await open();
      await store.putNew(Key, bytes('first'));
      await world.root.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }));
      expect((await store.get(Key))?.toString()).toBe('first');
    });
  });

  describe('a bucket that somebody else wrote to', () => {
    const spoil: [string, () => Promise<unknown>][] = [
      ['a version over a record', () => world.root.send(new PutObjectCommand({ Bucket, Key, Body: 'second' }))],
      ['a delete marker on a record', () => world.root.send(new DeleteObjectCommand({ Bucket, Key }))],
    ];
    it.each(spoil)('is refused with %s, by name, whether it lists or reads', async (_what, spoilIt) => {
      await (await open()).putNew(Key, bytes('first'));
      await spoilIt();
      const store = await open();
      expect(await codeFrom(store.get(Key))).toBe('RECORD_DAMAGED');
      await expect(store.list('segments')).rejects.toMatchObject({ details: { object: Key } });
    });
    it.each([
      ['without a lock', {}],
      ['locked in GOVERNANCE mode', { ObjectLockMode: 'GOVERNANCE', ObjectLockRetainUntilDate: lockedFor(400) }],
      ['locked for 89 days', { ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: lockedFor(89) }],
    ] as const)('is refused with an object %s', async (_what, lock) => {
      await world.root.send(new PutObjectCommand({ Bucket, Key, Body: 'first', ...lock }));
      expect(await codeFrom((await open()).get(Key))).toBe('RECORD_DAMAGED');
    });
  });

  describe('where the store behaves as AWS documents', () => {
    /** A bucket that had nothing but a delete marker under the name before it was given its retention. */
    const makeMarkedBucket = async () => {
      Bucket = `marked-${randomBytes(6).toString('hex')}`;
      await world.root.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      const { VersionId } = await world.root.send(new PutObjectCommand({ Bucket, Key, Body: 'unlocked' }));
      await world.root.send(new DeleteObjectCommand({ Bucket, Key }));
      await world.root.send(new DeleteObjectCommand({ Bucket, Key, ...(VersionId && { VersionId }) }));
      await world.root.send(lockRule(Bucket, 'COMPLIANCE', retentionDays));
    };
    it('refuses a put that succeeded over a delete marker', async () => {
      await makeMarkedBucket();
      const bucket = await world.as(world.server.root, Bucket, { endpoint: between.url });
      expect(await bucket.historyOfKey(Key)).toMatchObject([{ isMarker: true }]);
      const store = await openS3Store(bucket, { retentionDays, clock });
      await expect(store.putNew(Key, bytes('first'))).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        message: expect.stringContaining('delete marker'),
      });
    });
    it('refuses a put that succeeded over a record that somebody deleted', async () => {
      await (await open()).putNew(Key, bytes('first'));
      const store = await open({ endpoint: between.url });
      await world.root.send(new DeleteObjectCommand({ Bucket, Key }));
      expect(await codeFrom(store.putNew(Key, bytes('second')))).toBe('RECORD_DAMAGED');
    });
    it('puts again after a conflict with another write, and wins', async () => {
      const store = await open({ endpoint: between.url });
      between.meet('PUT', { refuse: 409, code: 'ConditionalRequestConflict' });
      expect(await store.putNew(Key, bytes('first'))).toBe('created');
    });
  });

  describe('a store that does not do as it was asked', () => {
    it.each([
      ['does not lock', { ObjectLockMode: undefined, ObjectLockRetainUntilDate: undefined }],
      ['locks in GOVERNANCE mode', { ObjectLockMode: 'GOVERNANCE' }],
      ['locks for less time', { ObjectLockRetainUntilDate: lockedFor(99) }],
      ['keeps other bytes', { Body: 'fires' }],
      ['puts it elsewhere', { Key: segmentKey(1) }],
    ] as const)('is found out when it %s', async (_what, instead) => {
      const store = await open({ endpoint: between.url });
      between.meet('PUT', { instead: instead as object });
      expect(await codeFrom(store.putNew(Key, bytes('first')))).toBe('RECORD_DAMAGED');
    });
  });

  describe('a store in trouble', () => {
    const briefly = { ...quick, tryMs: 200 };
    it('is asked again when it throttles or fails', async () => {
      const store = await open({ endpoint: between.url });
      between.meet('PUT', { refuse: 503, code: 'SlowDown' }, { refuse: 500, code: 'InternalError' });
      expect(await store.putNew(Key, bytes('first'))).toBe('created');
    });
    it('is given up after a bounded number of tries, and nothing was created', async () => {
      const store = await open({ endpoint: between.url });
      const before = between.count('PUT');
      between.meet('PUT', ...Array.from({ length: 3 }, () => ({ refuse: 503, code: 'SlowDown' })));
      expect(await codeFrom(store.putNew(Key, bytes('first')))).toBe('STORE_AWAY');
      expect(between.count('PUT') - before).toBe(3);
      expect(await (await open()).get(Key)).toBeNull();
    });
    it('knows its own write again when the reply was lost after the commit', async () => {
      const store = await open({ endpoint: between.url });
      between.meet('PUT', 'lose');
      expect(await store.putNew(Key, bytes('first'))).toBe('created');
      expect((await store.get(Key))?.toString()).toBe('first');
    });
    it("takes nobody else's write for its own after a lost request", async () => {
      const [store, other] = [await open({ endpoint: between.url, limits: { ...quick, tryMs: 1_500 } }), await open()];
      between.meet('PUT', 'hang');
      const putting = store.putNew(Key, bytes('mine'));
      await other.putNew(Key, bytes('theirs'));
      expect(await putting).toBe('exists');
      expect((await store.get(Key))?.toString()).toBe('theirs');
    });
    it.each([
      ['a put', 'PUT', 'hang', (store: RecordStore) => store.putNew(segmentKey(1), bytes('x'))],
      ['a read', 'HEAD', 'hang', (store: RecordStore) => store.get(Key)],
      ['a list that never ends', 'GET', 'endless', (store: RecordStore) => store.list('segments')],
    ] as const)(
      'bounds the wait for %s',
      async (_what, method, act, ask) => {
        await (await open()).putNew(Key, bytes('first'));
        const store = await open({ endpoint: between.url, limits: briefly });
        between.meet(method, act, act, act);
        expect(await codeFrom(ask(store))).toBe('STORE_AWAY');
      },
      20_000,
    );
    it('bounds the wait for an object whose bytes never end', async () => {
      await (await open()).putNew(Key, bytes('first'));
      const store = await open({ endpoint: between.url, limits: briefly });
      await store.list('segments');
      between.meet('GET', 'endless', 'endless', 'endless');
      expect(await codeFrom(store.get(Key))).toBe('STORE_AWAY');
    }, 20_000);
    it('is away when nobody listens there', async () => {
      const place = { bucket: Bucket, region: 'us-east-1', endpoint: 'http://127.0.0.1:1' };
      const bucket = await connectBucket(place, { limits: quick, credentials: world.recorder });
      expect(await codeFrom(openS3Store(bucket, { retentionDays, clock }))).toBe('STORE_AWAY');
    });
  });

  describe('at the start', () => {
    const asRoot = async () => openS3Store(await world.as(world.server.root, Bucket), { retentionDays, clock });
    it.each([
      ['retention shorter than the policy', 'COMPLIANCE', retentionDays - 1],
      ['retention in GOVERNANCE mode', 'GOVERNANCE', 400],
    ] as const)('refuses a bucket with %s', async (_what, mode, days) => {
      await world.root.send(lockRule(Bucket, mode, days));
      expect(await codeFrom(open())).toBe('STORE_UNFIT');
    });
    it('refuses a bucket without Object Lock, versioned or not', async () => {
      Bucket = `plain-${randomBytes(6).toString('hex')}`;
      await world.root.send(new CreateBucketCommand({ Bucket }));
      await expect(asRoot()).rejects.toMatchObject({
        code: 'STORE_UNFIT',
        message: expect.stringContaining('versioning'),
      });
      const Status = { Status: 'Enabled' } as const;
      await world.root.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: Status }));
      await expect(asRoot()).rejects.toMatchObject({
        code: 'STORE_UNFIT',
        message: expect.stringContaining('Object Lock'),
      });
    });
    it('refuses a bucket with Object Lock but no default retention', async () => {
      Bucket = `bare-${randomBytes(6).toString('hex')}`;
      await world.root.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
      expect(await codeFrom(asRoot())).toBe('STORE_UNFIT');
    });
    it('refuses a bucket that is not there, or that it may not look at', async () => {
      const stranger = await world.server.addUser('stranger');
      const as = async (who: typeof stranger, name: string) =>
        openS3Store(await world.as(who, name), { retentionDays, clock });
      expect(await codeFrom(as(world.recorder, 'no-such-bucket'))).toBe('STORE_UNFIT');
      expect(await codeFrom(as(stranger, Bucket))).toBe('STORE_UNFIT');
    });
  });
});
