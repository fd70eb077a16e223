import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import type { OnFault, Surveyed } from './archive-source.ts';
import { genesis, type Link, openLink, openRecordObject } from './chain.ts';
import { blobsPrefix, isKey, recordKey, recordsPrefix, seqOfKey } from './store.ts';

export type Fault = { readonly object: string; readonly reason: string };
export type Read = { readonly record: SignedRecord; readonly link: Link };

/**
 * Reads every record in order and reports each break of the chain. It goes on behind a break, by the bytes that are there,
 * so that one changed object does not hide another.
 */
export async function readChain(archive: Surveyed, keys: PinnedKeys, onFault: OnFault): Promise<Read[]> {
  const found = await archive.list(recordsPrefix);
  const seqs = found.flatMap((key) => seqOfKey(key) ?? []).sort((a, b) => a - b);
  const read: Read[] = [];
  let link: Link = genesis;
  for (const seq of seqs) {
    const bytes = (await archive.get(recordKey(seq))) ?? Buffer.alloc(0);
    if (seq !== link.seq + 1) {
      reportMissing(link.seq + 1, seq - 1, onFault);
      link = { ...link, seq: seq - 1, hash: prevOf(bytes, seq, keys) };
    }
    try {
      const next = openLink(bytes, link, keys);
      read.push(next);
      link = next.link;
    } catch (error) {
      onFault(recordKey(seq), reasonOf(error, recordKey(seq)));
      link = { seq, hash: sha256Hex(bytes), atMs: link.atMs };
    }
  }
  return read;
}

function reportMissing(from: number, to: number, onFault: OnFault): void {
  const last = to > from ? ` (and all up to record ${to})` : '';
  onFault(recordKey(from), `is missing${last}, though a later record is there`);
}

/** What a record behind a gap says it follows; the gap itself is reported already. */
function prevOf(bytes: Buffer, seq: number, keys: PinnedKeys): string {
  try {
    return openRecordObject(bytes, recordKey(seq), keys).payload.prev;
  } catch {
    return '';
  }
}

/** Checks that every blob hashes to its name. Answers the hashes that do. */
export async function readBlobs(archive: Surveyed, onFault: OnFault): Promise<ReadonlySet<string>> {
  const sound = new Set<string>();
  for (const key of (await archive.list(blobsPrefix)).filter(isKey)) {
    const name = key.slice(blobsPrefix.length + 1);
    const bytes = await archive.get(key);
    if (bytes !== null && sha256Hex(bytes) === name) sound.add(name);
    else onFault(key, 'changed: its content does not hash to its name');
  }
  return sound;
}

/** An error's words, without the object's name in front of them. */
export function reasonOf(error: unknown, object: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(`\`${object}\`: `, '');
}
