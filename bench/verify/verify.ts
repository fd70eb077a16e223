import { createHash, generateKeyPairSync } from 'node:crypto';
import type { ArchiveSource } from '../../activities/record/archive-source.ts';
import { openLog } from '../../activities/record/log.ts';
import { partsOf, segmentRecordsMax } from '../../activities/record/segment.ts';
import type { RecordStore } from '../../activities/record/store.ts';
import { verifySource } from '../../activities/record/verify.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { createSigner } from '../../policies/signing.ts';
import type { Measured, Sides } from '../bench.ts';

const records = 20_000;

const body = (n: number): RecordBody => ({
  ...{ kind: 'page', workflowId: null, runId: null, about: 'closed', to: 'nobody', delivered: false },
  detail: `record ${n}: ${'what was told '.repeat(20)}`,
});

/** What `holdpoint verify` does with each record of a sound archive, against hashing its bytes and nothing else. */
export async function openVerify(): Promise<Sides> {
  const { objects, keys } = await writeArchive();
  const lines = [...objects].flatMap(([key, bytes]) => partsOf(bytes, key).lines);
  const source: ArchiveSource = {
    trust: async () => null,
    survey: async () => ({ ...storeOf(objects), words: [] }),
  };
  return {
    subject: async () => {
      const began = performance.now();
      const { ok, records: found } = await verifySource(source, { keys });
      if (!ok || found !== records) throw new Error('expected a sound archive of every record');
      return perRecord(began);
    },
    peer: async () => {
      const began = performance.now();
      for (const line of lines) createHash('sha256').update(line).digest();
      return perRecord(began);
    },
    address: null,
  };
}

const perRecord = (beganMs: number): Measured => {
  const us = ((performance.now() - beganMs) * 1_000) / records;
  return { value: us, note: `${(1_000_000 / us).toFixed(0)} a second` };
};

const storeOf = (objects: Map<string, Buffer>): RecordStore => ({
  async putNew(key, bytes) {
    objects.set(key, Buffer.from(bytes));
    return 'created';
  },
  get: async (key) => objects.get(key) ?? null,
  list: async (prefix) => [...objects.keys()].filter((key) => key.startsWith(`${prefix}/`)).sort(),
});

/** As a recorder writes it that many callers keep busy. */
async function writeArchive(): Promise<{ objects: Map<string, Buffer>; keys: PinnedKeys }> {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const key = { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '', d: jwk.d ?? '' } as const;
  const keys = { recorder: [{ kty: key.kty, crv: key.crv, x: key.x }] };
  const objects = new Map<string, Buffer>();
  const signer = createSigner('recorder', key);
  const log = await openLog({ store: storeOf(objects), signer, keys, clock: Date.now, origin: 'bench/verify' });
  for (let n = 0; n < records; n += segmentRecordsMax)
    await log.write((writer) => {
      for (let at = n; at < Math.min(n + segmentRecordsMax, records); at++) writer.append(body(at));
    });
  return { objects, keys };
}
