import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { GovernorActivities } from '../../contracts/governor.ts';
import { orchestratorQueue } from '../../contracts/queues.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { timeSkippingServer } from '../support/temporal.ts';
import { testBundle } from '../workflows/bundle.ts';

export type Years = {
  readonly client: Client;
  /** The test server's current time, in ms: of this process, and of every recorder that is given it. */
  readonly clock: () => number;
  /** Lets time pass, timers included. */
  pass(ms: number): Promise<void>;
  /** Moves the clock to where the server is by now: while time passes, only governors act, and each asks first. */
  sync(): Promise<void>;
  /** Who does a governor's work from now on. */
  play(activities: GovernorActivities): void;
  close(): Promise<void>;
};

/** The SDK gives a starting server five seconds, which a busy machine may not have. */
async function started<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

/** A Temporal whose time skips, with a worker that governs. */
export async function openYears(): Promise<Years> {
  const executable = { type: 'existing-path' as const, path: timeSkippingServer() };
  const env = await started(() => TestWorkflowEnvironment.createTimeSkipping({ server: { executable } }));
  const namespace = env.namespace ?? 'default';
  const types = Object.fromEntries(searchAttributes.map(({ name, type }) => [name, type === 'INT' ? 3 : 2]));
  await env.connection.operatorService.addSearchAttributes({ namespace, searchAttributes: types });
  let offsetMs = 0;
  const sync = async (): Promise<void> => {
    offsetMs = (await env.currentTimeMs()) - Date.now();
  };
  await sync();
  let playing: GovernorActivities | null = null;
  const governing = (): GovernorActivities => {
    if (playing === null) throw new Error('expected a governor to play');
    return playing;
  };
  const worker = await Worker.create({
    connection: env.nativeConnection,
    namespace,
    taskQueue: orchestratorQueue,
    workflowBundle: await testBundle(),
    activities: {
      lookAtRunbook: () => sync().then(() => governing().lookAtRunbook()),
      tellOfRunbook: (telling) => sync().then(() => governing().tellOfRunbook(telling)),
    } satisfies GovernorActivities,
  });
  const running = worker.run();
  return {
    client: env.client,
    clock: () => Date.now() + offsetMs,
    pass: async (ms) => {
      await env.sleep(ms);
      await sync();
    },
    sync,
    play: (activities) => {
      playing = activities;
    },
    async close() {
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
