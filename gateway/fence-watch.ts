import type { FenceScope } from '../contracts/queues.ts';
import { fenceId, fenceWorkflowType } from '../contracts/queues.ts';
import { Name } from '../contracts/values.ts';
import type { TemporalDeps } from './incident-runs.ts';
import { call } from './incident-runs.ts';
import { isNotFound } from './temporal-errors.ts';

/** A stop of one scope, with the server's own time of it in ms, or null when the server does not say. */
export type FenceState =
  | { readonly kind: 'open'; readonly runId: string }
  | { readonly kind: 'stopped'; readonly runId: string; readonly at: number | null; readonly how: string }
  | { readonly kind: 'missing' };

const runningStatus = 1; // temporal.api.enums.v1.WORKFLOW_EXECUTION_STATUS_RUNNING
const fencesMax = 1_000;
const prefix = 'fence/runbook/';

/** The scopes that have, or had within the namespace's retention, a fence; by visibility, which lags. */
export async function listFenceScopes({ client }: TemporalDeps): Promise<FenceScope[]> {
  const runbooks = new Set<string>();
  let seen = 0;
  for await (const { workflowId } of client.workflow.list({ query: `WorkflowType="${fenceWorkflowType}"` })) {
    const runbook = workflowId.startsWith(prefix) ? workflowId.slice(prefix.length) : '';
    if (Name.safeParse(runbook).success) runbooks.add(runbook);
    if (++seen >= fencesMax) break;
  }
  return [{ kind: 'all' }, ...[...runbooks].map((runbook) => ({ kind: 'runbook' as const, runbook }))];
}

/** The state of a fence now; strongly consistent. Throws when the server does not answer. */
export async function readFence(deps: TemporalDeps, scope: FenceScope): Promise<FenceState> {
  const { client, namespace } = deps;
  const workflowId = fenceId(scope);
  try {
    const { workflowExecutionInfo: info, workflowExtendedInfo: extended } = await call(deps, () =>
      client.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId } }),
    );
    const runId = info?.execution?.runId ?? '';
    if (info?.status !== runningStatus)
      return { kind: 'stopped', runId, at: msOf(info?.closeTime), how: 'the fence was closed' };
    if (extended?.cancelRequested)
      return { kind: 'stopped', runId, at: await cancelledAt(deps, workflowId, runId), how: 'the fence was cancelled' };
    if (extended?.lastResetTime || extended?.resetRunId)
      return { kind: 'stopped', runId, at: msOf(extended.lastResetTime), how: 'the fence was reset' };
    return { kind: 'open', runId };
  } catch (error) {
    if (isNotFound(error)) return { kind: 'missing' };
    throw error;
  }
}

/** A cancel leaves no time in a description; the newest events of the fence's short history have it. */
async function cancelledAt(deps: TemporalDeps, workflowId: string, runId: string): Promise<number | null> {
  const { client, namespace } = deps;
  const { history } = await call(deps, () =>
    client.workflowService.getWorkflowExecutionHistoryReverse({
      namespace,
      execution: { workflowId, runId },
      maximumPageSize: 100,
    }),
  );
  const event = history?.events?.find((one) => one.workflowExecutionCancelRequestedEventAttributes);
  return msOf(event?.eventTime);
}

type Timestamp = { readonly seconds?: unknown; readonly nanos?: number | null } | null | undefined;
const msOf = (time: Timestamp): number | null =>
  time?.seconds === undefined || time.seconds === null
    ? null
    : Number(String(time.seconds)) * 1_000 + Math.floor((time.nanos ?? 0) / 1e6);
