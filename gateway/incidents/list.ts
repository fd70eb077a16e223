import type { WorkflowExecutionInfo } from '@temporalio/client';
import { incidentWorkflowType } from '../../contracts/queues.ts';
import type { TemporalDeps } from '../incident-runs.ts';

/** One incident as the server lists it: its search attributes are the workflow's own word, bounded by nobody. */
export type IncidentRow = {
  readonly workflowId: string;
  readonly runId: string;
  readonly status: string;
  readonly state: string | null;
  readonly severity: string | null;
  readonly runbook: string | null;
  readonly awaiting: number | null;
  readonly startedAt: string;
};

/** The newest incidents, by visibility, which lags: those that run, or with `all` closed ones too. */
export async function listIncidents({ client }: TemporalDeps, all: boolean, limit: number): Promise<IncidentRow[]> {
  const query = `WorkflowType = '${incidentWorkflowType}'${all ? '' : " AND ExecutionStatus = 'Running'"}`;
  const rows: IncidentRow[] = [];
  for await (const info of client.workflow.list({ query, pageSize: Math.min(limit, 200) })) {
    rows.push(rowOf(info));
    if (rows.length >= limit) break;
  }
  return rows;
}

function rowOf(info: WorkflowExecutionInfo): IncidentRow {
  // The typed attributes are read by name: their keys belong to the workflow's room.
  const attributes = (info.searchAttributes ?? {}) as Record<string, readonly unknown[] | undefined>;
  const word = (name: string): string | null => {
    const value = attributes[name]?.[0];
    return typeof value === 'string' ? value : null;
  };
  const awaiting = attributes.HoldpointAwaiting?.[0];
  return {
    workflowId: info.workflowId,
    runId: info.runId,
    status: info.status.name,
    state: word('HoldpointState'),
    severity: word('HoldpointSeverity'),
    runbook: word('HoldpointRunbook'),
    awaiting: awaiting === undefined ? null : Number(awaiting),
    startedAt: info.startTime.toISOString(),
  };
}
