import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { genesisPrev, LogRecord } from '../../contracts/record.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import { openSigned } from '../../policies/signing.ts';
import { recordKey } from './store.ts';

/** Where a chain stands: what the next record must say about itself. */
export type Link = { readonly seq: number; readonly hash: string; readonly atMs: number };
export const genesis: Link = { seq: -1, hash: genesisPrev, atMs: 0 };
export type Linked = { readonly record: SignedRecord; readonly link: Link };

export const recordBytesMax = 8 * 1024 * 1024;

/** The one byte form of a record: its JCS text, so that the object's own SHA-256 is the record's hash. */
export const recordBytes = (record: SignedRecord): Buffer => Buffer.from(jcs(record), 'utf8');

/**
 * Reads one object as the record that follows `before`: canonical bytes, shape, the recorder's signature, its number, the
 * hash of the record before it, and a time that does not go back. Throws `RECORD_DAMAGED` naming object and reason.
 */
export function openLink(bytes: Buffer, before: Link, keys: PinnedKeys): Linked {
  const key = recordKey(before.seq + 1);
  const record = openRecordObject(bytes, key, keys);
  const { seq, prev, at } = record.payload;
  if (seq !== before.seq + 1) throw damaged(key, `expected record ${before.seq + 1}, got record ${seq}`);
  if (prev !== before.hash) throw damaged(key, 'does not follow the record before it: `prev` is another hash');
  const atMs = Date.parse(at);
  if (atMs < before.atMs) throw damaged(key, 'expected a time not before that of the record before it');
  return { record, link: { seq, hash: sha256Hex(bytes), atMs } };
}

/** One object alone: canonical, well formed and signed by the recorder. Throws `RECORD_DAMAGED`. */
export function openRecordObject(bytes: Buffer, key: string, keys: PinnedKeys): SignedRecord {
  if (bytes.byteLength > recordBytesMax) throw damaged(key, `expected at most ${recordBytesMax} bytes`);
  const raw = parseCanonical(bytes, key);
  try {
    return openSigned('record', LogRecord, raw, keys, (signer) => signer === 'recorder');
  } catch (error) {
    throw damaged(key, error instanceof Error ? error.message : 'cannot be read');
  }
}

function parseCanonical(bytes: Buffer, key: string): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const raw = JSON.parse(text) as unknown;
    if (jcs(raw) === text) return raw;
  } catch {
    throw damaged(key, 'expected UTF-8 JSON');
  }
  throw damaged(key, 'expected canonical JSON, byte for byte');
}

export const damaged = (object: string, reason: string): HoldpointError =>
  new HoldpointError('RECORD_DAMAGED', `\`${object}\`: ${reason}`, { object });
