import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, openLog } from '../../activities/record/log.ts';
import { connectBucket, type S3Bucket } from '../../activities/record/s3-bucket.ts';
import { openS3Store } from '../../activities/record/s3-store.ts';
import { blobKey } from '../../activities/record/store.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { createSigner } from '../../policies/signing.ts';
import { makeArchiveBucket, startVersitygw } from '../../servers/versitygw.ts';
import type { Measured, Setting, Sides } from '../bench.ts';

const retentionDays = 100;
const lockMs = (retentionDays + 1) * 86_400_000;
const records = 3_000;
/** As many callers as wait for the recorder at the same time. */
const callers = 512;
const puts = 200;
const delays = 400;

/** About as large as an intent with one statement. */
const body = (n: number): RecordBody => ({
  ...{ kind: 'refusal', workflowId: null, runId: null, digest: null, what: 'bench', code: 'BAD_INPUT' },
  reason: `record ${n}`,
  raw: 'statement '.repeat(200),
});

/** Runs `work` for 0, 1, 2 … `count`, at most `atOnce` at the same time. */
async function forEachOf(count: number, atOnce: number, work: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

const perRecord = (beganMs: number, count: number): Measured => {
  const us = ((performance.now() - beganMs) * 1_000) / count;
  return { value: us, note: `${(1_000_000 / us).toFixed(0)} a second` };
};

/** A record of the log against a bare put, both into a bucket that locks what it is given. */
export async function openAudit({ home, cleanup, say }: Setting): Promise<Sides> {
  const dir = join(home, 's3');
  mkdirSync(dir);
  const server = await startVersitygw({ dir, log: say });
  cleanup.add('S3 server', () => server.stop());
  const recorder = await server.addUser('recorder');
  const bucketOf = async (bucket: string): Promise<S3Bucket> => {
    await makeArchiveBucket(server, { bucket, grants: { recorder }, retentionDays });
    const place = { bucket, region: server.region, endpoint: server.url };
    const opened = await connectBucket(place, { credentials: recorder });
    cleanup.add(`bucket ${bucket}`, async () => opened.close());
    return opened;
  };
  const log = await openBenchLog(await bucketOf('archive'));
  const bare = await bucketOf('bare');
  const write = (n: number) => log.write((writer) => writer.append(body(n)));
  const put = (n: number) => putOne(bare, n);
  return {
    subject: async () => {
      const began = performance.now();
      await forEachOf(records, callers, write);
      mustBeProvable(log);
      return perRecord(began, records);
    },
    peer: async () => {
      const began = performance.now();
      await forEachOf(puts, 1, put);
      return perRecord(began, puts);
    },
    aside: async () => [
      'aside, from a decision until its record is stored, locked and looked at:',
      await delaysOf('alone', 1, write),
      await delaysOf('32 callers', 32, write),
      await delaysOf('a bare put, alone', 1, put),
    ],
    address: null,
  };
}

async function openBenchLog(bucket: S3Bucket): Promise<Log> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const key = { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '', d: jwk.d ?? '' } as const;
  const store = await openS3Store(bucket, { retentionDays, clock: Date.now });
  const keys = { recorder: [{ kty: key.kty, crv: key.crv, x: key.x }] };
  return openLog({ store, signer: createSigner('recorder', key), keys, clock: Date.now, origin: 'bench/audit' });
}

/** What a recorder would do that knows no segments, and no more: it does not even look at what it put. */
async function putOne(bucket: S3Bucket, n: number): Promise<void> {
  const bytes = Buffer.from(JSON.stringify({ ...body(n), at: performance.now() }));
  const put = await bucket.putLocked(blobKey(sha256Hex(bytes)), bytes, new Date(Date.now() + lockMs));
  if (!('versionId' in put)) throw new Error('expected a put of its own');
}

/** The last record is in the log, by a proof: what was measured is what is claimed. */
function mustBeProvable(log: Log): void {
  const { checkpoint, path } = log.inclusion(log.head().size - 1);
  if (checkpoint.size < log.head().size || path.length === 0) throw new Error('expected a proof of the last record');
}

async function delaysOf(what: string, atOnce: number, work: (n: number) => Promise<unknown>): Promise<string> {
  const times: number[] = [];
  await forEachOf(delays, atOnce, async (n) => {
    const began = performance.now();
    await work(records + n);
    times.push(performance.now() - began);
  });
  times.sort((a, b) => a - b);
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1);
  return `  ${what.padEnd(18)} p50 ${at(0.5)} ms · p99 ${at(0.99)} ms`;
}
