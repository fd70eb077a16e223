import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { orchestratorQueue } from '../../contracts/queues.ts';
import type { Setting } from '../bench.ts';
import { type BenchChild, startChild } from '../child/start-child.ts';
import type { HeldSettings, Memory } from './held-worker.ts';

export type Place = { readonly client: Client; readonly address: string; readonly setting: Setting };
/** Which workflow, in which bundle, how many at once. */
export type Held = { readonly type: string; readonly bundle: string; readonly count: number };
export type HeldMemory = { readonly kibEach: number; readonly beforeMib: number; readonly afterMib: number };

/** Before anything is counted: the code is loaded, compiled and warm, and the heaps have found their size. */
const warmUpCount = 30;
const atOnce = 25;
const kib = 1_024;

/**
 * Starts a process of its own with one worker, fills its cache with workflows that wait, and divides what its resident
 * memory grew by. Throws unless each of them really waits, in the cache. Ends them and the process in any case.
 */
export async function measureHeld(place: Place, { type, bundle, count }: Held): Promise<HeldMemory> {
  const { client, address, setting } = place;
  const child = await startChild('memory/held-worker');
  setting.cleanup.add('bench worker', () => child.stop());
  const started: WorkflowHandle[] = [];
  try {
    const settings: HeldSettings = {
      address,
      namespace: client.options.namespace,
      bundle,
      maxCachedWorkflows: warmUpCount + count,
    };
    await child.ask('start', settings);
    const before = await hold(child, client, type, started, warmUpCount);
    const after = await hold(child, client, type, started, warmUpCount + count);
    return {
      kibEach: (after.rssBytes - before.rssBytes) / count / kib,
      beforeMib: before.rssBytes / kib / kib,
      afterMib: after.rssBytes / kib / kib,
    };
  } finally {
    // The process first: nothing is left that would work on the ends of the workflows.
    await child.stop();
    await inBatches(started, (handle) => handle.terminate('the benchmark is over'));
  }
}

/** Has so many workflows waiting in all, and answers the memory then. */
async function hold(
  child: BenchChild,
  client: Client,
  type: string,
  started: WorkflowHandle[],
  count: number,
): Promise<Memory> {
  const missing = Array.from({ length: count - started.length }, () => `incident/bench/${randomUUID()}`);
  await inBatches(missing, async (workflowId) => {
    const alert = alertOf(workflowId);
    started.push(await client.workflow.start(type, { workflowId, taskQueue: orchestratorQueue, args: [{ alert }] }));
  });
  await child.ask('untilHeld', { count });
  const memory = (await child.ask('memory')) as Memory;
  if (memory.cached !== count || memory.held !== count)
    throw new Error(`expected ${count} cached and held, got ${memory.cached} and ${memory.held}`);
  return memory;
}

const alertOf = (workflowId: string) => ({
  payload: {
    v: 1,
    workflowId,
    receivedAt: new Date().toISOString(),
    alert: {
      source: 'bench',
      fingerprint: workflowId,
      status: 'firing',
      labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical' },
      annotations: { summary: 'payments time out' },
      startsAt: new Date().toISOString(),
    },
  },
  signer: 'gateway',
  signature: 'g'.repeat(86),
});

async function inBatches<T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < all.length; at += atOnce) await Promise.all(all.slice(at, at + atOnce).map(work));
}
