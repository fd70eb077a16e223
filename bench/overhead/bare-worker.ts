import { NativeConnection, Worker } from '@temporalio/worker';
import { createPostgresTools } from '../../activities/tools/postgres/tools.ts';
import type { PostgresTarget } from '../../contracts/config.ts';
import { answerParent } from '../child/answer-parent.ts';
import { installQuietRuntime } from '../child/quiet-runtime.ts';
import { createBareActivities } from './bare-activities.ts';

/** What the bare worker is told; its logins come over the channel, as the executor's come over a pipe. */
export type BareSettings = {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly bundle: string;
  readonly targets: readonly PostgresTarget[];
};

installQuietRuntime();
let stop = async (): Promise<void> => undefined;

async function start({ address, namespace, taskQueue, bundle, targets }: BareSettings): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: bundle },
    activities: createBareActivities(createPostgresTools(targets)),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}

answerParent({ start }, () => stop());
