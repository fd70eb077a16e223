import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { watchFences } from '../../activities/record/fence-watch.ts';
import { createTemporalView } from '../../activities/record/temporal-view.ts';
import type { RecordBody, RecordKind } from '../../contracts/record.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { begin, codeFrom, decide, hold, outcomeOf, ready, requestOf, resume } from './incident.ts';
import {
  executor,
  freshWorkflowId,
  openStage,
  openWorld,
  orchestrator,
  raiseFence,
  type Stage,
  type World,
} from './stage.ts';

type Of<K extends RecordKind> = Extract<RecordBody, { kind: K }>;
const taskQueue = 'sleeping-incidents';

describeWith('temporal', 'what the recorder sees from outside', () => {
  let world: World;
  let stage: Stage;
  let worker: Worker;
  let working: Promise<void>;
  let connection: NativeConnection;
  const bodies = async <K extends RecordKind>(kind: K): Promise<Of<K>[]> => {
    const records = await stage.as(executor).records({ limit: 500 });
    return records.map(({ payload }) => payload.body).filter((body): body is Of<K> => body.kind === kind);
  };
  const startRun = async (workflowId = freshWorkflowId()) => {
    const handle = await world.client.workflow.start('incident', { workflowId, taskQueue });
    const incident = await begin(stage, stage.rules, { workflowId, runId: handle.firstExecutionRunId });
    return { handle, incident };
  };
  const reset = async (workflowId: string, runId: string) => {
    const request = {
      namespace: world.namespace,
      workflowExecution: { workflowId, runId },
      reason: 'test',
      requestId: `reset-${Math.random()}`,
      // The first completed workflow task: scheduled, started, completed follow the start.
      workflowTaskFinishEventId: 4 as never,
    };
    const { runId: born } = await (world.client.workflowService.resetWorkflowExecution(request) as Promise<{
      runId: string;
    }>);
    return born;
  };

  beforeAll(async () => {
    world = await openWorld();
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    connection = await NativeConnection.connect({ address: sharedTemporal().address });
    const workflowsPath = join(import.meta.dirname, 'sleeping-incident.ts');
    worker = await Worker.create({ connection, namespace: world.namespace, taskQueue, workflowsPath });
    working = worker.run();
  });
  afterAll(async () => {
    worker?.shutdown();
    await working;
    await connection?.close();
    await world.close();
  });
  beforeEach(async () => {
    stage = await openStage({ world });
  });
  afterEach(() => stage.close());

  it.each([
    ['cancelled', (id: string) => world.client.workflow.getHandle(id).cancel()],
    ['terminated', (id: string) => world.client.workflow.getHandle(id).terminate()],
    ['replaced', () => raiseFence(world, { kind: 'all' })],
  ] as const)('records a kill once when a fence was %s by whoever, and tells a person', async (how, stop) => {
    const fenceRunId = await resume(stage, { kind: 'all' });
    await stop('fence/all');
    await stage.recorder.look('fences');
    await stage.recorder.look('fences');
    expect(await bodies('kill')).toMatchObject([{ scope: 'fence/all', fenceRunId, how }]);
    expect((await stage.as(executor).fences(runbookId)).all).toBeNull();
    await stage.recorder.look('pages');
    await stage.recorder.look('pages');
    expect(stage.pages.map(({ about }) => about)).toEqual(['stopped']);
    expect(await bodies('page')).toHaveLength(1);
  });
  it('pages about a stop that nobody was told of before the recorder died', async () => {
    await resume(stage, { kind: 'all' });
    await world.client.workflow.getHandle('fence/all').cancel();
    await stage.recorder.look('fences');
    await stage.restart();
    await stage.recorder.look('pages');
    expect(await bodies('page')).toHaveLength(1);
  });
  it('appends nothing, and binds nothing, while the server cannot be reached', async () => {
    const fenceRunId = await resume(stage, { kind: 'all' });
    const connection = Connection.lazy({ address: '127.0.0.1:9' });
    const temporal = createTemporalView(new Client({ connection, namespace: world.namespace }), world.namespace);
    expect(await codeFrom(watchFences({ log: stage.recorder.log, temporal }))).toBe('FENCE_UNREACHABLE');
    expect(await bodies('kill')).toEqual([]);
    expect((await stage.as(executor).fences(runbookId)).all).toMatchObject({ runId: fenceRunId });
    expect(await codeFrom(temporal.fence({ kind: 'all' }))).toBe('FENCE_UNREACHABLE');
    await connection.close();
  });
  it('records nothing while the fences are open', async () => {
    await ready(stage);
    await stage.recorder.look('fences');
    expect(await bodies('kill')).toEqual([]);
  });

  it('seals a run that was terminated from outside, with its whole history', async () => {
    const { handle, incident } = await startRun();
    await handle.terminate();
    await stage.recorder.look('incidents');
    const [seal] = await bodies('seal');
    expect(seal).toMatchObject({
      status: 'terminated',
      workflowId: incident.workflowId,
      records: 1,
      bundle: 'build-1',
    });
    const history = JSON.parse((await stage.as(executor).getBlob(seal?.history ?? '')).toString()) as {
      events: unknown[];
    };
    expect(history.events).toHaveLength(seal?.historyEvents ?? -1);
  });
  it('seals each run once, and does not seal one that still runs', async () => {
    const [open, closed] = [await startRun(), await startRun()];
    await closed.handle.signal('close');
    await closed.handle.result();
    await stage.recorder.look('incidents');
    await stage.recorder.look('incidents');
    expect(await bodies('seal')).toMatchObject([{ workflowId: closed.incident.workflowId, status: 'completed' }]);
    await open.handle.terminate();
  });
  it('keeps the bundle of a sealed run beside its history', async () => {
    writeFileSync(join(stage.dir, 'bundles', 'build-1.js'), 'the code');
    const { handle } = await startRun();
    await handle.terminate();
    await stage.recorder.look('incidents');
    expect((await stage.as(executor).getBlob(sha256Hex('the code'))).toString()).toBe('the code');
  });
  it('refuses appends to a sealed run, and receipts for it', async () => {
    await ready(stage);
    const { handle, incident } = await startRun();
    const held = await hold(stage, incident);
    await handle.terminate();
    await stage.recorder.look('incidents');
    const body: RecordBody = {
      kind: 'refusal',
      workflowId: incident.workflowId,
      runId: incident.runId,
      digest: null,
      what: 'x',
      code: 'X',
      reason: 'late',
      raw: null,
    };
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('SEALED');
    const work = stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    expect(await codeFrom(work)).toBe('SEALED');
    const no = stage.as(executor).receipt(requestOf(held, [decide(stage, held, { verdict: 'reject' })]));
    expect([await codeFrom(no), await bodies('statement')]).toEqual(['SEALED', []]);
  });
  it('waits for an outcome before it seals, then records unknown and pages, then seals', async () => {
    await ready(stage);
    const { handle, incident } = await startRun();
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await handle.terminate();
    await stage.recorder.look('incidents');
    expect(await bodies('seal')).toEqual([]);
    stage.pass(3_500);
    await stage.recorder.look('incidents');
    expect(await bodies('outcome')).toMatchObject([{ status: 'unknown', outcome: null, digest: held.digest }]);
    expect(await bodies('seal')).toHaveLength(1);
    await stage.recorder.look('pages');
    expect(stage.pages).toMatchObject([{ about: 'outcome-unknown', workflowId: incident.workflowId }]);
  });
  it('tells a person once of an unknown outcome, whoever said it first', async () => {
    await ready(stage);
    const { handle, incident } = await startRun();
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await stage.as(executor).outcome(outcomeOf(stage, held, { status: 'unknown' }));
    await stage.as(executor).outcome(outcomeOf(stage, held, { status: 'unknown', detail: 'looked again' }));
    await stage.recorder.look('pages');
    expect(stage.pages).toHaveLength(1);
    await handle.terminate();
  });
  it('takes the real outcome after it recorded unknown, also after the seal: the record shows both', async () => {
    await ready(stage);
    const { handle, incident } = await startRun();
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await handle.terminate();
    stage.pass(3_500);
    await stage.recorder.look('incidents');
    expect(await codeFrom(stage.as(executor).outcome(outcomeOf(stage, held)))).toBe('none');
    expect((await bodies('outcome')).map(({ status }) => status)).toEqual(['unknown', 'done']);
  });
  it('does not record unknown for an attempt whose executor spoke in time', async () => {
    await ready(stage);
    const { handle, incident } = await startRun();
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await handle.terminate();
    await stage.as(executor).outcome(outcomeOf(stage, held));
    stage.pass(3_500);
    await stage.recorder.look('incidents');
    expect((await bodies('outcome')).map(({ status }) => status)).toEqual(['done']);
    expect(await bodies('seal')).toHaveLength(1);
  });

  it('records a reset with the run it came from, tells the new run, and seals the old one', async () => {
    const { handle, incident } = await startRun();
    await handle.query('notes');
    const born = await reset(incident.workflowId, incident.runId);
    await stage.recorder.look('incidents');
    expect(await bodies('reset')).toEqual([
      { kind: 'reset', workflowId: incident.workflowId, runId: born, from: incident.runId },
    ]);
    expect(await bodies('seal')).toMatchObject([{ runId: incident.runId, status: 'terminated' }]);
    const current = world.client.workflow.getHandle(incident.workflowId);
    expect(await current.query('notes')).toEqual(['reset']);
    await stage.recorder.look('incidents');
    expect(await bodies('reset')).toHaveLength(1);
    await current.terminate();
  });
  it('finds a reset of an incident that was sealed already', async () => {
    const { handle, incident } = await startRun();
    await handle.query('notes');
    await handle.signal('close');
    await handle.result();
    await stage.recorder.look('incidents');
    expect(await bodies('seal')).toHaveLength(1);
    const born = await reset(incident.workflowId, incident.runId);
    for (let pass = 0; pass < 5; pass++) await stage.recorder.look('incidents');
    expect(await bodies('reset')).toMatchObject([{ runId: born, from: incident.runId }]);
    // The reset applied the old signals again, so the new run may have closed by itself.
    await world.client.workflow
      .getHandle(incident.workflowId)
      .terminate()
      .catch(() => undefined);
  });
  it('leaves a run that the server never had open in the log, and goes on with the others', async () => {
    await begin(stage);
    const { handle } = await startRun();
    await handle.terminate();
    await stage.recorder.look('incidents');
    expect(await bodies('seal')).toHaveLength(1);
  });
});
