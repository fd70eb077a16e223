import { randomBytes } from 'node:crypto';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { PendingHold } from '../../contracts/incident.ts';
import { executorQueue, orchestratorQueue, reasonerQueue } from '../../contracts/queues.ts';
import { governor } from '../../workflows/governor.ts';
import { incident } from '../../workflows/incident.ts';
import { pendingQuery, stateQuery, timelineQuery } from '../../workflows/messages.ts';
import { testBundle } from './bundle.ts';
import { GovernorStage, governorActivities } from './governor-stage.ts';
import {
  concluded,
  executorActivities,
  gatewaySignature,
  orchestratorActivities,
  reasonerActivities,
  role,
  Stage,
  turn,
  writeOf,
} from './stage.ts';

export type Incident = WorkflowHandle<typeof incident>;
export type Governor = WorkflowHandle<typeof governor>;
export type Theatre = {
  readonly client: Client;
  readonly namespace: string;
  /** Starts one scripted incident. `prepare` bends its stage before it begins. */
  play(prepare: (stage: Stage) => void): Promise<{ stage: Stage; handle: Incident }>;
  /** Plays one that proposes a write, until that is held. */
  holding(
    prepare?: (stage: Stage) => void,
  ): Promise<{ stage: Stage; handle: Incident; hold: PendingHold; digest: string }>;
  /** Starts the scripted governor of a runbook of its own. */
  govern(prepare?: (stage: GovernorStage) => void): Promise<{ stage: GovernorStage; handle: Governor }>;
  close(): Promise<void>;
};

export const alert = {
  payload: {
    v: 1 as const,
    workflowId: 'incident/test/0',
    receivedAt: '2026-01-31T09:30:00.000Z',
    alert: {
      source: 'test',
      fingerprint: 'f',
      status: 'firing' as const,
      labels: { alertname: 'PaymentsDatabaseBlocked' },
      annotations: {},
      startsAt: '2026-01-31T09:30:00.000Z',
    },
  },
  signer: 'gateway',
  signature: 'g'.repeat(86),
};
/** What the gateway sends about that alert while its incident runs; a test forges it by changing it. */
export const alertOf = (status: 'firing' | 'resolved', change: { readonly fingerprint?: string } = {}) => ({
  ...alert,
  payload: { ...alert.payload, alert: { ...alert.payload.alert, status, ...change } },
  signature: gatewaySignature,
});

Runtime.install({
  logger: new DefaultLogger('ERROR', ({ message, meta }) => {
    process.stderr.write(`${message} ${meta?.error instanceof Error ? meta.error.stack : ''}\n`);
  }),
});

/** Whoever polls or signals in a test has this name: a history that is kept names no machine. */
export const identity = 'test';

/** Real server, real workers, real bundle; the activities play a script for each workflow id. */
export async function openTheatreAt(address: string, namespace: string): Promise<Theatre> {
  const [bundle, native] = await Promise.all([testBundle(), NativeConnection.connect({ address })]);
  const connection = await Connection.connect({ address, connectTimeout: '60s' });
  const client = new Client({ connection, namespace, identity });
  const stages = new Map<string, Stage>();
  const governors = new Map<string, GovernorStage>();
  const workers = await startWorkers(native, namespace, bundle, stages, governors);
  const play: Theatre['play'] = async (prepare) => {
    const stage = new Stage();
    prepare(stage);
    const workflowId = `incident/test/${randomBytes(8).toString('hex')}`;
    stages.set(workflowId, stage);
    const handle = await client.workflow.start(incident, {
      workflowId,
      taskQueue: orchestratorQueue,
      args: [{ alert }],
    });
    return { stage, handle };
  };
  return {
    client,
    namespace,
    play,
    async holding(prepare = () => undefined) {
      const { stage, handle } = await play((stage) => {
        stage.script = [turn(writeOf()), concluded];
        prepare(stage);
      });
      const [hold] = await held(handle);
      if (hold === undefined) throw new Error('expected a hold');
      return { stage, handle, hold, digest: hold.digest };
    },
    async govern(prepare = () => undefined) {
      const stage = new GovernorStage();
      prepare(stage);
      const workflowId = `governor/${randomBytes(8).toString('hex')}`;
      governors.set(workflowId, stage);
      const handle = await client.workflow.start(governor, { workflowId, taskQueue: orchestratorQueue, args: [] });
      return { stage, handle };
    },
    async close() {
      await workers.stop();
      await connection.close();
      await native.close();
    },
  };
}

/** One worker for each authority, as in production, with the scripted activities of the stage of each workflow id. */
export async function startWorkers(
  connection: NativeConnection,
  namespace: string,
  workflowBundle: { code: string },
  stages: ReadonlyMap<string, Stage>,
  governors: ReadonlyMap<string, GovernorStage> = new Map(),
) {
  const stageIn = <S>(known: ReadonlyMap<string, S>): S => {
    const stage = known.get(activityInfo().workflowExecution?.workflowId ?? '');
    if (stage === undefined) throw new Error('expected a stage for this workflow');
    return stage;
  };
  const stageOf = (): Stage => stageIn(stages);
  const shared = {
    identity,
    connection,
    namespace,
    maxHeartbeatThrottleInterval: '200ms' as const,
    shutdownGraceTime: '1s' as const,
  };
  const workers = await Promise.all([
    Worker.create({
      ...shared,
      taskQueue: orchestratorQueue,
      workflowBundle,
      activities: { ...orchestratorActivities(stageOf), ...governorActivities(() => stageIn(governors)) },
    }),
    Worker.create({ ...shared, taskQueue: reasonerQueue, activities: reasonerActivities(stageOf) }),
    Worker.create({ ...shared, taskQueue: executorQueue(role), activities: executorActivities(stageOf) }),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    },
  };
}

/** Asks until the answer is there; the waiting part of a test about waiting. */
export async function eventually<T>(
  ask: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  forMs = 15_000,
): Promise<T> {
  const until = Date.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (Date.now() > until) throw new Error(`nothing happened within ${forMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export const held = (handle: Incident, count = 1) =>
  eventually(async () => {
    const pending = await handle.query(pendingQuery);
    return pending.length >= count ? pending : null;
  });
export const timeline = async (handle: Incident) => (await handle.query(timelineQuery)).map(({ what }) => what);
export const stateOf = (handle: Incident) => handle.query(stateQuery);
