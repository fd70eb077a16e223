import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { damaged } from './chain.ts';
import { MerkleTree } from './merkle.ts';
import { type Entry, openSegment, partsOf } from './segment.ts';
import { LogState } from './state.ts';
import { firstOfKey, formerPrefix, type RecordStore, segmentKey, segmentsPrefix } from './store.ts';

export type KeptDeps = { readonly store: RecordStore; readonly keys: PinnedKeys; readonly origin: string };

const readAheadMax = 16;

/** What is in the store, as far as it was read in or put there. */
export class Kept {
  readonly state = new LogState();
  /** Over all that is stored, and the segment that is on its way. */
  readonly tree = new MerkleTree();
  /** How many records there are at the end of each segment. */
  private readonly ends: number[] = [];

  constructor(private readonly deps: KeptDeps) {}

  /** How many records are stored. */
  size(): number {
    return this.ends.at(-1) ?? 0;
  }

  /** Reads in and checks the whole log. Answers a second fold of it, which may run ahead. Throws `RECORD_DAMAGED`. */
  async readAll(): Promise<LogState> {
    const keys = await listed(this.deps);
    const ahead = new LogState();
    await this.readOn(ahead);
    const unread = keys.find((key, index) => index >= this.ends.length || key !== segmentKey(this.firstOf(index)));
    if (unread !== undefined) throw damaged(segmentKey(this.size()), `is missing, though \`${unread}\` is there`);
    return ahead;
  }

  /** Reads on, and folds everything once more. */
  async again(): Promise<LogState> {
    await this.readOn();
    const ahead = new LogState();
    for (let from = 0; from < this.ends.length; from += readAheadMax) {
      const indexes = this.ends.slice(from, from + readAheadMax).map((_, offset) => from + offset);
      const read = await Promise.all(indexes.map((index) => this.entriesOf(index)));
      for (const { record, link } of read.flat()) ahead.apply(record, link);
    }
    return ahead;
  }

  /** Takes in what was just stored as the next segment; its leaves are in the tree already. */
  take(entries: readonly Entry[]): void {
    for (const { record, link } of entries) this.state.apply(record, link);
    this.ends.push(this.size() + entries.length);
  }

  /** How many records the log had when the segment of this record was stored. Throws `NOT_FOUND`. */
  endOf(seq: number): number {
    return this.ends[this.indexOf(seq)] ?? 0;
  }

  /** What lies in one segment is fetched once. */
  async *records(seqs: readonly number[]): AsyncGenerator<SignedRecord> {
    let at = -1;
    let entries: readonly Pick<Entry, 'record'>[] = [];
    for (const seq of seqs) {
      const index = this.indexOf(seq);
      if (index !== at) entries = await this.entriesOf(index);
      at = index;
      const entry = entries[seq - this.firstOf(index)];
      if (entry !== undefined) yield entry.record;
    }
  }

  private async readOn(also?: LogState): Promise<void> {
    const { store, keys, origin } = this.deps;
    for (;;) {
      const bytes = await store.get(segmentKey(this.size()));
      if (bytes === null) return;
      const { entries } = openSegment(bytes, { link: this.state.link, tree: this.tree, origin }, keys);
      for (const { record, link } of entries) also?.apply(record, link);
      this.take(entries);
    }
  }

  /** The place of a record's segment among all. */
  private indexOf(seq: number): number {
    if (!(seq >= 0 && seq < this.size())) throw new HoldpointError('NOT_FOUND', `record ${seq} is not in the log`);
    let [low, high] = [0, this.ends.length - 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (seq < (this.ends[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private firstOf(index: number): number {
    return index === 0 ? 0 : (this.ends[index - 1] ?? 0);
  }

  /** Records that were read in before: their hashes say that they passed every check then, and no check is made twice. */
  private async entriesOf(index: number) {
    const first = this.firstOf(index);
    const object = segmentKey(first);
    const bytes = await this.deps.store.get(object);
    if (bytes === null) throw damaged(object, 'is missing, though it was read before');
    const { lines } = partsOf(bytes, object);
    if (lines.length !== this.endOf(first) - first) throw damaged(object, 'changed since it was read first');
    return lines.map((line, offset) => {
      const seq = first + offset;
      const hash = sha256Hex(line);
      if (hash !== this.state.hashAt(seq)) throw damaged(object, `record ${seq}: changed since it was read first`);
      const record = JSON.parse(line.toString('utf8')) as SignedRecord;
      return { record, link: { seq, hash, atMs: Date.parse(record.payload.at) } };
    });
  }
}

/** The keys of all segments. Throws `RECORD_DAMAGED` for a name that none has, `RECORD_REFUSED` for an earlier format. */
async function listed({ store }: KeptDeps): Promise<readonly string[]> {
  if ((await store.list(formerPrefix)).length > 0)
    throw new HoldpointError(
      'RECORD_REFUSED',
      'archive: it has an earlier format, an object for each record; keep it for the version that wrote it, and begin another',
    );
  const keys = await store.list(segmentsPrefix);
  const foreign = keys.find((key) => firstOfKey(key) === null);
  if (foreign !== undefined) throw damaged(foreign, 'no segment has this name');
  return keys;
}
