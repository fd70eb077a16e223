import { proxyActivities } from '@temporalio/workflow';

const { ask } = proxyActivities<{ ask(): Promise<string> }>({
  startToCloseTimeout: '60 seconds',
  retry: { maximumAttempts: 1 },
});

/** The least that asks for a receipt: whatever it is Reset to, it asks again in its new run. */
export const incident = (): Promise<string> => ask();
