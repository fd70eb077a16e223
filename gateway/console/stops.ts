import type { FenceScope } from '../../contracts/queues.ts';
import { fenceId } from '../../contracts/queues.ts';
import { readFence } from '../fence-watch.ts';
import type { TemporalDeps } from '../incident-runs.ts';

/** A scope as its fence has it. An open fence is necessary, not enough: that a signed resume binds it is the log's word. */
export type ScopeView = {
  readonly name: string;
  readonly state: 'fence open' | 'stopped' | 'unknown';
  readonly how: string;
};

export async function readScope(deps: TemporalDeps, scope: FenceScope): Promise<ScopeView> {
  const name = fenceId(scope);
  try {
    const fence = await readFence(deps, scope);
    if (fence.kind === 'open') return { name, state: 'fence open', how: '' };
    return { name, state: 'stopped', how: fence.kind === 'missing' ? 'there is no fence' : fence.how };
  } catch {
    return { name, state: 'unknown', how: 'Temporal does not answer: writes are refused while it does not' };
  }
}
