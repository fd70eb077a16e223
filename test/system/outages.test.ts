import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { freePort } from '../../servers/ports.ts';
import { startTemporal, type TemporalServer } from '../../servers/temporal.ts';
import { processNames } from '../../servers/workspace.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { approve, pendingOf, raise, untilHeld, untilRecord, untilSealed } from './support/incident.ts';
import { runbookWith } from './support/runbook-text.ts';
import { crash, createStops, untilLastFailure } from './support/stops.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type System, startSystem } from './support/system.ts';

const runbook = runbookWith({ settleMsMax: 2_000, writesPerHourMax: 20 });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describeWith(['temporal', 'postgres'], 'trouble around the effect', () => {
  const stops = createStops(['executor.before-receipt', 'executor.before-effect', 'executor.after-effect']);
  let system: System;
  let stuck: Stuck;
  beforeAll(async () => {
    system = await startSystem({ runbook, failpoints: { executor: stops.spec } });
  }, 120_000);
  afterEach(async () => {
    system.supervisor.kill('executor', 'SIGCONT');
    await system.supervisor.start('recorder');
    await stuck?.stop();
  }, 60_000);
  afterAll(async () => {
    await system?.stop();
    stops.remove();
  });
  /** A released incident whose executor stands still at this point. */
  const stoppedAt = async (point: Parameters<typeof stops.arm>[0]) => {
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    const hold = await untilHeld(incident);
    stops.arm(point);
    await approve(system, incident, hold);
    await stops.reached(point, system.supervisor.pid('executor'));
    return incident;
  };
  const goOn = () => system.supervisor.kill('executor', 'SIGCONT');
  const outcomesOf = async ({ workflowId }: { workflowId: string }) =>
    (await system.records('outcome', workflowId)).map(({ status }) => status);

  it('recorder away at the receipt: no effect while it is away, one when it is back', async () => {
    const incident = await stoppedAt('executor.before-receipt');
    await crash(system, 'recorder');
    goOn();
    await untilLastFailure(system, incident.workflowId, 'executeCall', 'RECORDER_AWAY');
    expect(stuck.endedBy()).toBeNull();
    await system.supervisor.start('recorder');
    expect(await incident.result()).toBe('recovered');
    expect(stuck.endedBy()).toBe('57P01');
    await untilSealed(system, incident);
    expect(await system.records('intent', incident.workflowId)).toHaveLength(1);
    expect(await outcomesOf(incident)).toEqual(['done']);
  }, 120_000);

  it('recorder away at the outcome: it is kept, and recorded when the recorder is back', async () => {
    const incident = await stoppedAt('executor.after-effect');
    await crash(system, 'recorder');
    goOn();
    await eventually('the effect', () => stuck.endedBy());
    await pause(1_500);
    expect((await incident.describe()).status.name).toBe('RUNNING');
    await system.supervisor.start('recorder');
    expect(await incident.result()).toBe('recovered');
    await untilSealed(system, incident);
    expect(await system.records('intent', incident.workflowId)).toHaveLength(1);
    expect(await outcomesOf(incident)).toEqual(['done']);
  }, 120_000);

  it('native cancel after the effect: the outcome is known, recorded and sealed', async () => {
    const incident = await stoppedAt('executor.after-effect');
    await incident.cancel();
    goOn();
    await untilSealed(system, incident);
    expect(stuck.endedBy()).toBe('57P01');
    expect(await outcomesOf(incident)).toEqual(['done']);
    expect((await incident.describe()).status.name).toBe('CANCELLED');
    expect(await system.records('seal', incident.workflowId)).toMatchObject([{ status: 'cancelled' }]);
  }, 120_000);

  it('native cancel just before the effect: what happened is what the outcome says', async () => {
    const incident = await stoppedAt('executor.before-effect');
    await incident.cancel();
    goOn();
    await untilSealed(system, incident);
    const [status, ...more] = await outcomesOf(incident);
    expect(more).toEqual([]);
    expect(['done', 'failed']).toContain(status);
    expect(stuck.endedBy() === '57P01').toBe(status === 'done');
    expect((await incident.describe()).status.name).toBe('CANCELLED');
  }, 120_000);

  it('leaves a record that verifies', async () => {
    const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
    expect(report).toMatchObject({ ok: true, faults: [], open: [] });
  });
});

