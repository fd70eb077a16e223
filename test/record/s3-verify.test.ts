import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { s3Source } from '../../activities/record/s3-source.ts';
import { segmentKey } from '../../activities/record/store.ts';
import { type VerifyReport, verifySource } from '../../activities/record/verify.ts';
import { holdpoint } from '../cli/under-test.ts';
import { openS3World, retentionDays, type S3World } from '../support/s3.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, decide, hold, outcomeOf, ready, requestOf } from './incident.ts';
import { executor, keys, openStage, openWorld, type Stage, type World } from './stage.ts';

const prefix = 'team/production';
const Key = `${prefix}/${segmentKey(1)}`;

describeWith(['temporal', 'versitygw'], 'an archive that a recorder keeps in S3', () => {
  let world: World;
  let s3: S3World;
  let stage: Stage;
  let Bucket: string;
  const actAs = ({ accessKeyId, secretAccessKey }: S3World['recorder']) =>
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  const verify = async (): Promise<VerifyReport> =>
    verifySource(s3Source(await s3.as(s3.auditor, Bucket, { prefix }), Date.now), { keys });
  const faultsAt = async (object: string) =>
    (await verify()).faults.filter((fault) => fault.object === object).map(({ reason }) => reason);

  beforeAll(async () => {
    [world, s3] = await Promise.all([openWorld(), openS3World()]);
  });
  afterAll(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
    await s3?.close();
    await world?.close();
  });
  /** One incident from alert to outcome, written by a recorder with its own credentials and restarted in the middle. */
  beforeEach(async () => {
    Bucket = await s3.freshBucket();
    actAs(s3.recorder);
    const { url: endpoint, region } = s3.server;
    stage = await openStage({
      world,
      config: { archive: { kind: 's3', bucket: Bucket, region, endpoint, prefix, retentionDays } },
    });
    await ready(stage);
    const held = await hold(stage, await begin(stage));
    await stage.restart();
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await stage.as(executor).outcome(outcomeOf(stage, held));
    await stage.close();
  });

  it('verifies by its address with the credentials of an auditor, who is told until when nothing can change', async () => {
    actAs(s3.auditor);
    const keysFile = join(process.env.TMPDIR ?? '/tmp', `${Bucket}.json`);
    writeFileSync(keysFile, JSON.stringify(keys));
    const place = ['--archive', `s3://${Bucket}/${prefix}`, '--region', s3.server.region, '--endpoint', s3.server.url];
    const ran = await holdpoint(['verify', ...place, '--keys', keysFile, '--json'], { env: { HOLDPOINT_HOME: '' } });
    expect(ran.err).toBe('');
    const report = JSON.parse(ran.out) as VerifyReport;
    expect(report).toMatchObject({ ok: true, faults: [] });
    const until = /the first lock ends (\S+)$/.exec(
      report.anchors.find((word) => word.startsWith('store: s3://')) ?? '',
    );
    expect(Date.parse(until?.[1] ?? '') - Date.now()).toBeGreaterThan((retentionDays - 1) * 86_400_000);
  });
  it('verifies by no key of its own: a bucket carries none', async () => {
    const bucket = await s3.as(s3.auditor, Bucket, { prefix });
    expect((await verifySource(s3Source(bucket, Date.now), { keys: null })).ok).toBe(false);
  });
  it('says of locks that have ended that they bind nobody any more', async () => {
    const later = () => Date.now() + 2 * retentionDays * 86_400_000;
    const { ok, anchors } = await verifySource(s3Source(await s3.as(s3.auditor, Bucket, { prefix }), later), { keys });
    expect(ok).toBe(true);
    expect(anchors.join('\n')).toMatch(/locks of \d+ objects have ended/);
  });
  it('shows a version that was put over a record, and reads the first one', async () => {
    await s3.root.send(new PutObjectCommand({ Bucket, Key, Body: '{}' }));
    expect(await faultsAt(segmentKey(1))).toContainEqual(expect.stringContaining('2 versions'));
  });
  it('shows a delete marker, and reads what lies under it', async () => {
    await s3.root.send(new DeleteObjectCommand({ Bucket, Key }));
    expect(await faultsAt(segmentKey(1))).toContainEqual(expect.stringContaining('delete marker'));
  });
  it('shows an object that no archive has, and a record that is not locked', async () => {
    await s3.root.send(new PutObjectCommand({ Bucket, Key: `${prefix}/hidden`, Body: 'x' }));
    await s3.root.send(new PutObjectCommand({ Bucket, Key: `${prefix}/${segmentKey(999)}`, Body: 'x' }));
    expect(await faultsAt('hidden')).toEqual([expect.stringContaining('foreign')]);
    expect(await faultsAt(segmentKey(999))).toContainEqual(expect.stringContaining('not locked'));
  });
  it('is no archive when nothing is there', async () => {
    const nothing = await s3.as(s3.auditor, Bucket, { prefix: 'elsewhere' });
    expect((await verifySource(s3Source(nothing, Date.now), { keys })).ok).toBe(false);
  });
  it('is not verified without credentials that may list it', async () => {
    const stranger = await s3.as(await s3.server.addUser('stranger'), Bucket, { prefix });
    expect(await codeFrom(verifySource(s3Source(stranger, Date.now), { keys }))).toBe('STORE_UNFIT');
  });
});
