import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { System } from './system.ts';

export type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
const workflowTaskCompleted = 7;
Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Event ids of the workflow tasks that a run can be Reset to. */
export const tasksOf = ({ events }: History): number[] =>
  (events ?? []).filter(({ eventType }) => eventType === workflowTaskCompleted).map(({ eventId }) => Number(eventId));

/** Resets one run to after one of its workflow tasks, as anyone with a Temporal credential may, and answers the new run. */
export async function resetTo(
  { client, namespace }: System,
  run: { readonly workflowId: string; readonly runId: string },
  task: number,
): Promise<WorkflowHandle & { readonly runId: string }> {
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace,
    workflowExecution: run,
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: task as never,
  });
  return Object.assign(client.workflow.getHandle(run.workflowId, runId), { runId });
}

/** Replays a history with the built bundle. Throws when the code would have done anything else. */
export async function replay({ workspace }: System, history: History, workflowId: string): Promise<void> {
  const { bundleDir } = workspace;
  const { buildId } = JSON.parse(readFileSync(join(bundleDir, 'current.json'), 'utf8')) as { buildId: string };
  await Worker.runReplayHistory(
    { workflowBundle: { codePath: join(bundleDir, `${buildId}.js`) } },
    history,
    workflowId,
  );
}
