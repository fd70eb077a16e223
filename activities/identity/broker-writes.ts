import { HoldpointError } from '../../contracts/errors.ts';
import type { Receipt } from '../../contracts/receipt.ts';
import { startBudget } from '../tools/start-budget.ts';
import type { BrokerDeps } from './broker.ts';
import type { WriteEntitlement } from './entitlement.ts';
import { type Held, type Ledger, liveOf } from './ledger.ts';
import { boundState } from './scope-state.ts';

/** By which a login has to sign in for its effect: the receipt gives it two seconds to begin. */
const signInMs = 5_000;
const endsMsMax = 600_000;
/** How far the recorder's clock may be ahead of ours. */
export const skewMsMax = 2_000;

type Deps = Pick<BrokerDeps, 'clock' | 'monotonic' | 'fences'>;

/**
 * One credential for one receipt. Throws `RECEIPT_EXPIRED` once the effect may not begin, `RECEIPT_SPENT` when it was asked for
 * before (whoever asks: a second one could be used beside the first), `STOPPED`, `FENCE_UNREACHABLE`, or what the minter throws.
 */
export function createWrites(deps: Deps, ledger: Ledger): (found: WriteEntitlement) => Promise<Held> {
  const { clock, monotonic, fences } = deps;
  const spend = createSpent(clock);
  // What was issued in an earlier life died with its memory: only a receipt that is surely younger than this life is believed new.
  const bornAt = clock();
  return async (found) => {
    const { receipt, rules, unaided, runbook, workflowId, runId } = found;
    const { receiptStartMsMax, effectMsMax } = rules.limits;
    if (!(Date.parse(receipt.issuedAt) > bornAt + skewMsMax))
      throw new HoldpointError('RECEIPT_EXPIRED', 'receipt: it may be from before this broker started');
    const budget = startBudget(receipt, deps, { askedAt: monotonic(), startMsMax: receiptStartMsMax });
    budget.mustBeLeft();
    spend(receipt);
    const endsAt = clock() + Math.min(receiptStartMsMax + effectMsMax, endsMsMax);
    const live = liveOf(found, boundState(receipt.fences), endsAt);
    const credential = await ledger.mint(live, signInMs);
    try {
      // INVARIANT: asked last. What leaves here was allowed milliseconds ago, however long it took to make.
      await fences.mustBeOpen({ fences: receipt.fences, runbookId: runbook, own: { workflowId, runId, unaided } });
      budget.mustBeLeft();
      return { live, credential };
    } catch (error) {
      await ledger.withdraw(live, 'it may not begin');
      throw error;
    }
  };
}

/** INVARIANT: looked up and noted in one turn, so that two that ask at once cannot both be the first. */
function createSpent(clock: () => number): (receipt: Receipt) => void {
  const until = new Map<string, number>();
  return ({ digest, attempt, startBefore }) => {
    const key = `${digest} ${attempt}`;
    if (until.has(key))
      throw new HoldpointError('RECEIPT_SPENT', 'credential: one was asked for with this receipt before');
    const now = clock();
    // Later than any clock here could still find the receipt in time.
    for (const [old, end] of until) if (end < now) until.delete(old);
    until.set(key, Date.parse(startBefore) + 2 * skewMsMax);
  };
}
