import type { Dirent } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { genesis, type Link, openLink, openRecordObject } from './chain.ts';
import { lockName } from './directory-lock.ts';
import { isTempName, tempsName } from './directory-store.ts';
import { blobsPrefix, recordKey, recordsPrefix, seqOfKey } from './store.ts';
import { trustName } from './verify-keys.ts';

export type Fault = { readonly object: string; readonly reason: string };
export type OnFault = (object: string, reason: string) => void;
export type Read = { readonly record: SignedRecord; readonly link: Link };

const topFiles = new Set([trustName, lockName]);
const topFolders = new Set([recordsPrefix, blobsPrefix, tempsName]);

/** Reports every object that an archive does not have: whoever hides something there must not go unnoticed. */
export async function findForeign(dir: string, onFault: OnFault): Promise<void> {
  const expectFile = (name: string, entry: Dirent, known: boolean): void => {
    if (!known) onFault(name, 'foreign: an archive has no object of this name');
    else if (!entry.isFile()) onFault(name, 'expected a regular file');
  };
  for (const entry of await readdir(dir, { withFileTypes: true }).catch((): Dirent[] => [])) {
    if (topFolders.has(entry.name) && entry.isDirectory()) continue;
    expectFile(entry.name, entry, topFiles.has(entry.name));
  }
  const forms: Record<string, (name: string) => boolean> = {
    [recordsPrefix]: (name) => seqOfKey(`${recordsPrefix}/${name}`) !== null,
    [blobsPrefix]: (name) => /^[0-9a-f]{64}$/.test(name),
    [tempsName]: isTempName,
  };
  for (const [folder, isKnown] of Object.entries(forms)) {
    const entries = await readdir(join(dir, folder), { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) expectFile(`${folder}/${entry.name}`, entry, isKnown(entry.name));
  }
}

/**
 * Reads every record in order and reports each break of the chain. It goes on behind a break, by the bytes that are there,
 * so that one changed object does not hide another.
 */
export async function readChain(dir: string, keys: PinnedKeys, onFault: OnFault): Promise<Read[]> {
  const names = await readdir(join(dir, recordsPrefix)).catch((): string[] => []);
  const seqs = names.flatMap((name) => seqOfKey(`${recordsPrefix}/${name}`) ?? []).sort((a, b) => a - b);
  const read: Read[] = [];
  let link: Link = genesis;
  for (const seq of seqs) {
    const bytes = await readFile(join(dir, recordKey(seq))).catch(() => Buffer.alloc(0));
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
export async function readBlobs(dir: string, onFault: OnFault): Promise<ReadonlySet<string>> {
  const names = await readdir(join(dir, blobsPrefix)).catch((): string[] => []);
  const sound = new Set<string>();
  for (const name of names.filter((one) => /^[0-9a-f]{64}$/.test(one)).sort()) {
    const bytes = await readFile(join(dir, blobsPrefix, name)).catch(() => null);
    if (bytes !== null && sha256Hex(bytes) === name) sound.add(name);
    else onFault(`${blobsPrefix}/${name}`, 'changed: its content does not hash to its name');
  }
  return sound;
}

/** An error's words, without the object's name in front of them. */
export function reasonOf(error: unknown, object: string): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(`\`${object}\`: `, '');
}
