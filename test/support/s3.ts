import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Bucket } from '../../activities/record/s3-bucket.ts';
import { connectBucket } from '../../activities/record/s3-bucket.ts';
import type { S3Limits } from '../../activities/record/s3-retry.ts';
import {
  type Login,
  makeArchiveBucket,
  s3ClientOf,
  startVersitygw,
  type VersitygwServer,
} from '../../servers/versitygw.ts';
import { serverOf } from './skips.ts';

export const retentionDays = 100;
/** Tries that follow each other quickly: what is waited for is on this machine. */
export const quick: S3Limits = { tryMs: 5_000, triesMax: 3, pauseMs: 5 };

export type S3World = {
  readonly server: VersitygwServer;
  readonly recorder: Login;
  readonly auditor: Login;
  /** The owner of every bucket, who may also do what no policy gives. */
  readonly root: S3Client;
  /** A bucket as `deploy/aws/` describes it, for these two; answers its name. */
  freshBucket(): Promise<string>;
  as(who: Login, bucket: string, change?: { limits?: S3Limits; endpoint?: string; prefix?: string }): Promise<S3Bucket>;
  close(): Promise<void>;
};

/** A real S3 server with Object Lock, and a user for each authority. */
export async function openS3World(): Promise<S3World> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-s3-'));
  const server = await startVersitygw({ dir, bin: serverOf('versitygw') });
  const [recorder, auditor] = [await server.addUser('recorder'), await server.addUser('auditor')];
  const root = s3ClientOf(server.url, server.root);
  const opened: S3Bucket[] = [];
  return {
    server,
    recorder,
    auditor,
    root,
    async freshBucket() {
      const bucket = `archive-${randomBytes(6).toString('hex')}`;
      await makeArchiveBucket(server, { bucket, grants: { recorder, auditor }, retentionDays });
      return bucket;
    },
    async as(credentials, name, { limits = quick, endpoint = server.url, prefix } = {}) {
      const place = { bucket: name, region: server.region, endpoint, ...(prefix === undefined ? {} : { prefix }) };
      const bucket = await connectBucket(place, { limits, credentials });
      opened.push(bucket);
      return bucket;
    },
    async close() {
      for (const bucket of opened) bucket.close();
      root.destroy();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
