import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import type { OnFault, Surveyed } from './archive-source.ts';
import { genesis, type Link, openLink, openRecord } from './chain.ts';
import { MerkleTree, recordLeaf } from './merkle.ts';
import { mustBeHeadOf, otherRoot, type Parts, partsOf, readHead } from './segment.ts';
import { blobsPrefix, firstOfKey, isKey, segmentKey, segmentsPrefix } from './store.ts';

export type Fault = { readonly object: string; readonly reason: string };
/** `object`: the segment that holds it. */
export type Read = { readonly record: SignedRecord; readonly link: Link; readonly object: string };
export type Chain = {
  readonly read: readonly Read[];
  /** The tree over all records, as far as none is missing or damaged. */
  readonly tree: MerkleTree;
  /** What the log calls itself; null when no checkpoint of it could be read. */
  readonly origin: string | null;
  /** How many records there are, also unreadable ones. */
  readonly size: number;
};

/** What is known behind the segments read so far. */
type Standing = {
  link: Link;
  origin: string | null;
  /** False behind the first break: the roots after it cannot be computed any more. */
  whole: boolean;
  /** True behind a segment of which nobody can say how many records it had. */
  lost: boolean;
};

/**
 * Reads every segment in order and reports each break of the chain and each checkpoint that is not over what lies before it.
 * It goes on behind a break, by the bytes that are there, so that one changed object does not hide another.
 */
export async function readChain(archive: Surveyed, keys: PinnedKeys, onFault: OnFault): Promise<Chain> {
  const firsts = (await archive.list(segmentsPrefix)).flatMap((key) => firstOfKey(key) ?? []).sort((a, b) => a - b);
  const tree = new MerkleTree();
  const read: Read[] = [];
  const at: Standing = { link: genesis, origin: null, whole: true, lost: false };
  for (const first of firsts) {
    const object = segmentKey(first);
    const parts = takeApart((await archive.get(object)) ?? Buffer.alloc(0), object, onFault);
    findPlace(at, first, parts, keys, onFault);
    at.lost = parts === null;
    at.whole &&= parts !== null;
    if (parts === null) continue;
    for (const line of parts.lines) {
      const found = readLine(line, at, keys, object, onFault);
      if (found !== null) read.push(found);
      if (at.whole) tree.append(recordLeaf(at.link.hash));
    }
    checkHead(parts.note, at, tree, keys, object, onFault);
  }
  return { read, tree, origin: at.origin, size: at.link.seq + 1 };
}

function takeApart(bytes: Buffer, object: string, onFault: OnFault): Parts | null {
  try {
    return partsOf(bytes, object);
  } catch (error) {
    onFault(object, reasonOf(error, object));
    return null;
  }
}

/** Reports what is missing before a segment, or there twice, and goes on from where the segment says that it begins. */
function findPlace(at: Standing, first: number, parts: Parts | null, keys: PinnedKeys, onFault: OnFault): void {
  const next = at.link.seq + 1;
  if (first === next) return;
  if (first < next) onFault(segmentKey(first), `begins with record ${first}, which the segment before it has already`);
  else if (!at.lost) reportMissing(next, first - 1, onFault);
  at.link = { ...at.link, seq: first - 1, hash: prevOf(parts?.lines[0], keys) };
  at.whole = false;
}

function reportMissing(from: number, to: number, onFault: OnFault): void {
  const last = to > from ? ` (and all up to record ${to})` : '';
  onFault(segmentKey(from), `is missing${last}, though a later record is there`);
}

/** What a record behind a gap says it follows; the gap itself is reported already. */
function prevOf(line: Buffer | undefined, keys: PinnedKeys): string {
  try {
    return openRecord(line ?? Buffer.alloc(0), keys, (reason) => new Error(reason)).payload.prev;
  } catch {
    return '';
  }
}

function readLine(line: Buffer, at: Standing, keys: PinnedKeys, object: string, onFault: OnFault): Read | null {
  try {
    const next = openLink(line, at.link, keys, object);
    at.link = next.link;
    return { ...next, object };
  } catch (error) {
    onFault(object, reasonOf(error, object));
    at.link = { seq: at.link.seq + 1, hash: sha256Hex(line), atMs: at.link.atMs };
    at.whole = false;
    return null;
  }
}

function checkHead(
  note: string,
  at: Standing,
  tree: MerkleTree,
  keys: PinnedKeys,
  object: string,
  onFault: OnFault,
): void {
  try {
    const head = readHead(note, keys, object);
    const { origin } = at;
    at.origin ??= head.origin;
    mustBeHeadOf(head, { origin, size: at.link.seq + 1 }, object);
    if (at.whole && !head.root.equals(tree.root())) onFault(object, otherRoot);
  } catch (error) {
    onFault(object, reasonOf(error, object));
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
