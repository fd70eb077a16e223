import { HoldpointError } from '../../contracts/errors.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { toleranceMs } from './generic.ts';

const idsMax = 10_000;
/** As long as a delivery's timestamp can still pass, from both sides of our clock. */
const rememberMs = 2 * toleranceMs;

/**
 * Remembers the deliveries that were accepted. A copy of one is answered from memory, so that a captured delivery cannot be
 * used to flood a running incident with signals. Beyond `idsMax` the oldest is forgotten: then the workflow id alone,
 * which is always checked, keeps a copy harmless.
 */
export type ReplayWindow<T> = {
  /** The remembered answer to this delivery, or null. Throws `REPLAYED_REQUEST` for a known id with another body. */
  recall(id: string, body: Uint8Array): T | null;
  remember(id: string, body: Uint8Array, answer: T): void;
};

export function createReplayWindow<T>(clock: () => number): ReplayWindow<T> {
  const known = new Map<string, { readonly bodyHash: string; readonly answer: T; readonly until: number }>();
  return {
    recall(id, body) {
      const found = known.get(id);
      if (found === undefined) return null;
      if (found.until < clock()) {
        known.delete(id);
        return null;
      }
      if (found.bodyHash !== sha256Hex(body))
        throw new HoldpointError('REPLAYED_REQUEST', '`webhook-id`: expected an id of its own for another body');
      return found.answer;
    },
    remember(id, body, answer) {
      for (const oldest of known.keys()) {
        if (known.size < idsMax) break;
        known.delete(oldest);
      }
      known.set(id, { bodyHash: sha256Hex(body), answer, until: clock() + rememberMs });
    },
  };
}
