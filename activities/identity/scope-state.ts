import type { Fences } from '../../contracts/receipt.ts';
import type { DescribingClient } from './describe.ts';
import { describeFence } from './fences.ts';

type Asking = { readonly client: DescribingClient; readonly namespace: string };

/** Which runs of a runbook's two fences are open now, as one word to compare. Throws `FENCE_UNREACHABLE`. */
export async function scopeStateOf(runbook: string, { client, namespace }: Asking): Promise<string> {
  const [all, own] = await Promise.all([
    describeFence(client, namespace, { kind: 'all' }),
    describeFence(client, namespace, { kind: 'runbook', runbook }),
  ]);
  return boundState({ all: all.open ? all.runId : stopped, runbook: own.open ? own.runId : stopped });
}

const stopped = 'stopped';
/** The same word for the runs that a receipt names. */
export const boundState = ({ all, runbook }: Fences): string => `${all} ${runbook}`;
