import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { FenceScope } from '../../contracts/queues.ts';
import {
  fenceId,
  fenceQueue,
  fenceWorkflowType,
  incidentWorkflowType,
  orchestratorQueue,
} from '../../contracts/queues.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';

type Behaviour = { runbook?: string; afterMs?: number; stubborn?: boolean };

/** A namespace of its own with a worker whose incidents only wait, and fences that nobody polls. */
export async function killUnderTest() {
  const { address } = sharedTemporal();
  const namespace = await freshNamespace();
  const connection = await Connection.connect({ address, connectTimeout: '60s' });
  const client = new Client({ connection, namespace });
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const native = await NativeConnection.connect({ address });
  const workflowsPath = join(import.meta.dirname, 'workflows/waiting-incident.ts');
  const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const worker = await Worker.create({ connection: native, namespace, taskQueue: orchestratorQueue, workflowBundle });
  const running = worker.run();
  const incident = async (behaviour: Behaviour = {}, taskQueue = orchestratorQueue): Promise<string> => {
    const workflowId = `incident/test/${randomBytes(16).toString('hex')}`;
    await client.workflow.start(incidentWorkflowType, { workflowId, taskQueue, args: [behaviour] });
    return workflowId;
  };
  const raise = async (scope: FenceScope): Promise<void> => {
    await client.workflow.start(fenceWorkflowType, {
      workflowId: fenceId(scope),
      taskQueue: fenceQueue,
      workflowIdConflictPolicy: 'TERMINATE_EXISTING',
    });
  };
  const statusOf = async (workflowId: string) => (await client.workflow.getHandle(workflowId).describe()).status.name;
  /** Resolves once visibility shows so many running incidents with the attribute set. */
  const untilVisible = async (query: string, count: number): Promise<void> => {
    for (let tries = 0; (await client.workflow.count(query)).count < count; tries++) {
      if (tries > 100) throw new Error(`expected ${count} of ${query}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return {
    namespace,
    client,
    incident,
    raise,
    statusOf,
    untilVisible,
    async stop() {
      worker.shutdown();
      await running;
      await native.close();
      await connection.close();
    },
  };
}
export type KillUnderTest = Awaited<ReturnType<typeof killUnderTest>>;

export async function eventually(check: () => Promise<boolean>, forMs = 15_000): Promise<void> {
  for (const deadline = Date.now() + forMs; !(await check()); ) {
    if (Date.now() > deadline) throw new Error('expected it in time');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
