import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { openNote } from '../../policies/note.ts';
import type { Signer } from '../../policies/signing.ts';

/** A tree head: which log, how many records, and the root over them. */
export type TreeHead = { readonly origin: string; readonly size: number; readonly root: Buffer };

/**
 * A tree head that the recorder signed, as C2SP's tlog-checkpoint specification has it (https://c2sp.org/tlog-checkpoint):
 * origin, size and root of the tree, each on a line, in a signed note under the origin's name.
 */
export type Checkpoint = TreeHead & {
  readonly note: string;
  /** Nobody else's signature is beside the recorder's. */
  readonly sole: boolean;
};

export const signCheckpoint = (signer: Signer, { origin, size, root }: TreeHead): string =>
  signer.note(origin, `${origin}\n${size}\n${root.toString('base64')}\n`);

/** Throws `BAD_INPUT` or `BAD_SIGNATURE` for what no pinned key of the recorder signed. */
export function openCheckpoint(note: string, keys: PinnedKeys): Checkpoint {
  const { name, text, sole } = openNote(note, keys.recorder ?? []);
  const [, size, hash] = /^[^\n]+\n(0|[1-9][0-9]{0,11})\n([A-Za-z0-9+/]{43}=)\n$/.exec(text) ?? [];
  const root = Buffer.from(hash ?? '', 'base64');
  if (size === undefined || root.toString('base64') !== hash)
    throw new HoldpointError('BAD_INPUT', 'checkpoint: expected an origin, a size and a root, and nothing else');
  return { origin: name, size: Number(size), root, note, sole };
}
