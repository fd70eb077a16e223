import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { genesisPrev, LogRecord } from '../../contracts/record.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import { openSigned } from '../../policies/signing.ts';

/** Where a chain stands: what the next record must say about itself. */
export type Link = { readonly seq: number; readonly hash: string; readonly atMs: number };
export const genesis: Link = { seq: -1, hash: genesisPrev, atMs: 0 };
export type Linked = { readonly record: SignedRecord; readonly link: Link };

export const recordBytesMax = 8 * 1024 * 1024;

/** The one byte form of a record: its JCS text, whose SHA-256 is the record's hash. */
export const recordBytes = (record: SignedRecord): Buffer => Buffer.from(jcs(record), 'utf8');

/**
 * Reads bytes of `object` as the record that follows `before`: canonical, shape, the recorder's signature, its number, the
 * hash of the record before it, and a time that does not go back. Throws `RECORD_DAMAGED` naming object, record and reason.
 */
export function openLink(bytes: Buffer, before: Link, keys: PinnedKeys, object: string): Linked {
  const wrong = (reason: string): HoldpointError => damaged(object, `record ${before.seq + 1}: ${reason}`);
  const record = openRecord(bytes, keys, wrong);
  const { seq, prev, at } = record.payload;
  if (seq !== before.seq + 1) throw wrong(`expected this record, got record ${seq}`);
  if (prev !== before.hash) throw wrong('does not follow the record before it: `prev` is another hash');
  const atMs = Date.parse(at);
  if (atMs < before.atMs) throw wrong('expected a time not before that of the record before it');
  return { record, link: { seq, hash: sha256Hex(bytes), atMs } };
}

type Wrong = (reason: string) => Error;

/** One record alone: canonical, well formed and signed by the recorder. Throws what `wrong` makes of the reason. */
export function openRecord(bytes: Buffer, keys: PinnedKeys, wrong: Wrong): SignedRecord {
  if (bytes.byteLength > recordBytesMax) throw wrong(`expected at most ${recordBytesMax} bytes`);
  const raw = parseCanonical(bytes, wrong);
  try {
    return openSigned('record', LogRecord, raw, keys, (signer) => signer === 'recorder');
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : 'cannot be read');
  }
}

function parseCanonical(bytes: Buffer, wrong: Wrong): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const raw = JSON.parse(text) as unknown;
    if (jcs(raw) === text) return raw;
  } catch {
    throw wrong('expected UTF-8 JSON');
  }
  throw wrong('expected canonical JSON, byte for byte');
}

export const damaged = (object: string, reason: string): HoldpointError =>
  new HoldpointError('RECORD_DAMAGED', `\`${object}\`: ${reason}`, { object });
