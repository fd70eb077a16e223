import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody, SignedRecord } from '../../contracts/record.ts';
import { LogRecord } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { sha256Hex } from '../../policies/digest.ts';
import type { Signer } from '../../policies/signing.ts';
import { firstIssue } from '../../policies/signing.ts';
import type { Failpoint } from '../failpoints.ts';
import type { Linked } from './chain.ts';
import { damaged, openLink, openRecordObject, recordBytes, recordBytesMax } from './chain.ts';
import { LogState } from './state.ts';
import type { RecordStore } from './store.ts';
import { recordKey, recordsPrefix, seqOfKey } from './store.ts';

// How the recorder is laid out: `store` keeps objects, `chain` reads one as the next record, `log` alone writes, `state` is
// the fold that everything is decided by; `append-rules`, `receipts`, `outcomes` and `statements-door` decide; `auth` and
// `server` are the door; `sweep` and `seal` look at Temporal from outside. `verify*` needs no recorder at all.

export type LogDeps = {
  readonly store: RecordStore;
  readonly signer: Signer;
  readonly keys: PinnedKeys;
  readonly clock: () => number;
  readonly failpoint?: Failpoint;
  readonly onAppend?: (body: RecordBody, ms: number) => void;
};
export type Writer = {
  /** Appends one record, durable when it resolves. `by` is the process on whose word it is appended. */
  append(body: RecordBody, by?: ProcessId): Promise<Appended>;
};
export type Log = {
  readonly state: LogState;
  /**
   * Runs `decide` with nobody else writing. When another recorder wrote first, its records are read in and `decide` runs
   * again from its start: so it decides by `state` alone, and treats what it appended itself as found there.
   */
  write<T>(decide: (writer: Writer) => Promise<T>): Promise<T>;
  read(seq: number): Promise<SignedRecord>;
  appendedAt(seq: number): Promise<Appended>;
  /** Why the log refuses to serve, once it was found damaged. */
  damage(): HoldpointError | null;
};

class LostRace extends Error {}
const racesMax = 64;

/** Reads and verifies the whole log. Throws `RECORD_DAMAGED` naming object and reason: a damaged log is not served. */
export async function openLog(deps: LogDeps): Promise<Log> {
  const state = new LogState();
  await readAll(deps, state);
  let damage: HoldpointError | null = null;
  let tail: Promise<unknown> = Promise.resolve();

  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  const write = async <T>(decide: (writer: Writer) => Promise<T>): Promise<T> => {
    if (damage !== null) throw damage;
    try {
      return await decideUntilFirst(deps, state, decide);
    } catch (error) {
      if (error instanceof HoldpointError && error.code === 'RECORD_DAMAGED' && error.details.object !== undefined)
        damage = error;
      throw error;
    }
  };
  return {
    state,
    damage: () => damage,
    write: (decide) => alone(() => write(decide)),
    read: (seq) => readOne(deps, state, seq),
    async appendedAt(seq) {
      const { payload } = await readOne(deps, state, seq);
      return { seq, hash: state.hashAt(seq) ?? '', at: payload.at };
    },
  };
}

async function decideUntilFirst<T>(deps: LogDeps, state: LogState, decide: (w: Writer) => Promise<T>): Promise<T> {
  for (let race = 0; race < racesMax; race++) {
    let wrote: RecordBody['kind'] | null = null;
    const append = async (body: RecordBody, by: ProcessId = deps.signer.as): Promise<Appended> => {
      wrote = body.kind;
      return appendNext(deps, state, body, by);
    };
    try {
      const result = await decide({ append });
      reachedReply(deps, wrote);
      return result;
    } catch (error) {
      if (!(error instanceof LostRace)) throw error;
    }
  }
  throw new HoldpointError('RECORD_REFUSED', `expected a free number within ${racesMax} tries: too many recorders`);
}

function reachedReply({ failpoint }: LogDeps, kind: RecordBody['kind'] | null): void {
  if (kind === null) return;
  failpoint?.('recorder.after-append-before-reply');
  failpoint?.(`recorder.after-append-before-reply.${kind}`);
}

async function appendNext(deps: LogDeps, state: LogState, body: RecordBody, by: ProcessId): Promise<Appended> {
  const began = performance.now();
  const record = compose(deps, state, body, by);
  const bytes = recordBytes(record);
  const key = recordKey(record.payload.seq);
  const reached = (point: string): void => {
    deps.failpoint?.(`recorder.${point}`);
    deps.failpoint?.(`recorder.${point}.${body.kind}`);
  };
  if ((await deps.store.putNew(key, bytes, reached)) === 'exists') {
    await readOn(deps, state);
    throw new LostRace();
  }
  // Read back through the same checks that a reader makes: what we could not read again was never appended.
  const { link } = openLink(bytes, state.link, deps.keys);
  state.apply(record, link);
  deps.onAppend?.(body, performance.now() - began);
  return { seq: link.seq, hash: link.hash, at: record.payload.at };
}

/** The next record of this log: its number, its link to the one before, and a time that never goes back. */
function compose({ signer, clock }: LogDeps, { link }: LogState, body: RecordBody, by: ProcessId): SignedRecord {
  const at = new Date(Math.max(clock(), link.atMs)).toISOString();
  const parsed = LogRecord.safeParse({ v: 1, seq: link.seq + 1, prev: link.hash, at, by, body });
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `record: ${firstIssue(parsed.error)}`);
  const record = signer.sign('record', parsed.data);
  if (recordBytes(record).byteLength > recordBytesMax)
    throw new HoldpointError('TOO_LARGE', `record: expected at most ${recordBytesMax} bytes`);
  return record;
}

async function readAll(deps: LogDeps, state: LogState): Promise<void> {
  const keys = await deps.store.list(recordsPrefix);
  for (const [index, key] of keys.entries()) {
    const seq = seqOfKey(key);
    if (seq === null) throw damaged(key, 'no record has this name');
    if (seq !== index) throw damaged(recordKey(index), `is missing, though record ${seq} is there`);
  }
  await readOn(deps, state);
  if (state.link.seq !== keys.length - 1) throw damaged(recordKey(keys.length - 1), 'could not be read');
}

/** Reads in every record after the last that is known: at the start all of them, after a lost race those of another. */
async function readOn(deps: LogDeps, state: LogState): Promise<void> {
  for (;;) {
    const next = await readNext(deps, state);
    if (next === null) return;
    state.apply(next.record, next.link);
  }
}

async function readNext({ store, keys }: LogDeps, { link }: LogState): Promise<Linked | null> {
  const bytes = await store.get(recordKey(link.seq + 1));
  return bytes === null ? null : openLink(bytes, link, keys);
}

async function readOne({ store, keys }: LogDeps, state: LogState, seq: number): Promise<SignedRecord> {
  const bytes = seq <= state.link.seq && seq >= 0 ? await store.get(recordKey(seq)) : null;
  if (bytes === null) throw new HoldpointError('NOT_FOUND', `record ${seq} is not in the log`);
  // The very bytes that passed every check when they were read in first: their hash says so, and no check is made twice.
  if (sha256Hex(bytes) === state.hashAt(seq)) return JSON.parse(bytes.toString('utf8')) as SignedRecord;
  openRecordObject(bytes, recordKey(seq), keys);
  throw damaged(recordKey(seq), 'changed since it was read first');
}
