import type { Connection } from '@temporalio/client';
import { HoldpointError } from '../../contracts/errors.ts';
import { incidentWorkflowType } from '../../contracts/queues.ts';

/** Name of the worker deployment whose versions are the workflow bundles. */
export const deploymentName = 'holdpoint';
const pauseMs = 200;
const triesMax = 150;

/** How many incidents are open, of one bundle or of all. */
export async function openIncidents(connection: Connection, namespace: string, buildId?: string): Promise<number> {
  const all = `WorkflowType = '${incidentWorkflowType}' AND ExecutionStatus = 'Running'`;
  const query =
    buildId === undefined ? all : `${all} AND TemporalWorkerDeploymentVersion = '${deploymentName}:${buildId}'`;
  const { count } = await connection.workflowService.countWorkflowExecutions({ namespace, query });
  return Number(count);
}

/**
 * Sends new incidents to this bundle. The server knows a version only once it was polled for, so this asks until it does.
 * Throws `TEMPORAL_AWAY`.
 */
export async function makeCurrent(connection: Connection, namespace: string, buildId: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      // Other queues of the namespace are polled by other processes, which are not versioned.
      const request = { namespace, deploymentName, buildId, ignoreMissingTaskQueues: true };
      await connection.workflowService.setWorkerDeploymentCurrentVersion(request);
      return;
    } catch (error) {
      if (tries >= triesMax)
        throw new HoldpointError(
          'TEMPORAL_AWAY',
          `temporal: cannot set the current version (${(error as Error).message})`,
        );
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
