import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { postStatements } from '../../activities/record/client.ts';
import { writeClientConfig } from '../../cli/client-config.ts';
import { openFence } from '../../cli/connect/fence.ts';
import { fenceId } from '../../contracts/queues.ts';
import { kill } from '../../gateway/kill.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { approval, codeOf, executionOf, type Held, type Rogue, startRogue } from './support/rogue.ts';
import { type Scene, sceneOf } from './support/scene.ts';
import { eventually, runbookId, type System, startSystem } from './support/system.ts';

const all = { kind: 'all' } as const;
const own = { kind: 'runbook', runbook: runbookId } as const;

describeWith(['temporal', 'postgres'], 'a stop, under an orchestrator that was taken over', () => {
  let scene: Scene;
  let system: System;
  let rogue: Rogue;
  let held: Held;
  beforeAll(async () => {
    scene = await sceneOf({ limits: { writesPerTargetPerHourMax: 20 } });
    ({ system, rogue, held } = scene);
  }, 120_000);
  afterEach(async () => {
    expect(scene.stuck.endedBy()).toBeNull();
    await system.resume(all);
    await system.resume(own);
  });
  afterAll(() => scene?.stop());
  const execute = async (at = Date.now()) =>
    codeOf(rogue.ask('executeCall', executionOf(held, [await approval(system, held, { decidedAt: at })])));

  // A stop that lands between receipt and effect spends the action, which these share: that moment has a test of its own.
  const onTheRecord = () =>
    eventually('a fence that is bound no more', async () => {
      const { all, runbook } = await system.recorderAs('executor').fences(runbookId);
      return all === null || runbook === null;
    });

  it.each([
    ['all', all],
    ['its runbook', own],
  ] as const)('holds when the fence of %s was cancelled', async (_, scope) => {
    await system.handle(fenceId(scope)).cancel();
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('holds when the fence was terminated', async () => {
    await system.handle(fenceId(all)).terminate('stop');
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('holds when the fence was started again without a signed resume', async () => {
    await openFence({ client: system.client }, all);
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('is not undone by the statement that resumed an earlier fence', async () => {
    const before = await openFence({ client: system.client }, all);
    const old = await system.sign({ type: 'resume', scope: all, fenceRunId: before });
    await postStatements(system.door, [old]);
    await openFence({ client: system.client }, all);
    await expect(postStatements(system.door, [old])).rejects.toMatchObject({
      code: expect.stringMatching(/^(STATEMENT_REPLAYED|STOPPED|RECORD_REFUSED|STATEMENT_WRONG_SUBJECT)$/),
    });
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('is not undone by a person who may not resume', async () => {
    const fenceRunId = await openFence({ client: system.client }, all);
    const signed = await system.sign({ type: 'resume', scope: all, fenceRunId }, { person: 'former' });
    await expect(postStatements(system.door, [signed])).rejects.toMatchObject({
      code: 'STATEMENT_NOT_POWERED',
    });
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('is not undone by a resume of another scope', async () => {
    const fenceRunId = await openFence({ client: system.client }, all);
    const signed = await system.sign({ type: 'resume', scope: own, fenceRunId });
    await expect(postStatements(system.door, [signed])).rejects.toMatchObject({
      code: expect.any(String),
    });
    await onTheRecord();
    expect(await execute()).toBe('STOPPED');
  });
  it('takes earlier decisions away: they do not count after the resume', async () => {
    const decidedAt = Date.now();
    await system.handle(fenceId(all)).cancel();
    await system.resume(all);
    expect(await execute(decidedAt)).toBe('STATEMENT_BEFORE_RESUME');
  });
  it('is on the record, whoever stopped and however', async () => {
    await system.handle(fenceId(own)).cancel();
    const kills = await eventually('a kill record of the runbook', async () => {
      const found = await system.records('kill');
      return found.filter(({ scope }) => scope === fenceId(own)).length > 1 ? found : null;
    });
    expect(new Set(kills.map(({ how }) => how)).size).toBeGreaterThan(1);
  });
  it('acknowledges a kill within a second, and closes every incident in scope', async () => {
    const others = await Promise.all([startRogue(system), startRogue(system)]);
    try {
      await eventually('three open incidents', async () => {
        const { count } = await system.client.workflow.count('WorkflowType="incident" AND ExecutionStatus="Running"');
        return count >= 3;
      });
      const report = await kill({
        client: system.client,
        namespace: system.namespace,
        scope: all,
        reason: 'test',
        graceMs: 2_000,
      });
      expect(report.wasOpen).toBe(true);
      expect(report.acknowledgedMs).toBeLessThan(1_000);
      for (const { handle } of [...others, rogue]) expect((await handle.describe()).status.name).not.toBe('RUNNING');
    } finally {
      for (const other of others) await other.stop();
    }
  });
});

describeWith(['temporal', 'postgres'], 'a stop while an effect is near', () => {
  let scene: Scene;
  afterEach(() => scene?.stop(), 60_000);

  it('after the receipt and before the effect, is seen: the fences are asked last', async () => {
    const marker = join(tmpdir(), `kill-${process.pid}-${Date.now()}`);
    const failpoints = { executor: `executor.after-receipt=stop@${marker}` };
    scene = await sceneOf({ failpoints });
    const { system, rogue, stuck, held } = scene;
    const ended = rogue.ask('executeCall', executionOf(held, [await approval(system, held)]));
    await eventually('the intent', async () => (await system.records('intent')).length > 0);
    await system.handle(fenceId(all)).cancel();
    system.supervisor.kill('executor', 'SIGCONT');
    expect(['STOPPED', 'TIMED_OUT']).toContain(await codeOf(ended));
    const outcome = await eventually('its outcome', async () => (await system.records('outcome'))[0], 60_000);
    expect(outcome.status).toBe('failed');
    expect(stuck.endedBy()).toBeNull();
  }, 120_000);

  it('refuses an effect to an incident that was asked to cancel', async () => {
    scene = await sceneOf();
    const { system, rogue, stuck, held } = scene;
    const request = {
      namespace: system.namespace,
      workflowExecution: { workflowId: rogue.workflowId, runId: rogue.runId },
    };
    const statements = [await approval(system, held)];
    const marker = rogue.ask('executeCall', executionOf(held, statements));
    await system.client.workflowService.requestCancelWorkflowExecution(request);
    const end = await Promise.race([
      codeOf(marker),
      rogue.handle.result().then(
        () => 'closed',
        () => 'closed',
      ),
    ]);
    // Whichever came first: an effect that began before the cancel is on the record as done; none begins after it.
    if (end !== 'it was done') expect(stuck.endedBy()).toBeNull();
    const outcomes = await system.records('outcome', rogue.workflowId);
    expect(outcomes.filter(({ status }) => status === 'done')).toHaveLength(stuck.endedBy() === null ? 0 : 1);
  }, 120_000);
});

describeWith(['temporal', 'postgres'], 'the kill command', () => {
  let system: System;
  const run = promisify(execFile);
  beforeAll(async () => {
    system = await startSystem({ only: ['recorder', 'gateway'], ring: null });
    await writeClientConfig(system.workspace.dir, {
      v: 1,
      temporal: { address: sharedTemporal().address, namespace: system.namespace },
      temporalUi: null,
      recorderUrl: system.workspace.urls.recorder,
      gatewayUrl: system.workspace.urls.gateway,
      keys: system.workspace.keys,
      manifestDir: system.workspace.manifestDir,
      archiveDir: system.workspace.archiveDir,
      runbooksDir: null,
      alertTokenFile: null,
      sshKey: system.people.first.keyFile,
      person: system.people.first.person,
    });
  }, 120_000);
  afterAll(() => system?.stop());
  const holdpoint = (...args: string[]) =>
    run(process.execPath, [join(import.meta.dirname, '..', '..', 'bin', 'holdpoint.js'), ...args], {
      env: { ...process.env, HOLDPOINT_HOME: system.workspace.dir },
    });

  it('acknowledges, says so as JSON, and needs no worker', async () => {
    const { stdout } = await holdpoint('kill', '--all', '--reason', 'test', '--json');
    const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { acknowledgedMs: number; scope: string };
    expect(report).toMatchObject({ scope: 'all', acknowledgedMs: expect.any(Number) });
    const { raw } = await system.handle('fence/all').describe();
    expect(raw.workflowExtendedInfo?.cancelRequested).toBe(true);
  });
  it('is undone only by a signed resume', async () => {
    const before = (await system.recorderAs('gateway').fences(runbookId)).all;
    await eventually('the kill on the record', async () =>
      (await system.records('kill')).some(({ scope }) => scope === 'fence/all'),
    );
    await holdpoint('resume', '--all', '--yes', '--reason', 'test over');
    const after = (await system.recorderAs('gateway').fences(runbookId)).all;
    expect(after?.runId).not.toBe(before?.runId);
    expect(after).not.toBeNull();
  });
  it('is wrong use without a scope', async () => {
    await expect(holdpoint('kill', '--reason', 'test')).rejects.toMatchObject({ code: 2 });
  });
});
