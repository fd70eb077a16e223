import { Context } from '@temporalio/activity';
import { z } from 'zod';
import { ModelUsage } from '../../contracts/model-usage.ts';
import { JsonValue, Sha256, text } from '../../contracts/values.ts';
import { attemptsMax } from './graph.ts';

const beatMs = 1_000;

const Answer = z.strictObject({
  model: text(64),
  label: text(120).nullable(),
  said: JsonValue,
  fault: z.strictObject({ code: z.literal('PROPOSAL_INVALID'), reason: text(500) }).optional(),
});
/** What outlives an attempt at a turn: which turn it was, what was spent on it, and what the model answered. */
export const Kept = z.strictObject({
  v: z.literal(1),
  turn: Sha256,
  spent: ModelUsage,
  answers: z.array(Answer).max(attemptsMax),
});
export type Kept = z.infer<typeof Kept>;

export type Beats = {
  /** Of the attempt before this one; null for the first, and where it does not read as expected. */
  readonly earlier: Kept | null;
  /** Keeps this for the next attempt, at once. */
  keep(kept: Kept): void;
  stop(): void;
};

/**
 * Heartbeats while a turn lasts: so that a kill reaches the model's request, and so that Temporal keeps what an attempt has
 * paid for. It outlives the process, its machine and its disk, and ends with the activity. Whoever holds a Temporal credential
 * can change it, and with it what the model seems to have said: as with every answer of this activity, nobody relies on that.
 */
export function startBeats(context: Context = Context.current()): Beats {
  const parsed = Kept.safeParse(context.info.heartbeatDetails);
  const earlier = parsed.success ? parsed.data : null;
  // A beat without it would make the server forget what the attempt before this one kept.
  let kept = earlier;
  const beat = (): void => (kept === null ? context.heartbeat() : context.heartbeat(kept));
  beat();
  const timer = setInterval(beat, beatMs);
  return {
    earlier,
    keep: (next) => {
      kept = next;
      beat();
    },
    stop: () => clearInterval(timer),
  };
}