describeWith(['temporal', 'postgres'], 'trouble while a hold waits', () => {
  const dbFile = join(tmpdir(), `holdpoint-outages-${process.pid}.db`);
  let port: number;
  let temporal: TemporalServer;
  let system: System;
  let stuck: Stuck;
  const startServer = () => startTemporal({ bin: sharedTemporal().bin, dbFile, port, uiPort: null });
  beforeAll(async () => {
    port = await freePort();
    temporal = await startServer();
    system = await startSystem({ runbook, temporal: { address: temporal.address, namespace: 'default' } });
  }, 120_000);
  afterEach(() => stuck?.stop(), 60_000);
  afterAll(async () => {
    await system?.stop();
    await temporal?.stop();
    for (const suffix of ['', '-shm', '-wal']) rmSync(`${dbFile}${suffix}`, { force: true });
  }, 60_000);
  const held = async () => {
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    return { incident, hold: await untilHeld(incident) };
  };
  type Held = Awaited<ReturnType<typeof held>>;
  /** Still the same hold, nothing done; then the release works, once. */
  const releasable = async ({ incident, hold }: Held) => {
    const again = await untilHeld(incident);
    expect(again.digest).toBe(hold.digest);
    expect(stuck.endedBy()).toBeNull();
    await approve(system, incident, again);
    expect(await incident.result()).toBe('recovered');
    expect(stuck.endedBy()).toBe('57P01');
    expect(await system.records('intent', incident.workflowId)).toHaveLength(1);
    await untilSealed(system, incident);
  };

  it('every process of ours killed: after their start the release works', async () => {
    const waiting = await held();
    await Promise.all(processNames.map((name) => crash(system, name)));
    await Promise.all(processNames.map((name) => system.supervisor.start(name)));
    await releasable(waiting);
  }, 120_000);

  it('Temporal server restarted: after its start the release works', async () => {
    const waiting = await held();
    await temporal.stop();
    await pause(2_000);
    temporal = await startServer();
    await releasable(waiting);
  }, 120_000);

  it('target away at the release: visibly waits for it, has no effect, and goes on when it is back', async () => {
    const { incident, hold } = await held();
    const { pid } = system.postgres;
    if (pid === null) throw new Error('expected a Postgres of our own');
    process.kill(pid, 'SIGSTOP');
    try {
      await approve(system, incident, hold);
      await untilLastFailure(system, incident.workflowId, 'executeCall', 'TARGET_AWAY');
      expect(await system.records('intent', incident.workflowId)).toEqual([]);
      expect(stuck.endedBy()).toBeNull();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect(await incident.result()).toBe('recovered');
    expect(stuck.endedBy()).toBe('57P01');
    await untilSealed(system, incident);
  }, 120_000);

  it('native cancel: closes with no further activity, and is sealed', async () => {
    const { incident } = await held();
    await untilRecord(system, incident, 'page', ({ about }) => about === 'hold-waits');
    await incident.cancel();
    await expect(incident.result()).rejects.toThrow();
    const { events = [] } = await incident.fetchHistory();
    const asked =
      events?.findIndex(({ workflowExecutionCancelRequestedEventAttributes: cancel }) => cancel != null) ?? 0;
    expect(asked).toBeGreaterThan(0);
    expect(events?.slice(asked).filter(({ activityTaskScheduledEventAttributes: at }) => at != null)).toEqual([]);
    expect(await untilSealed(system, incident)).not.toContain('intent');
    expect(await system.records('seal', incident.workflowId)).toMatchObject([{ status: 'cancelled' }]);
    expect(stuck.endedBy()).toBeNull();
  }, 120_000);

  it('native terminate: sealed from outside, and no statement reaches it any more', async () => {
    const { incident, hold } = await held();
    await incident.terminate('a test');
    await expect(approve(system, incident, hold)).rejects.toThrow();
    expect(await untilSealed(system, incident)).not.toContain('intent');
    expect(await system.records('seal', incident.workflowId)).toMatchObject([{ status: 'terminated' }]);
    expect(await pendingOf(incident)).not.toEqual([]);
    expect(stuck.endedBy()).toBeNull();
  }, 120_000);

  it('leaves a record that verifies', async () => {
    const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
    expect(report).toMatchObject({ ok: true, faults: [], open: [] });
  });
});
