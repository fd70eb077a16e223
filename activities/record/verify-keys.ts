import { PinnedKeys } from '../../contracts/config.ts';
import type { ArchiveSource } from './archive-source.ts';
import { parseJson } from './wire.ts';

export const trustName = 'trust.json';

export type Anchors = { readonly keys: PinnedKeys | null; readonly words: readonly string[] };

/**
 * By which keys an archive is verified: those that the reader brings, or else those that lie beside it, which prove only that
 * the archive agrees with itself. Says which, in words for the report; null when there are none at all.
 */
export async function anchorsOf(source: ArchiveSource, given: PinnedKeys | null): Promise<Anchors> {
  if (given !== null) return { keys: given, words: ['keys that the reader brought (pinned)'] };
  const found = PinnedKeys.safeParse(parseJson((await source.trust()) ?? Buffer.alloc(0)));
  if (!found.success) return { keys: null, words: ['none: no keys were brought and the archive carries none'] };
  const word = `keys from \`${trustName}\` in the archive itself: self-asserted, untrusted; whoever wrote the archive chose them`;
  return { keys: found.data, words: [word] };
}
