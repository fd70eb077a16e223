import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody, SignedRecord } from '../../contracts/record.ts';
import { LogRecord } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { sha256Hex } from '../../policies/digest.ts';
import type { Signer } from '../../policies/signing.ts';
import { firstIssue } from '../../policies/signing.ts';
import { recordBytes, recordBytesMax } from './chain.ts';
import { type Entry, segmentBytesMax, segmentRecordsMax } from './segment.ts';
import type { LogState } from './state.ts';

export type DraftDeps = { readonly signer: Signer; readonly clock: () => number };
export type Writer = {
  /** The fold of all that was decided before this moment, stored or not: what a decision goes by. */
  readonly state: LogState;
  /** Appends one record. `by` is the process on whose word. It counts when `write` has resolved, and not before. */
  append(body: RecordBody, by?: ProcessId): Appended;
};
/** What one decision appended: it is stored whole, in one segment. */
export type Group = {
  readonly entries: Entry[];
  bytes: number;
  readonly beganMs: number;
};

/** Another recorder wrote first: everything that was decided since has to be decided again. */
export class LostRace extends Error {}

/** Decisions share a segment up to this size; a larger one goes alone. */
const sharedBytesMax = 2 * 1024 * 1024;
/** No more is decided while this much waits to be stored. */
const waitingRecordsMax = 4_096;
const waitingBytesMax = 32 * 1024 * 1024;

type Waiter = { readonly resolve: () => void; readonly reject: (error: unknown) => void };

/**
 * What was decided and is not stored yet, with the fold that it was decided by. Decisions build on each other, so a draft of
 * which one segment cannot be stored fails as a whole, and all who wait for it are told so.
 */
export class Draft {
  private readonly ready: Group[] = [];
  private readonly waiters = new Map<Group, Waiter>();
  private last: Promise<void> = Promise.resolve();
  private waiting = { records: 0, bytes: 0 };
  private failure: { readonly error: unknown } | null = null;

  constructor(
    private readonly deps: DraftDeps,
    private readonly state: LogState,
  ) {}

  open(): Group {
    return { entries: [], bytes: 0, beganMs: performance.now() };
  }

  writer(group: Group): Writer {
    return { state: this.state, append: (body, by = this.deps.signer.as) => this.append(group, body, by) };
  }

  /** Resolves once this group and all before it are stored. Rejects with why they cannot be. */
  close(group: Group): Promise<void> {
    if (this.failure !== null) return Promise.reject(this.failure.error);
    if (group.entries.length === 0) return this.last;
    this.ready.push(group);
    this.waiting.records += group.entries.length;
    this.waiting.bytes += group.bytes;
    this.last = new Promise((resolve, reject) => this.waiters.set(group, { resolve, reject }));
    // Whoever decided is told by its own promise; this one may have nobody left who listens.
    this.last.catch(() => undefined);
    return this.last;
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    const { records, bytes } = this.waiting;
    if (records >= waitingRecordsMax || bytes >= waitingBytesMax) await this.last.catch(() => undefined);
  }

  /** Takes the groups of the next segment; none when nothing waits. */
  share(): readonly Group[] {
    let [count, records, bytes] = [0, 0, 0];
    for (const group of this.ready) {
      records += group.entries.length;
      bytes += group.bytes;
      if (count > 0 && (records > segmentRecordsMax || bytes > sharedBytesMax)) break;
      count += 1;
    }
    return this.ready.splice(0, count);
  }

  stored(groups: readonly Group[]): void {
    for (const group of groups) {
      this.waiting.records -= group.entries.length;
      this.waiting.bytes -= group.bytes;
      this.waiters.get(group)?.resolve();
      this.waiters.delete(group);
    }
  }

  fail(error: unknown): void {
    this.failure = { error };
    // INVARIANT: nothing of a failed draft is ever stored by its recorder: it is decided again, by what is there.
    this.ready.length = 0;
    for (const { reject } of this.waiters.values()) reject(error);
  }

  private append(group: Group, body: RecordBody, by: ProcessId): Appended {
    if (this.failure !== null) throw this.failure.error;
    const record = this.compose(body, by);
    const bytes = recordBytes(record);
    if (bytes.byteLength > recordBytesMax)
      throw new HoldpointError('TOO_LARGE', `record: expected at most ${recordBytesMax} bytes`);
    if (group.entries.length >= segmentRecordsMax || group.bytes + bytes.byteLength > segmentBytesMax)
      throw new HoldpointError('TOO_LARGE', 'record: expected one decision to fit into one segment');
    const link = { seq: record.payload.seq, hash: sha256Hex(bytes), atMs: Date.parse(record.payload.at) };
    this.state.apply(record, link);
    group.entries.push({ record, link, bytes });
    group.bytes += bytes.byteLength + 1;
    return { seq: link.seq, hash: link.hash, at: record.payload.at };
  }

  /** The next record of this log: its number, its link to the one before, and a time that never goes back. */
  private compose(body: RecordBody, by: ProcessId): SignedRecord {
    const { link } = this.state;
    const at = new Date(Math.max(this.deps.clock(), link.atMs)).toISOString();
    const parsed = LogRecord.safeParse({ v: 1, seq: link.seq + 1, prev: link.hash, at, by, body });
    if (!parsed.success) throw new HoldpointError('BAD_INPUT', `record: ${firstIssue(parsed.error)}`);
    return this.deps.signer.sign('record', parsed.data);
  }
}
