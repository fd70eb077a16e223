import { QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import type { PendingHold, StateView, TimelineEntry } from '../../contracts/incident.ts';
import { pendingQuery, stateQuery, timelineQuery } from '../../workflows/messages.ts';
import { Refusal } from '../shell/refusal.ts';
import type { Temporal } from './temporal.ts';

const queryMsMax = 10_000;

/** What the workflow says of itself. It is shown, never trusted: `sign` checks the card on its own. */
export const askPending = (temporal: Temporal, workflowId: string): Promise<PendingHold[]> =>
  ask(temporal, workflowId, () => temporal.client.workflow.getHandle(workflowId).query(pendingQuery));
export const askTimeline = (temporal: Temporal, workflowId: string): Promise<TimelineEntry[]> =>
  ask(temporal, workflowId, () => temporal.client.workflow.getHandle(workflowId).query(timelineQuery));
export const askState = (temporal: Temporal, workflowId: string): Promise<StateView> =>
  ask(temporal, workflowId, () => temporal.client.workflow.getHandle(workflowId).query(stateQuery));

/** Runs one query with a time limit. Throws `Refusal` NOT_FOUND or TEMPORAL_AWAY. */
async function ask<T>(temporal: Temporal, workflowId: string, query: () => Promise<T>): Promise<T> {
  try {
    return await temporal.connection.withDeadline(Date.now() + queryMsMax, query);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new Refusal(
        'NOT_FOUND',
        `no incident \`${workflowId}\` in namespace \`${temporal.namespace}\``,
        'list them with `holdpoint incidents`',
      );
    if (error instanceof QueryNotRegisteredError)
      throw new Refusal('NOT_FOUND', `\`${workflowId}\` is no incident`, 'list them with `holdpoint incidents`');
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
    throw new Refusal(
      'TEMPORAL_AWAY',
      `\`${workflowId}\` does not answer: ${why}`,
      'check that the orchestrator runs, then try again',
    );
  }
}
