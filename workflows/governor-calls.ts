import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { GovernorActivities, Telling } from '../contracts/governor.ts';

// A governor looks again anyway: what fails for a minute is left to the next look.
const attemptMsMax = 20_000;
const allMsMax = 60_000;
const retry = { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 10_000 } as const;

const local = proxyLocalActivities<Pick<GovernorActivities, 'lookAtRunbook'>>({
  startToCloseTimeout: attemptMsMax,
  scheduleToCloseTimeout: allMsMax,
  localRetryThreshold: 2_000,
  retry,
});
const told = proxyActivities<Pick<GovernorActivities, 'tellOfRunbook'>>({
  startToCloseTimeout: attemptMsMax,
  scheduleToCloseTimeout: allMsMax,
  retry: { ...retry, maximumAttempts: 4 },
});

export const lookAtRunbook = () =>
  local.lookAtRunbook.executeWithOptions({ summary: 'look where the runbook stands' }, []);
export const tellOfRunbook = (telling: Telling) =>
  told.tellOfRunbook.executeWithOptions({ summary: `tell: ${telling.about}` }, [telling]);
