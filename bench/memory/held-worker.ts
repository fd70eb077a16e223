import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { executorQueue, orchestratorQueue, reasonerQueue } from '../../contracts/queues.ts';
import { answerParent } from '../child/answer-parent.ts';
import { installQuietRuntime } from '../child/quiet-runtime.ts';
import { createCollector } from './collect-garbage.ts';
import { executorActivities, orchestratorActivities, reasonerActivities, role } from './scripted-activities.ts';

export type HeldSettings = {
  readonly address: string;
  readonly namespace: string;
  readonly bundle: string;
  readonly maxCachedWorkflows: number;
};
export type Memory = { readonly rssBytes: number; readonly cached: number; readonly held: number };

const settleMs = 3_000;
const heldWithinMs = 600_000;
const sampleMs = 250;

installQuietRuntime();
const collector = await createCollector();
let held = 0;
let workflows: Worker | null = null;
let stop = async (): Promise<void> => undefined;

async function start({ address, namespace, bundle, maxCachedWorkflows }: HeldSettings): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const shared = { connection, namespace };
  workflows = await Worker.create({
    ...shared,
    taskQueue: orchestratorQueue,
    workflowBundle: { codePath: bundle },
    activities: orchestratorActivities(() => {
      held += 1;
    }),
    maxCachedWorkflows,
  });
  const workers = [
    workflows,
    await Worker.create({ ...shared, taskQueue: reasonerQueue, activities: reasonerActivities }),
    await Worker.create({ ...shared, taskQueue: executorQueue(role), activities: executorActivities }),
  ];
  const running = workers.map((worker) => worker.run());
  stop = async () => {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
    await connection.close();
  };
}

const untilHeld = async ({ count }: { readonly count: number }): Promise<void> => {
  for (const end = performance.now() + heldWithinMs; held < count; await sleep(50))
    if (performance.now() > end) throw new Error(`expected ${count} held workflows, got ${held}`);
};

/**
 * What the operating system counts, after the garbage of both the process's threads is gone: the least within some
 * seconds, since memory is handed back by and by.
 */
async function memory(): Promise<Memory> {
  const threads = await collector.collectGarbage();
  if (threads < 1) throw new Error('expected a thread that runs the workflows');
  let rssBytes = process.memoryUsage.rss();
  for (const end = performance.now() + settleMs; performance.now() < end; await sleep(sampleMs))
    rssBytes = Math.min(rssBytes, process.memoryUsage.rss());
  return { rssBytes, cached: workflows?.getStatus().numCachedWorkflows ?? 0, held };
}

answerParent({ start, untilHeld, memory }, () => stop());
