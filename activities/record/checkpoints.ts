import type { Logger } from 'pino';
import type { HoldpointError } from '../../contracts/errors.ts';
import type { Failpoint } from '../failpoints.ts';
import { damaged } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CheckpointPlace } from './checkpoint-places.ts';
import type { Log } from './log.ts';
import { publishedText } from './published.ts';

export type CheckpointDeps = {
  readonly log: Log;
  readonly places: readonly CheckpointPlace[];
  readonly logger: Logger;
  readonly failpoint?: Failpoint;
};
type Known = { readonly place: CheckpointPlace; readonly newest: Checkpoint | null };

/** What each place has. Asked before the log is read, so that a recorder beside this one cannot be ahead of it. */
export const newestOf = (places: readonly CheckpointPlace[]): Promise<readonly Known[]> =>
  Promise.all(places.map(async (place) => ({ place, newest: await place.newest() })));

/**
 * Refuses a log that is behind what was published of it, or is another: its store was rewound, or swapped. Throws
 * `RECORD_DAMAGED` naming the place.
 */
export function mustReach(log: Log, known: readonly Known[]): void {
  for (const { place, newest } of known) {
    const fault = newest === null ? null : (faultOf(log, place, newest) ?? rewound(log, place, newest));
    if (fault !== null) throw fault;
  }
}

function rewound(log: Log, { name }: CheckpointPlace, { size }: Checkpoint): HoldpointError | null {
  const { size: found } = log.head();
  if (size <= found) return null;
  return damaged(name, `has a checkpoint over ${size} records, and the archive has ${found}: it was rewound`);
}

/** A checkpoint that no growth of this log explains; null for one that is ahead of it. */
function faultOf(log: Log, { name }: CheckpointPlace, newest: Checkpoint): HoldpointError | null {
  const head = log.head();
  if (newest.origin !== head.origin)
    return damaged(name, `has checkpoints of \`${newest.origin}\`, which is another log`);
  if (newest.size > head.size || log.head(newest.size).root.equals(newest.root)) return null;
  return damaged(
    name,
    `has a checkpoint over ${newest.size} records of another log than the archive holds: one was forked`,
  );
}

/**
 * Has each place keep the log's checkpoint, with the proof that it only grew since the one that is there, wherever it grew. A
 * place that has one of another log ends the service of this one. Throws what the first place that failed threw.
 */
export async function publish({ log, places, logger, failpoint }: CheckpointDeps): Promise<void> {
  const asked = await Promise.allSettled(
    places.map(async (place) => {
      const newest = await place.newest();
      const fault = newest === null ? null : faultOf(log, place, newest);
      if (fault !== null) log.condemn(fault);
      if (fault !== null) throw fault;
      const head = log.head();
      const older = newest?.size ?? 0;
      if (older > head.size) logger.warn({ place: place.name }, 'another recorder published more than this one knows');
      if (older >= head.size) return;
      const checkpoint = log.checkpoint(head.size);
      failpoint?.('recorder.before-publish');
      await place.keep(checkpoint, publishedText(checkpoint.note, older, log.consistency(older, head.size)));
      failpoint?.('recorder.after-publish');
    }),
  );
  for (const one of asked) if (one.status === 'rejected') throw one.reason;
}
