import type { RecordBody } from '../../contracts/record.ts';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import { type Group, LostRace } from './draft.ts';
import type { Kept } from './kept.ts';
import type { LogDeps } from './log.ts';
import { recordLeaf } from './merkle.ts';
import { segmentBytes } from './segment.ts';
import { segmentKey } from './store.ts';

/** `ms`: from the decision until it was stored. */
export type OnAppend = (body: RecordBody, ms: number) => void;

/**
 * Puts the groups as one segment behind all that is kept, and takes them in once they are stored. Throws `LostRace` when another
 * recorder has that place; then, and whenever the store fails, nothing of them is taken in.
 */
export async function storeGroups(deps: LogDeps, kept: Kept, groups: readonly Group[]): Promise<void> {
  const entries = groups.flatMap((group) => group.entries);
  const { tree } = kept;
  const before = tree.size;
  const kinds = new Set(entries.map(({ record }) => record.payload.body.kind));
  const reached = (point: string): void => {
    deps.failpoint?.(`recorder.${point}`);
    for (const kind of kinds) deps.failpoint?.(`recorder.${point}.${kind}`);
  };
  try {
    for (const { link } of entries) tree.append(recordLeaf(link.hash));
    const checkpoint = signCheckpoint(deps.signer, { origin: deps.origin, size: tree.size, root: tree.root() });
    // INVARIANT: what no reader could open is never stored. Records and checkpoint are signed by one key, so one check is enough.
    openCheckpoint(checkpoint, deps.keys);
    const put = await deps.store.putNew(segmentKey(before), segmentBytes(checkpoint, entries), reached);
    if (put === 'exists') throw new LostRace();
  } catch (error) {
    tree.truncate(before);
    throw error;
  }
  reached('after-segment');
  kept.take(entries);
  const now = performance.now();
  for (const { beganMs, entries: own } of groups)
    for (const { record } of own) deps.onAppend?.(record.payload.body, now - beganMs);
}
