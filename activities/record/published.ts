import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { proofHashesMax } from './merkle.ts';

/**
 * A checkpoint as it is kept elsewhere, with the proof that the log only grew since the one before it. The text is what
 * C2SP's tlog-witness specification has a log send (https://c2sp.org/tlog-witness): the size of the older one, a line for
 * each hash, an empty line, the checkpoint.
 */
export type Published = {
  readonly checkpoint: Checkpoint;
  /** Null for a checkpoint that came without a proof. */
  readonly since: { readonly size: number; readonly path: readonly Buffer[] } | null;
};

const textCharsMax = 32_768;

export const publishedText = (note: string, olderSize: number, path: readonly Buffer[]): string =>
  [`old ${olderSize}`, ...path.map((hash) => hash.toString('base64')), '', note].join('\n');

/** Reads a checkpoint with its proof, or one alone. Throws `BAD_INPUT` or `BAD_SIGNATURE`. */
export function openPublished(text: string, keys: PinnedKeys): Published {
  if (text.length > textCharsMax) throw malformed();
  if (!text.startsWith('old ')) return { checkpoint: openCheckpoint(text, keys), since: null };
  const [, size, hashes = '', note = ''] =
    /^old (0|[1-9][0-9]{0,11})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n([\s\S]+)$/.exec(text) ?? [];
  if (size === undefined) throw malformed();
  const lines = hashes.split('\n').slice(0, -1);
  const path = lines.map((line) => Buffer.from(line, 'base64'));
  // One spelling for each hash, so that no byte can be changed unseen.
  if (lines.some((line, n) => path[n]?.toString('base64') !== line)) throw malformed();
  if (path.length > proofHashesMax) throw malformed();
  return { checkpoint: openCheckpoint(note, keys), since: { size: Number(size), path } };
}

const malformed = (): HoldpointError =>
  new HoldpointError('BAD_INPUT', 'checkpoint: expected `old`, a size, a proof and a signed checkpoint');
