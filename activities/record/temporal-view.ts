import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { HoldpointError } from '../../contracts/errors.ts';
import { type FenceScope, fenceId } from '../../contracts/queues.ts';
import type { Note } from '../../workflows/messages.ts';
import { describeRun, type RunView } from '../identity/describe.ts';

/** One incident run as the server has it now. */
export type IncidentView = {
  readonly runId: string;
  /** `running`, or how it closed, in lower case. */
  readonly status: string;
  readonly closedAt: number | null;
  /** The run that a Reset made of this one, where the server says so. */
  readonly resetTo: string | null;
};
export type History = { readonly json: string; readonly events: number };

/** What the recorder reads of Temporal, from outside and without a worker. Each throws `TEMPORAL_AWAY` when it cannot. */
export type TemporalView = {
  /** Throws `FENCE_UNREACHABLE` instead: silence is never consent. */
  fence(scope: FenceScope): Promise<RunView | null>;
  fenceById(id: string): Promise<RunView | null>;
  /** The latest run of a workflow id, or the named run; null when the server has none. */
  incident(workflowId: string, runId?: string): Promise<IncidentView | null>;
  history(workflowId: string, runId: string): Promise<History>;
  note(workflowId: string, runId: string, note: Note): Promise<void>;
};

const askMsMax = 5_000;
const historyMsMax = 60_000;

export function createTemporalView(client: Client, namespace: string): TemporalView {
  const ask = <T>(work: () => Promise<T>, msMax = askMsMax): Promise<T> =>
    client.withDeadline(Date.now() + msMax, work).catch((error: unknown) => {
      if (error instanceof WorkflowNotFoundError) throw error;
      throw new HoldpointError('TEMPORAL_AWAY', 'temporal: did not answer');
    });
  const fenceById = (id: string) => describeRun(client, namespace, id);
  return {
    fenceById,
    fence: (scope) => fenceById(fenceId(scope)),
    incident: (workflowId, runId) => ask(() => describeIncident(client, workflowId, runId)).catch(nullWhenNotFound),
    history: (workflowId, runId) => ask(() => readHistory(client, workflowId, runId), historyMsMax),
    note: (workflowId, runId, note) =>
      ask(() => client.workflow.getHandle(workflowId, runId).signal<[Note]>('note', note)),
  };
}

async function describeIncident(client: Client, workflowId: string, runId?: string): Promise<IncidentView> {
  const { runId: described, status, closeTime, raw } = await client.workflow.getHandle(workflowId, runId).describe();
  return {
    runId: described,
    status: status.name.toLowerCase(),
    closedAt: status.name === 'RUNNING' || status.name === 'PAUSED' ? null : (closeTime?.getTime() ?? 0),
    resetTo: raw.workflowExtendedInfo?.resetRunId || null,
  };
}

async function readHistory(client: Client, workflowId: string, runId: string): Promise<History> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return { json: historyToJSON(history), events: history.events?.length ?? 0 };
}

function nullWhenNotFound(error: unknown): null {
  if (error instanceof WorkflowNotFoundError) return null;
  throw error;
}
