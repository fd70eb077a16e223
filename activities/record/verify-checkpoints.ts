import type { PinnedKeys } from '../../contracts/config.ts';
import type { OnFault } from './archive-source.ts';
import type { Checkpoint } from './checkpoint.ts';
import { isConsistent } from './merkle.ts';
import { openPublished, type Published } from './published.ts';
import { segmentKey } from './store.ts';
import { type Chain, reasonOf } from './verify-objects.ts';

/** A checkpoint that the reader kept elsewhere: what it is called there, and what is in it. */
export type KeptCheckpoint = { readonly name: string; readonly text: string };
type Opened = Published & { readonly object: string };

/**
 * Holds the archive against checkpoints that were kept elsewhere: each has to be the recorder's, over the beginning of this very
 * log, and its proof has to show that the log only grew. Answers what they say of the archive, in words for the report.
 */
export function checkCheckpoints(
  chain: Chain,
  kept: readonly KeptCheckpoint[],
  keys: PinnedKeys,
  onFault: OnFault,
): readonly string[] {
  const opened = kept.flatMap((one) => open(one, keys, onFault));
  const bySize = new Map<number, Opened>();
  for (const one of opened.sort((a, b) => a.checkpoint.size - b.checkpoint.size)) {
    checkAgainstLog(chain, one, onFault);
    checkProof(chain, one, bySize, onFault);
    checkAgainstOther(one, bySize.get(one.checkpoint.size), onFault);
    bySize.set(one.checkpoint.size, one);
  }
  const newest = opened.at(-1);
  if (newest === undefined) return [];
  return [`checkpoints: ${opened.length}, brought by the reader, the newest over ${newest.checkpoint.size} records`];
}

function open({ name, text }: KeptCheckpoint, keys: PinnedKeys, onFault: OnFault): Opened[] {
  const object = `checkpoint ${name}`;
  try {
    return [{ ...openPublished(text, keys), object }];
  } catch (error) {
    onFault(object, reasonOf(error, object));
    return [];
  }
}

function checkAgainstLog({ tree, origin, size }: Chain, { checkpoint, object }: Opened, onFault: OnFault): void {
  const { size: known, root } = checkpoint;
  if (origin !== null && checkpoint.origin !== origin)
    onFault(object, `is of \`${checkpoint.origin}\`, the archive of \`${origin}\``);
  else if (known > size)
    onFault(segmentKey(size), `is missing: ${object} is over ${known} records, and the archive has ${size}`);
  // Behind the first break of the chain there is no root to hold it against; the break itself is reported.
  else if (known <= tree.size && !tree.root(known).equals(root))
    onFault(object, `is over ${known} records of another log than this one: one of them was forked`);
}

/** The older root is that of a checkpoint that was brought, or else the archive's own. */
function checkProof(
  { tree }: Chain,
  { checkpoint, since, object }: Opened,
  bySize: ReadonlyMap<number, Opened>,
  onFault: OnFault,
): void {
  if (since === null) return;
  const older = bySize.get(since.size)?.checkpoint ?? rootOf(tree, since.size);
  if (since.size > checkpoint.size || (older !== null && !isConsistent({ older, newer: checkpoint, path: since.path })))
    onFault(object, `its proof does not show that the log only grew since it had ${since.size} records`);
}

const rootOf = (tree: Chain['tree'], size: number): Pick<Checkpoint, 'size' | 'root'> | null =>
  size <= tree.size ? { size, root: tree.root(size) } : null;

function checkAgainstOther({ checkpoint, object }: Opened, other: Opened | undefined, onFault: OnFault): void {
  if (other !== undefined && !other.checkpoint.root.equals(checkpoint.root))
    onFault(object, `is forked: ${other.object} has another root over as many records`);
}
