import type { Logger } from 'pino';
import { codeOf } from '../../contracts/errors.ts';
import type { BrokerDeps } from './broker.ts';
import { describeRun } from './describe.ts';
import type { Ledger, Live } from './ledger.ts';
import { scopeStateOf } from './scope-state.ts';

type Deps = Pick<BrokerDeps, 'client' | 'namespace' | 'clock'> & { readonly log: Pick<Logger, 'warn'> };
/** A server that did not answer that often in a row counts as a stop: once may be a hiccup, and would end a running effect. */
const missesMax = 3;

/**
 * One look at everything that was issued: withdraws what has had its time, what was issued under other fences than are open
 * now, and what belongs to a run that no longer runs. Never throws.
 */
export function createWatch(deps: Deps, ledger: Ledger): () => Promise<void> {
  let misses = 0;
  return async () => {
    const due = ledger.all().filter(({ endsAt }) => endsAt <= deps.clock());
    await Promise.all(due.map((live) => ledger.withdraw(live, 'its time is over')));
    const live = ledger.all();
    if (live.length === 0) return;
    try {
      const stopped = await stoppedOf(live, deps);
      misses = 0;
      await Promise.all(stopped.map((one) => ledger.withdraw(one, 'its scope or its run was stopped')));
    } catch (error) {
      misses += 1;
      deps.log.warn({ code: codeOf(error), misses }, 'temporal was not seen');
      if (misses < missesMax) return;
      await Promise.all(live.map((one) => ledger.withdraw(one, 'nobody can say that it is not stopped')));
    }
  };
}

async function stoppedOf(live: readonly Live[], { client, namespace }: Deps): Promise<readonly Live[]> {
  const runbooks = [...new Set(live.map(({ runbook }) => runbook))];
  const runs = [...new Set(live.map(({ workflowId }) => workflowId))];
  const [states, found] = await Promise.all([
    Promise.all(runbooks.map(async (id) => [id, await scopeStateOf(id, { client, namespace })] as const)),
    Promise.all(runs.map(async (id) => [id, await describeRun(client, namespace, id)] as const)),
  ]);
  const [stateOf, runOf] = [new Map(states), new Map(found)];
  return live.filter(({ kind, runbook, scope, workflowId, runId }) => {
    if (stateOf.get(runbook) !== scope) return true;
    // What became of an action is looked at after its run, too.
    if (kind === 'observe') return false;
    const run = runOf.get(workflowId);
    if (run?.running !== true || run.runId !== runId) return true;
    // A run that was asked to cancel waits for its effect, which its executor cancels: cut off, nobody could say how it ended.
    return run.cancelRequested && kind !== 'write';
  });
}
