import { NativeConnection, Worker } from '@temporalio/worker';
import { createPostgresTools } from '../../activities/tools/postgres/tools.ts';
import { answerParent } from '../child/answer-parent.ts';
import { installQuietRuntime } from '../child/quiet-runtime.ts';
import { createBareActivities } from './bare-activities.ts';
import type { BareLogins } from './bare-logins.ts';

/** What the bare worker is told; its logins come over the channel. */
export type BareSettings = {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly bundle: string;
  readonly logins: BareLogins;
};

installQuietRuntime();
let stop = async (): Promise<void> => undefined;

async function start({ address, namespace, taskQueue, bundle, logins }: BareSettings): Promise<void> {
  const connection = await NativeConnection.connect({ address });
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { codePath: bundle },
    activities: createBareActivities(createPostgresTools([logins.address]), logins),
  });
  const running = worker.run();
  stop = async () => {
    worker.shutdown();
    await running;
    await connection.close();
  };
}

answerParent({ start }, () => stop());
