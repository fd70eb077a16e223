import {
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openS3Store } from '../../activities/record/s3-store.ts';
import { segmentKey } from '../../activities/record/store.ts';
import { s3ClientOf } from '../../servers/versitygw.ts';
import { processNames } from '../../servers/workspace.ts';
import { openS3World, retentionDays, type S3World } from '../support/s3.ts';
import { describeWith } from '../support/skips.ts';

const Key = segmentKey(0);
const soon = () => new Date(Date.now() + 86_400_000);
type Place = { readonly Bucket: string; readonly Key: string; readonly VersionId: string };
type Try = readonly [string, (client: S3Client, at: Place) => Promise<unknown>];

const reads: readonly Try[] = [
  ['read a record', (client, at) => client.send(new GetObjectCommand(at))],
  ['look at a record', (client, at) => client.send(new HeadObjectCommand(at))],
  ['list records', (client, { Bucket }) => client.send(new ListObjectsV2Command({ Bucket }))],
  ['list versions', (client, { Bucket }) => client.send(new ListObjectVersionsCommand({ Bucket }))],
];
const put: Try = [
  'put a record',
  (client, { Bucket }) =>
    client.send(
      new PutObjectCommand({
        Bucket,
        Key: segmentKey(1),
        Body: 'x',
        IfNoneMatch: '*',
        ObjectLockMode: 'COMPLIANCE',
        ObjectLockRetainUntilDate: new Date(Date.now() + retentionDays * 86_400_000),
      }),
    ),
];
const attacks: readonly Try[] = [
  ['delete a version', (client, at) => client.send(new DeleteObjectCommand(at))],
  [
    'delete a version by bypassing governance',
    (client, at) => client.send(new DeleteObjectCommand({ ...at, BypassGovernanceRetention: true })),
  ],
  [
    'shorten a lock',
    (client, at) =>
      client.send(new PutObjectRetentionCommand({ ...at, Retention: { Mode: 'COMPLIANCE', RetainUntilDate: soon() } })),
  ],
  [
    'downgrade a lock',
    (client, at) =>
      client.send(
        new PutObjectRetentionCommand({
          ...at,
          BypassGovernanceRetention: true,
          Retention: { Mode: 'GOVERNANCE', RetainUntilDate: new Date(Date.now() + 2 * retentionDays * 86_400_000) },
        }),
      ),
  ],
  [
    'suspend versioning',
    (client, { Bucket }) =>
      client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Suspended' } })),
  ],
  ['delete the bucket', (client, { Bucket }) => client.send(new DeleteBucketCommand({ Bucket }))],
];
/** What not even S3 itself would stop the owner from: here the policy alone stands in the way. */
const withoutPower: readonly Try[] = [
  ['leave a delete marker', (client, { Bucket }) => client.send(new DeleteObjectCommand({ Bucket, Key }))],
  ['give itself a policy', (client, { Bucket }) => client.send(new PutBucketPolicyCommand({ Bucket, Policy: '{}' }))],
  ['take the policy away', (client, { Bucket }) => client.send(new DeleteBucketPolicyCommand({ Bucket }))],
  [
    'set a legal hold',
    (client, at) => client.send(new PutObjectLegalHoldCommand({ ...at, LegalHold: { Status: 'ON' } })),
  ],
  [
    'lower the default retention',
    (client, { Bucket }) =>
      client.send(
        new PutObjectLockConfigurationCommand({
          Bucket,
          ObjectLockConfiguration: {
            ObjectLockEnabled: 'Enabled',
            Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } },
          },
        }),
      ),
  ],
];
const everything = [...reads, put, ...attacks, ...withoutPower];

describeWith('versitygw', 'the archive in S3, by real credentials', () => {
  let world: S3World;
  let at: Place;
  const clients = new Map<string, S3Client>();
  const clientOf = (name: string): S3Client => {
    const client = clients.get(name);
    if (client === undefined) throw new Error(`expected a login of ${name}`);
    return client;
  };
  const ended = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: { name: string; $metadata?: { httpStatusCode?: number } }) =>
        error.$metadata?.httpStatusCode ?? error.name,
    );
  const others = processNames.filter((name) => name !== 'recorder');

  beforeAll(async () => {
    world = await openS3World();
    const Bucket = await world.freshBucket();
    clients.set('recorder', s3ClientOf(world.server.url, world.recorder));
    clients.set('auditor', s3ClientOf(world.server.url, world.auditor));
    clients.set('the owner', world.root);
    for (const name of others) clients.set(name, s3ClientOf(world.server.url, await world.server.addUser(name)));
    const bucket = await world.as(world.recorder, Bucket);
    const store = await openS3Store(bucket, { retentionDays, clock: Date.now });
    await store.putNew(Key, Buffer.from('a record'));
    const [only] = await bucket.historyOfKey(Key);
    at = { Bucket, Key, VersionId: only?.versionId ?? '' };
  });
  afterAll(async () => {
    for (const client of clients.values()) client.destroy();
    await world?.close();
  });

  describe.each(others)('lets the %s', (name) => {
    it.each(everything)('not %s', async (_what, act) => {
      expect(await ended(act(clientOf(name), at))).toBe(403);
    });
  });
  describe('lets the recorder', () => {
    it.each([...attacks, ...withoutPower])('not %s', async (_what, act) => {
      expect(await ended(act(clientOf('recorder'), at))).toBe(403);
    });
  });
  describe('lets the auditor', () => {
    it.each([put, ...attacks, ...withoutPower])('not %s', async (_what, act) => {
      expect(await ended(act(clientOf('auditor'), at))).toBe(403);
    });
    it('read a record by its version', async () => {
      expect(await ended(clientOf('auditor').send(new GetObjectCommand(at)))).toBe('done');
    });
  });
  describe('lets not even the owner', () => {
    it.each(attacks)('%s', async (_what, act) => {
      expect(await ended(act(clientOf('the owner'), at))).not.toBe('done');
    });
  });
  it('still has the record, locked as it was', async () => {
    const store = await openS3Store(await world.as(world.recorder, at.Bucket), { retentionDays, clock: Date.now });
    expect((await store.get(Key))?.toString()).toBe('a record');
  });
});
