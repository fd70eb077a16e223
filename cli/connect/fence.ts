import type { FenceScope } from '../../contracts/queues.ts';
import { fenceId, fenceQueue, fenceWorkflowType } from '../../contracts/queues.ts';
import type { Temporal } from './temporal.ts';

/**
 * Starts the fence of a scope anew, ending the run that was there, and answers the new run id. The scope stays stopped
 * until a signed `resume` over this run id is in the log.
 */
export async function openFence({ client }: Pick<Temporal, 'client'>, scope: FenceScope): Promise<string> {
  const handle = await client.workflow.start(fenceWorkflowType, {
    workflowId: fenceId(scope),
    taskQueue: fenceQueue,
    args: [],
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  return handle.firstExecutionRunId;
}
