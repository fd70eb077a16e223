import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import type { Signer } from '../../policies/signing.ts';
import type { Failpoint } from '../failpoints.ts';
import { type Checkpoint, signCheckpoint, type TreeHead } from './checkpoint.ts';
import { Draft, type Group, LostRace, type Writer } from './draft.ts';
import { Kept } from './kept.ts';
import type { Entry } from './segment.ts';
import type { LogState } from './state.ts';
import type { RecordStore } from './store.ts';
import { type OnAppend, storeGroups } from './store-groups.ts';

// How the recorder is laid out: `store` keeps objects, `chain` reads a record as the next one, `segment` an object as the next
// records; `log` alone writes: `draft` is what was decided, `store-groups` puts it where it stays, `kept` is what is there.
// `state` is the fold that everything is decided by; `append-rules`, `receipts`, `outcomes` and `statements-door` decide; `auth`
// and `server` are the door; `sweep` and `seal` look at Temporal from outside. `verify*` needs no recorder at all.

export type LogDeps = {
  readonly store: RecordStore;
  readonly signer: Signer;
  readonly keys: PinnedKeys;
  readonly clock: () => number;
  /** What the log calls itself in its checkpoints. */
  readonly origin: string;
  readonly failpoint?: Failpoint;
  readonly onAppend?: OnAppend;
};
export type { Writer };
/** That a record is in the log: a signed checkpoint, and the path from the record's hash to its root. */
export type Inclusion = { readonly checkpoint: Checkpoint; readonly path: readonly Buffer[] };
export type Log = {
  /** The fold of all that is stored: for whoever reads. A decision goes by its writer's. */
  readonly state: LogState;
  /**
   * Runs `decide` with nobody else deciding, and resolves once all that it appended or went by is stored: so also what it
   * throws is thrown then. When another recorder wrote first, its records are read in and `decide` runs again from its
   * start: so it decides by the writer's state alone, and treats what it appended itself as found there.
   */
  write<T>(decide: (writer: Writer) => T | Promise<T>): Promise<T>;
  read(seq: number): Promise<SignedRecord>;
  /** The same for many, in their order; what lies in one segment is fetched once. */
  records(seqs: readonly number[]): AsyncGenerator<SignedRecord>;
  /** Proves that a record is in the log, by the checkpoint of the segment that holds it. Throws `NOT_FOUND`. */
  inclusion(seq: number): Inclusion;
  /** The tree over all that is stored, or over its first records. */
  head(size?: number): TreeHead;
  /** The same, signed. INVARIANT: never over more than is stored. */
  checkpoint(size?: number): Checkpoint;
  /** Proves that the first `older` records are the beginning of the first `size`. */
  consistency(older: number, size: number): readonly Buffer[];
  /** Why the log refuses to serve, once it was found damaged. */
  damage(): HoldpointError | null;
  /** Refuses to serve from now on. */
  condemn(why: HoldpointError): void;
};

const racesMax = 64;

/** Reads and verifies the whole log. Throws `RECORD_DAMAGED` naming object and reason: a damaged log is not served. */
export async function openLog(deps: LogDeps): Promise<Log> {
  const kept = new Kept(deps);
  const desk = createDesk(deps, kept, new Draft(deps, await kept.readAll()));
  let damage: HoldpointError | null = null;
  const condemn = (why: HoldpointError): void => {
    damage ??= why;
  };
  const head = (size = kept.size()): TreeHead => ({ origin: deps.origin, size, root: kept.tree.root(size) });
  const checkpoint = (size?: number): Checkpoint => {
    const signed = head(size);
    return { ...signed, note: signCheckpoint(deps.signer, signed), sole: true };
  };
  return {
    state: kept.state,
    damage: () => damage,
    condemn,
    head,
    checkpoint,
    async write(decide) {
      if (damage !== null) throw damage;
      try {
        return await desk.decideUntilFirst(decide);
      } catch (error) {
        if (error instanceof HoldpointError && error.code === 'RECORD_DAMAGED' && error.details.object !== undefined)
          condemn(error);
        throw error;
      }
    },
    async read(seq) {
      for await (const record of kept.records([seq])) return record;
      throw new HoldpointError('NOT_FOUND', `record ${seq} is not in the log`);
    },
    records: (seqs) => kept.records(seqs),
    inclusion(seq) {
      const size = kept.endOf(seq);
      return { checkpoint: checkpoint(size), path: kept.tree.inclusion(seq, size) };
    },
    consistency: (older, size) => kept.tree.consistency(older, size),
  };
}

type Decided<T> = { readonly value: T } | { readonly error: unknown };
type Desk = { decideUntilFirst<T>(decide: (writer: Writer) => T | Promise<T>): Promise<T> };

/**
 * Decides one by one, and stores what was decided in groups: while one segment is on its way, what comes waits, and goes
 * out together in the next. Whoever comes when nothing is on its way waits for nobody.
 */
function createDesk(deps: LogDeps, kept: Kept, first: Draft): Desk {
  let draft: Draft | null = first;
  let storing = false;
  let tail: Promise<unknown> = Promise.resolve();
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = tail.then(work, work);
    tail = turn.catch(() => undefined);
    return turn;
  };
  /** Never throws: what went wrong is told to all who wait for this draft, and the next decision begins another. */
  const storeAll = async (from: Draft): Promise<void> => {
    storing = true;
    try {
      for (let share = from.share(); share.length > 0; share = from.share()) {
        await storeGroups(deps, kept, share);
        from.stored(share);
      }
    } catch (error) {
      draft = null;
      from.fail(error);
    }
    storing = false;
  };
  const decideOnce = async <T>(decide: (writer: Writer) => T | Promise<T>) => {
    await draft?.room();
    draft ??= new Draft(deps, await kept.again());
    const mine = draft;
    const group = mine.open();
    const decided = await settle(() => decide(mine.writer(group)));
    const stored = mine.close(group);
    if (!storing) void storeAll(mine);
    return { decided, stored: stored.then(() => reachedReply(deps, group)) };
  };
  return {
    async decideUntilFirst(decide) {
      for (let race = 0; race < racesMax; race++) {
        const { decided, stored } = await alone(() => decideOnce(decide));
        try {
          await stored;
        } catch (error) {
          if (error instanceof LostRace) continue;
          throw error;
        }
        if ('error' in decided) throw decided.error;
        return decided.value;
      }
      throw new HoldpointError('RECORD_REFUSED', `expected a free place within ${racesMax} tries: too many recorders`);
    },
  };
}

async function settle<T>(decide: () => T | Promise<T>): Promise<Decided<T>> {
  try {
    return { value: await decide() };
  } catch (error) {
    return { error };
  }
}

function reachedReply({ failpoint }: LogDeps, { entries }: Group): void {
  const last: Entry | undefined = entries.at(-1);
  if (last === undefined) return;
  failpoint?.('recorder.after-append-before-reply');
  failpoint?.(`recorder.after-append-before-reply.${last.record.payload.body.kind}`);
}
