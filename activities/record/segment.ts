import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { damaged, type Link, openLink, recordBytesMax } from './chain.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { type MerkleTree, recordLeaf } from './merkle.ts';
import { segmentKey } from './store.ts';

/** One record of the log with its place in the chain and its own bytes. */
export type Entry = { readonly record: SignedRecord; readonly link: Link; readonly bytes: Buffer };

export const segmentRecordsMax = 512;
/** What one decision appends goes into one segment, so it may not exceed this. */
export const segmentBytesMax = 2 * recordBytesMax;
const headBytesMax = 1_024;
export const otherRoot = 'its checkpoint has another root than the records up to its end';

/**
 * A segment is one object: the checkpoint over every record up to its own last one, and then those records, each on a line in
 * its canonical bytes. Nothing else is in it, so that it has one spelling.
 */
export const segmentBytes = (checkpoint: string, entries: readonly Pick<Entry, 'bytes'>[]): Buffer =>
  Buffer.concat([Buffer.from(checkpoint, 'utf8'), ...entries.flatMap(({ bytes }) => [bytes, newline])]);
const newline = Buffer.from('\n');

export type Parts = { readonly note: string; readonly lines: readonly Buffer[] };

/** Takes a segment apart; nothing of it is believed yet. Throws `RECORD_DAMAGED` naming `object`. */
export function partsOf(bytes: Buffer, object: string): Parts {
  if (bytes.byteLength > segmentBytesMax + headBytesMax)
    throw damaged(object, `expected at most ${segmentBytesMax} bytes of records`);
  // A checkpoint has no line that begins with a brace, and a record has no other.
  const start = bytes.indexOf('\n{') + 1;
  if (start < 1 || bytes.at(-1) !== newline[0])
    throw damaged(object, 'expected a checkpoint and whole lines of records');
  const lines: Buffer[] = [];
  for (let from = start; from < bytes.byteLength; ) {
    const end = bytes.indexOf(newline, from);
    lines.push(bytes.subarray(from, end));
    from = end + 1;
  }
  if (lines.length > segmentRecordsMax) throw damaged(object, `expected at most ${segmentRecordsMax} records`);
  return { note: bytes.subarray(0, start).toString('utf8'), lines };
}

export type Place = { readonly link: Link; readonly tree: MerkleTree; readonly origin: string | null };
export type OpenedSegment = { readonly entries: readonly Entry[]; readonly checkpoint: Checkpoint };

/**
 * Reads a segment as the one that follows `before`: each record in its place in the chain, and all of them, with every one
 * before, under the root that the recorder signed. Throws `RECORD_DAMAGED` naming object and reason; the tree is then as it was.
 */
export function openSegment(bytes: Buffer, before: Place, keys: PinnedKeys): OpenedSegment {
  const object = segmentKey(before.link.seq + 1);
  const { note, lines } = partsOf(bytes, object);
  const entries: Entry[] = [];
  for (const line of lines)
    entries.push({ bytes: line, ...openLink(line, entries.at(-1)?.link ?? before.link, keys, object) });
  const { size } = before.tree;
  try {
    for (const { link } of entries) before.tree.append(recordLeaf(link.hash));
    return { entries, checkpoint: openHead(note, before, keys, object) };
  } catch (error) {
    before.tree.truncate(size);
    throw error;
  }
}

/** The checkpoint of a segment, if it is one over all that is in the tree. Throws `RECORD_DAMAGED` naming `object`. */
function openHead(note: string, { tree, origin }: Place, keys: PinnedKeys, object: string): Checkpoint {
  const head = readHead(note, keys, object);
  mustBeHeadOf(head, { origin, size: tree.size }, object);
  if (!head.root.equals(tree.root())) throw damaged(object, otherRoot);
  return head;
}

/** That it speaks of this log at this size, in the one spelling that a segment has. */
export function mustBeHeadOf(
  head: Checkpoint,
  { origin, size }: { readonly origin: string | null; readonly size: number },
  object: string,
): void {
  if (!head.sole) throw damaged(object, "expected no signature beside the recorder's");
  if (origin !== null && head.origin !== origin)
    throw damaged(object, `expected a checkpoint of \`${origin}\`, got one of \`${head.origin}\``);
  if (head.size !== size)
    throw damaged(object, `expected a checkpoint over ${size} records, got one over ${head.size}`);
}

/** The checkpoint of a segment by itself. Throws `RECORD_DAMAGED` naming `object`. */
export function readHead(note: string, keys: PinnedKeys, object: string): Checkpoint {
  try {
    return openCheckpoint(note, keys);
  } catch (error) {
    throw damaged(object, error instanceof Error ? error.message : 'its checkpoint cannot be read');
  }
}
