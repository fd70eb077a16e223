import type { Client } from '@temporalio/client';
import { HoldpointError } from '../../contracts/errors.ts';

/** The one client call that this room makes: strongly consistent, unlike visibility, and answered without any worker. */
export type DescribingClient = Pick<Client, 'workflowService' | 'withDeadline'>;

/** What the server says of one run, as far as permission to act depends on it. */
export type RunView = {
  readonly runId: string;
  readonly running: boolean;
  readonly cancelRequested: boolean;
  /** True when the run was born of a Reset or was itself reset. */
  readonly reset: boolean;
};

const runningStatus = 1; // temporal.api.enums.v1.WORKFLOW_EXECUTION_STATUS_RUNNING; paused (8) is not running
const notFoundStatus = 5; // google.rpc.Code.NOT_FOUND
const describeMsMax = 1_000;

/**
 * Describes the latest run of a workflow id, or the named run. Null when there is none. Throws `FENCE_UNREACHABLE` when
 * the server does not answer within a second or answers without the fields that decide: silence is never consent.
 */
export async function describeRun(
  client: DescribingClient,
  namespace: string,
  workflowId: string,
  runId?: string,
): Promise<RunView | null> {
  const request = { namespace, execution: runId === undefined ? { workflowId } : { workflowId, runId } };
  const answer = await client
    .withDeadline(Date.now() + describeMsMax, () => client.workflowService.describeWorkflowExecution(request))
    .catch((error: unknown) => {
      if (grpcCodeOf(error) === notFoundStatus) return null;
      throw new HoldpointError('FENCE_UNREACHABLE', `run of \`${workflowId}\`: temporal did not answer a describe`);
    });
  if (answer === null) return null;
  const info = answer.workflowExecutionInfo;
  const extended = answer.workflowExtendedInfo;
  const described = info?.execution?.runId;
  if (!info || !extended || !described)
    throw new HoldpointError('FENCE_UNREACHABLE', `run of \`${workflowId}\`: expected its state, got an empty answer`);
  return {
    runId: described,
    running: info.status === runningStatus,
    cancelRequested: extended.cancelRequested === true,
    reset: Boolean(extended.lastResetTime) || Boolean(extended.resetRunId),
  };
}

const grpcCodeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
