import type { BrokerDeps } from './broker.ts';
import type { Entitlement } from './entitlement.ts';
import { type Held, type Ledger, liveOf } from './ledger.ts';
import { scopeStateOf } from './scope-state.ts';

const lifeMs = 300_000;
/** What must be left of one that is passed on again: longer than a read may take. */
const leftMsMin = 130_000;

type Deps = Pick<BrokerDeps, 'client' | 'namespace' | 'clock'>;

/** One credential for each incident, target and power to look: whoever asks again gets the same, while enough of it is left. */
export function createLooks(deps: Deps, ledger: Ledger): (found: Entitlement) => Promise<Held> {
  const known = new Map<string, Promise<Held>>();
  const usable = ({ live }: Held, scope: string): boolean =>
    ledger.find(live.id) === live && live.scope === scope && live.endsAt - deps.clock() >= leftMsMin;
  const make = async (found: Entitlement, scope: string): Promise<Held> => {
    const live = liveOf(found, scope, deps.clock() + lifeMs);
    return { live, credential: await ledger.mint(live, lifeMs) };
  };
  return async (found) => {
    const scope = await scopeStateOf(found.runbook, deps);
    await forget(known, ledger);
    const key = JSON.stringify([found.caller, found.workflowId, found.runId, found.place, found.access]);
    const before = known.get(key);
    const held = (await before?.catch(() => null)) ?? null;
    if (held !== null && usable(held, scope)) return held;
    // The first of those who find none makes one; the others wait for that.
    if (known.get(key) === before) known.set(key, make(found, scope));
    return known.get(key) ?? make(found, scope);
  };
}

const keptMax = 1_000;
/** Only when there are many: what was withdrawn is nobody's any more. */
async function forget(known: Map<string, Promise<Held>>, ledger: Ledger): Promise<void> {
  if (known.size < keptMax) return;
  for (const [key, making] of known) {
    const held = await making.catch(() => null);
    if (held === null || ledger.find(held.live.id) === undefined) known.delete(key);
  }
}
