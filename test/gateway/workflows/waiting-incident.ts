import { CancellationScope, condition, sleep, upsertSearchAttributes } from '@temporalio/workflow';

type Behaviour = { readonly runbook?: string; readonly afterMs?: number; readonly stubborn?: boolean };

/** An incident that waits until it is cancelled; a stubborn one goes on waiting after that. */
export async function incident({ runbook, afterMs = 0, stubborn = false }: Behaviour): Promise<void> {
  if (afterMs > 0) await sleep(afterMs);
  if (runbook !== undefined) upsertSearchAttributes({ HoldpointRunbook: [runbook] });
  const wait = (): Promise<void> => condition(() => false);
  await (stubborn ? CancellationScope.nonCancellable(wait) : wait());
}
