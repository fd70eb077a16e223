import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { incidentWorkflowType } from '../contracts/queues.ts';
import { isNotFound } from './temporal-errors.ts';

export type TemporalDeps = { readonly client: Client; readonly namespace: string };
export type IncidentRun = { readonly workflowId: string; readonly runId: string };
/** What is being stopped: everything, one runbook, or one incident. */
export type KillScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'runbook'; readonly runbook: string }
  | { readonly kind: 'incident'; readonly workflowId: string };

const callMsMax = 5_000;
const listMsMax = 20_000;
const runningStatus = 1; // temporal.api.enums.v1.WORKFLOW_EXECUTION_STATUS_RUNNING
const runbookAttribute = 'HoldpointRunbook';

/**
 * One call to the server, bounded: 5 s, or `msMax`, and the client's pause between two retries on top. It is never left
 * to run on by itself, where its next retry would meet a closed connection.
 */
export const call = <T>({ client }: TemporalDeps, work: () => Promise<T>, msMax = callMsMax): Promise<T> =>
  client.withDeadline(Date.now() + msMax, work);

export type Found = {
  readonly inScope: readonly IncidentRun[];
  /** Runs in triage: which runbook they belong to is not known yet, to anyone. */
  readonly undecided: readonly IncidentRun[];
};

/** The incidents that run, by visibility, which lags: a single look proves nothing. `startedBefore` is server time in ms. */
export async function findRunning(deps: TemporalDeps, scope: KillScope, startedBefore: number): Promise<Found> {
  if (scope.kind === 'incident') {
    const run = await describe(deps, scope);
    return { inScope: run?.running ? [{ workflowId: scope.workflowId, runId: run.runId }] : [], undecided: [] };
  }
  return call(deps, () => listRunning(deps, scope, startedBefore), listMsMax);
}

async function listRunning(
  { client }: TemporalDeps,
  scope: Exclude<KillScope, { kind: 'incident' }>,
  startedBefore: number,
): Promise<Found> {
  const inScope: IncidentRun[] = [];
  const undecided: IncidentRun[] = [];
  const query = `WorkflowType="${incidentWorkflowType}" AND ExecutionStatus="Running"`;
  for await (const { workflowId, runId, startTime, searchAttributes } of client.workflow.list({ query })) {
    if (startTime.getTime() > startedBefore) continue;
    // The attribute is compared here, not in the query: a namespace that lacks it must not make a kill fail.
    const runbook = scope.kind === 'all' ? null : firstKeyword(searchAttributes[runbookAttribute]);
    if (scope.kind === 'all' || runbook === scope.runbook) inScope.push({ workflowId, runId });
    else if (runbook === null) undecided.push({ workflowId, runId });
  }
  return { inScope, undecided };
}

const firstKeyword = (values: unknown): string | null =>
  Array.isArray(values) && typeof values[0] === 'string' ? values[0] : null;

export type RunState = { readonly runId: string; readonly running: boolean };

/** The state of a run, or of the latest one; strongly consistent. Null when the server knows none. */
export async function describe(
  deps: TemporalDeps,
  run: Partial<IncidentRun> & { workflowId: string },
): Promise<RunState | null> {
  const execution =
    run.runId === undefined ? { workflowId: run.workflowId } : { workflowId: run.workflowId, runId: run.runId };
  try {
    const { workflowExecutionInfo: info } = await call(deps, () =>
      deps.client.workflowService.describeWorkflowExecution({ namespace: deps.namespace, execution }),
    );
    return { runId: info?.execution?.runId ?? '', running: info?.status === runningStatus };
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** Asks a run to cancel; the reason goes into its history. False when there is no such open run. */
export async function requestCancel(
  deps: TemporalDeps,
  run: Partial<IncidentRun> & { workflowId: string },
  reason: string,
): Promise<boolean> {
  const { client, namespace } = deps;
  const workflowExecution =
    run.runId === undefined ? { workflowId: run.workflowId } : { workflowId: run.workflowId, runId: run.runId };
  try {
    await call(deps, () =>
      client.workflowService.requestCancelWorkflowExecution({
        namespace,
        workflowExecution,
        identity: client.options.identity,
        requestId: randomUUID(),
        reason,
      }),
    );
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

/** Ends a run without asking it. False when it is closed already. */
export async function terminate(deps: TemporalDeps, run: IncidentRun, reason: string): Promise<boolean> {
  const { client, namespace } = deps;
  try {
    await call(deps, () =>
      client.workflowService.terminateWorkflowExecution({
        namespace,
        workflowExecution: { ...run },
        identity: client.options.identity,
        reason,
      }),
    );
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}
