import { setTimeout as sleep } from 'node:timers/promises';
import { QueryNotRegisteredError, type WorkflowHandle } from '@temporalio/client';
import { pendingQuery } from '../../workflows/messages.ts';

const heldWithinMs = 120_000;
const everyMs = 25;

/** The hold that a person would see, as soon as it shows. Both sides are asked by the same query, equally often. */
export async function untilHeld<T>(handle: WorkflowHandle): Promise<T> {
  for (const end = performance.now() + heldWithinMs; performance.now() < end; await sleep(everyMs)) {
    const [hold] = (await handle.query(pendingQuery).catch(noneYet)) as readonly T[];
    if (hold !== undefined) return hold;
  }
  throw new Error(`expected a hold within ${heldWithinMs} ms`);
}

/** Before its first task is done a workflow answers no query. */
function noneYet(error: unknown): readonly [] {
  if (error instanceof QueryNotRegisteredError) return [];
  throw error;
}
