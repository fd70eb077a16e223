import type { ExecutorActivities } from '../../contracts/incident.ts';
import { createExecuteCall } from './execute-call.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import { createPredict } from './predict.ts';
import { createReadCall } from './read-call.ts';

/** The activities of one executor role. */
export const createExecutorActivities = (deps: ExecutorDeps): ExecutorActivities => ({
  readCall: createReadCall(deps),
  predict: createPredict(deps),
  executeCall: createExecuteCall(deps),
});
