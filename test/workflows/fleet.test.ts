import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executorQueue, orchestratorQueue, reasonerQueue } from '../../contracts/queues.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { readBundles } from '../../workers/orchestrator/bundles.ts';
import { startFleet } from '../../workers/orchestrator/fleet.ts';
import { ensureGovernor } from '../../workers/orchestrator/governors.ts';
import { incident } from '../../workflows/incident.ts';
import { approveSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';
import { testBundle } from './bundle.ts';
import { GovernorStage, governorActivities } from './governor-stage.ts';
import {
  concluded,
  executorActivities,
  orchestratorActivities,
  reasonerActivities,
  role,
  Stage,
  statementOf,
  turn,
  writeOf,
} from './stage.ts';
import { alert, eventually, held } from './theatre.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const saveBundle = (dir: string, code: string): string => {
  const sha256 = sha256Hex(code);
  const buildId = sha256.slice(0, 16);
  writeFileSync(join(dir, `${buildId}.js`), code);
  writeFileSync(join(dir, 'current.json'), JSON.stringify({ buildId, sha256 }));
  return buildId;
};

describeWith('temporal', 'the workers of the orchestrator', () => {
  const stages = new Map<string, Stage>();
  const stageOf = () => stages.get(activityInfo().workflowExecution?.workflowId ?? '') ?? new Stage();
  let native: NativeConnection;
  let connection: Connection;
  let client: Client;
  let namespace: string;
  let others: Worker[] = [];
  let running: Promise<void>[] = [];
  let dir: string;
  beforeAll(async () => {
    const { address } = sharedTemporal();
    namespace = await freshNamespace();
    native = await NativeConnection.connect({ address });
    connection = await Connection.connect({ address, connectTimeout: '60s' });
    client = new Client({ connection, namespace });
    dir = mkdtempSync(join(tmpdir(), 'holdpoint-bundles-'));
    others = await Promise.all([
      Worker.create({
        connection: native,
        namespace,
        taskQueue: reasonerQueue,
        activities: reasonerActivities(stageOf),
      }),
      Worker.create({
        connection: native,
        namespace,
        taskQueue: executorQueue(role),
        activities: executorActivities(stageOf),
      }),
    ]);
    running = others.map((worker) => worker.run());
  });
  afterAll(async () => {
    for (const worker of others) worker.shutdown();
    await Promise.all(running);
    await native.close();
    await connection.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const fleet = () =>
    startFleet(readBundles(dir), {
      native,
      connection,
      namespace,
      log,
      maxCachedWorkflows: 10,
      activitiesFor: () => ({ ...orchestratorActivities(stageOf), ...governorActivities(() => new GovernorStage()) }),
      onFailure: (error) => {
        throw error;
      },
    });
  const play = async (name: string) => {
    const stage = new Stage();
    stage.script = [turn(writeOf()), concluded];
    const workflowId = `incident/test/${name}`;
    stages.set(workflowId, stage);
    return client.workflow.start(incident, { workflowId, taskQueue: orchestratorQueue, args: [{ alert }] });
  };
  const pinnedTo = async (workflowId: string) => {
    const { workflowExecutionInfo } = await connection.workflowService.describeWorkflowExecution({
      namespace,
      execution: { workflowId },
    });
    const { behavior, deploymentVersion } = workflowExecutionInfo?.versioningInfo ?? {};
    return { pinned: behavior === 1, buildId: deploymentVersion?.buildId };
  };
  const codeThat = async (note: string): Promise<string> => `// ${note}\n${(await testBundle()).code}`;

  it('finish an open incident under the bundle it began with, and start new ones under the current', async () => {
    const { code } = await testBundle();
    const first = saveBundle(dir, code);
    const before = await fleet();
    const old = await play('old');
    const [hold] = await held(old);
    expect(await pinnedTo(old.workflowId)).toEqual({ pinned: true, buildId: first });
    await before.stop();

    const second = saveBundle(dir, `// a later build\n${code}`);
    const after = await fleet();
    const young = await play('young');
    const [other] = await held(young);
    expect(await pinnedTo(young.workflowId)).toEqual({ pinned: true, buildId: second });
    await old.signal(approveSignal, statementOf(hold?.digest ?? ''));
    await young.signal(approveSignal, statementOf(other?.digest ?? ''));
    expect(await old.result()).toBe('recovered');
    expect(await young.result()).toBe('recovered');
    expect(await pinnedTo(old.workflowId)).toEqual({ pinned: true, buildId: first });
    await after.stop();
  }, 90_000);

  it('go on with a governor under the current bundle: nothing has to be kept for it', async () => {
    const workflowId = 'governor/postgres-blocked';
    const first = saveBundle(dir, await codeThat('a governor began with it'));
    const before = await fleet();
    await ensureGovernor(client, 'postgres-blocked');
    await eventually(async () => (await pinnedTo(workflowId)).buildId === first);
    expect((await pinnedTo(workflowId)).pinned).toBe(false);
    await before.stop();
    const second = saveBundle(dir, await codeThat('a later build than that of the governor'));
    const after = await fleet();
    await ensureGovernor(client, 'postgres-blocked', true);
    await eventually(async () => (await pinnedTo(workflowId)).buildId === second);
    await client.workflow.getHandle(workflowId).terminate();
    await after.stop();
  }, 90_000);
});

describe('a folder of bundles', () => {
  const folder = (prepare: (dir: string) => void) => {
    const dir = mkdtempSync(join(tmpdir(), 'holdpoint-bundles-'));
    prepare(dir);
    return dir;
  };

  it('names the current one and every earlier one', () => {
    const dir = folder((dir) => {
      saveBundle(dir, 'one');
      saveBundle(dir, 'two');
    });
    const { current, earlier } = readBundles(dir);
    expect([current.sha256, ...earlier.map(({ sha256 }) => sha256)]).toEqual([sha256Hex('two'), sha256Hex('one')]);
  });

  it.each([
    ['it is empty', () => undefined, 'NOT_FOUND'],
    [
      'its current one is missing',
      (dir: string) =>
        writeFileSync(join(dir, 'current.json'), JSON.stringify({ buildId: 'a'.repeat(16), sha256: 'a'.repeat(64) })),
      'NOT_FOUND',
    ],
    [
      'one was changed since it was built',
      (dir: string) => writeFileSync(join(dir, `${saveBundle(dir, 'one')}.js`), 'other'),
      'MANIFEST_MISMATCH',
    ],
    ['its index is not JSON', (dir: string) => writeFileSync(join(dir, 'current.json'), '{'), 'NOT_FOUND'],
  ])('is refused when %s', (_name, prepare, code) => {
    expect(() => readBundles(folder(prepare))).toThrow(expect.objectContaining({ code }));
  });
});
