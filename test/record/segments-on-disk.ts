import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { signCheckpoint } from '../../activities/record/checkpoint.ts';
import { MerkleTree, recordLeaf } from '../../activities/record/merkle.ts';
import { partsOf, segmentBytes } from '../../activities/record/segment.ts';
import { firstOfKey } from '../../activities/record/store.ts';
import type { LogRecord, SignedRecord } from '../../contracts/record.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import { recorder } from '../policies/support/rules.ts';

export const origin = 'holdpoint/log';
type Change = (payload: LogRecord) => LogRecord;

/** The segments of a local archive, as whoever owns its disk may handle them. */
export function segmentsOnDisk(dir: string) {
  const path = (key: string): string => join(dir, key);
  const keys = (): string[] =>
    readdirSync(join(dir, 'segments'))
      .sort()
      .map((name) => `segments/${name}`);
  const take = (key: string) => partsOf(readFileSync(path(key)), key);
  const lines = (key: string): string[] => take(key).lines.map(String);
  const all = (): SignedRecord[] => keys().flatMap((key) => lines(key).map((line) => JSON.parse(line) as SignedRecord));
  const put = (key: string, note: string, texts: readonly string[]): void =>
    writeFileSync(
      path(key),
      segmentBytes(
        note,
        texts.map((text) => ({ bytes: Buffer.from(text) })),
      ),
    );
  return {
    path,
    keys,
    all,
    lines,
    put,
    note: (key: string): string => take(key).note,
    keyOf: (seq: number): string => keys().findLast((key) => (firstOfKey(key) ?? 0) <= seq) ?? '',
    record: (seq: number): SignedRecord => all().find(({ payload }) => payload.seq === seq) as SignedRecord,
    /** The same checkpoint over other records. */
    setLines: (key: string, texts: readonly string[]): void => put(key, take(key).note, texts),
    /** What one who holds the recorder's key could do: rewrite a record and all after it, well signed, linked and hashed. */
    rewrite(from: number, change: Change): void {
      const tree = new MerkleTree();
      let prev = '';
      for (const key of keys()) {
        const texts = lines(key).map((line) => {
          const { payload } = JSON.parse(line) as SignedRecord;
          const next = payload.seq === from ? change(payload) : { ...payload, prev };
          const text = payload.seq < from ? line : jcs(recorder.signer.sign('record', next));
          prev = sha256Hex(Buffer.from(text));
          tree.append(recordLeaf(prev));
          return text;
        });
        put(key, signCheckpoint(recorder.signer, { origin, size: tree.size, root: tree.root() }), texts);
      }
    },
  };
}
