import { condition, proxyActivities, setHandler } from '@temporalio/workflow';
import type { OrchestratorActivities } from '../../contracts/incident.ts';
import { approveSignal } from '../../workflows/messages.ts';

const { page } = proxyActivities<Pick<OrchestratorActivities, 'page'>>({ startToCloseTimeout: '20s' });

/** The least workflow that waits for a signal. It says that it waits by the same page as the incident does. */
export async function bareHeld(): Promise<boolean> {
  let approved = false;
  setHandler(approveSignal, () => {
    approved = true;
  });
  await page({ context: null, about: 'hold-waits', digest: null, severity: null, detail: 'waits' });
  return condition(() => approved, '1h');
}
