import { HoldpointError } from '../../contracts/errors.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import type { Deadline } from './implement.ts';

/** How far this clock may be from the recorder's. Further, and one of the two is wrong: no write (promise P9). */
const skewMsMax = 2_000;

export type Clocks = {
  /** Wall clock, ms since the epoch. */
  readonly clock: () => number;
  /** A clock that only goes forward, in ms. */
  readonly monotonic: () => number;
};
export type StartBudget = {
  /** Throws `RECEIPT_EXPIRED` once the effect may not begin any more, by either clock. */
  mustBeLeft(): void;
  /** For the effect's own request; computed when asked, so that a process that slept asks with what is left then. */
  deadline(): Deadline;
};

/**
 * The time in which a receipt admits the effect to begin: before `startBefore` by the wall clock, and no longer after the
 * receipt was asked for than the recorder gave. Throws `RECEIPT_EXPIRED` for a receipt of another time or a wrong clock.
 */
export function startBudget(
  receipt: Pick<Receipt, 'issuedAt' | 'startBefore'>,
  { clock, monotonic }: Clocks,
  { askedAt, startMsMax }: { readonly askedAt: number; readonly startMsMax: number },
): StartBudget {
  const issuedAt = Date.parse(receipt.issuedAt);
  const startBefore = Date.parse(receipt.startBefore);
  const spanMs = startBefore - issuedAt;
  // Each test is written so that a clock that answers NaN refuses too.
  if (!(spanMs > 0 && spanMs <= startMsMax)) throw expired('expected a receipt with a start time in its bounds');
  if (!(issuedAt - clock() <= skewMsMax)) throw expired('this clock is behind the recorder');
  const leftMs = (): number => Math.min(startBefore - clock(), spanMs - (monotonic() - askedAt));
  return {
    mustBeLeft() {
      if (!(leftMs() > 0)) throw expired('the effect did not begin in time');
    },
    deadline: () => ({ startBefore: receipt.startBefore, leftMs: leftMs() }),
  };
}

const expired = (why: string): HoldpointError => new HoldpointError('RECEIPT_EXPIRED', `receipt: ${why}`);
