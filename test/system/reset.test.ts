import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { PendingHold } from '../../contracts/incident.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { approveSignal } from '../../workflows/messages.ts';
import { deep, share } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { approve, pendingOf, raise, untilHeld, untilRecord, untilSealed } from './support/incident.ts';
import { type History, replay, resetTo, tasksOf } from './support/reset.ts';
import { runbookWith } from './support/runbook-text.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type System, startSystem } from './support/system.ts';

/** Counted limits would stop a second write by themselves: here nothing but the digest may. */
const generous = {
  runbook: runbookWith({
    settleMsMax: 500,
    writesPerIncidentMax: 50,
    writesPerHourMax: 100,
    terminationsPerIncidentMax: 50,
    readsPerIncidentMax: 200,
  }),
  limits: { writesPerWorkflowMax: 50, writesPerRunbookPerHourMax: 100, writesPerTargetPerHourMax: 20 },
} as const;
type Run = WorkflowHandle & { readonly runId: string };

describeWith(['temporal', 'postgres'], 'a run that is Reset', () => {
  let system: System;
  let stuck: Stuck;
  beforeAll(async () => {
    system = await startSystem(generous);
  }, 120_000);
  afterEach(() => stuck?.stop());
  afterAll(async () => {
    await system?.stop();
  });
  const intentsOf = ({ workflowId }: WorkflowHandle) => system.records('intent', workflowId);
  const runIdOf = async (incident: WorkflowHandle) => (await incident.describe()).runId;
  /** What has become of it: holds over other digests than the first run's, or none when it has closed. */
  const settled = (run: WorkflowHandle, not: string): Promise<readonly PendingHold[]> =>
    eventually(
      'a hold, or the end',
      async () => {
        if ((await run.describe()).status.name !== 'RUNNING') return [];
        const pending = (await pendingOf(run).catch(() => [])).filter(({ digest }) => digest !== not);
        return pending.length > 0 ? pending : null;
      },
      60_000,
    );

  describe('after its action was executed', () => {
    let first: { readonly run: Run; readonly hold: PendingHold; readonly released: SignedStatement; history: History };
    beforeAll(async () => {
      stuck = await startStuck(system.payments);
      const incident = await raise(system);
      const run = Object.assign(incident, { runId: await runIdOf(incident) });
      const hold = await untilHeld(incident);
      const released = await approve(system, incident, hold);
      expect(await incident.result()).toBe('recovered');
      first = { run, hold, released, history: await incident.fetchHistory() };
      await untilSealed(system, incident);
      await stuck.stop();
    }, 120_000);

    /** Everything that a Reset at this task may and may not do. True when a hold was asked again and released anew. */
    async function surviveResetAt(task: number): Promise<boolean> {
      const { run, hold, released } = first;
      stuck = await startStuck(system.payments);
      const before = (await intentsOf(run)).length;
      const again = await resetTo(system, run, task);
      await untilRecord(system, run, 'reset', ({ runId }) => runId === again.runId);
      const [asked] = await settled(again, hold.digest);
      if (asked !== undefined) {
        await again.signal(approveSignal, released);
        await untilRecord(
          system,
          run,
          'refusal',
          (body) => body.runId === again.runId && body.what === 'approve signal',
        );
        expect((await pendingOf(again)).map(({ approvedBy }) => approvedBy)).toEqual([[]]);
      }
      expect(await intentsOf(run)).toHaveLength(before);
      expect(stuck.endedBy()).toBeNull();
      if (asked !== undefined) await releasedAnew(again, asked);
      const attempts = (await intentsOf(run)).filter(({ digest }) => digest === hold.digest);
      expect(attempts).toHaveLength(1);
      await replay(system, await again.fetchHistory(), run.workflowId);
      await stuck.stop();
      return asked !== undefined;
    }
    async function releasedAnew(again: Run, asked: PendingHold): Promise<void> {
      await approve(system, again, asked);
      expect(await again.result()).toBe('recovered');
      expect(stuck.endedBy()).toBe('57P01');
      const own = (await intentsOf(again)).filter(({ runId }) => runId === again.runId);
      expect(own.map(({ digest }) => digest)).toEqual([asked.digest]);
    }

    it('replays as it was', async () => {
      await replay(system, first.history, first.run.workflowId);
    });
    it('at its first task: asks again over a new digest, refuses the old statement, and acts on a fresh one', async () => {
      expect(await surviveResetAt(tasksOf(first.history)[0] ?? 0)).toBe(true);
    }, 120_000);
    it('at any task: has no second effect, and each history that results replays', async () => {
      const tasks = share(tasksOf(first.history).slice(1), 3);
      const asked: boolean[] = [];
      for (const task of tasks) asked.push(await surviveResetAt(task));
      if (deep) expect(asked).toContain(true);
    }, 1_200_000);
    it('leaves one sealed run for each Reset, in a record that verifies', async () => {
      const runs = new Set((await system.records('reset', first.run.workflowId)).map(({ runId }) => runId));
      await untilSealed(system, first.run, runs.size + 1);
      const report = await verifyArchive({ dir: system.workspace.archiveDir, keys: system.workspace.keys });
      expect(report).toMatchObject({ ok: true, faults: [], open: [] });
    }, 60_000);
  });

  describe('while its hold waits', () => {
    it('asks again over a new digest; the statement over the old one releases nothing, a fresh one does', async () => {
      stuck = await startStuck(system.payments);
      const incident = await raise(system);
      const hold = await untilHeld(incident);
      const runId = await runIdOf(incident);
      const again = await resetTo(
        system,
        { workflowId: incident.workflowId, runId },
        lastTask(await incident.fetchHistory()),
      );
      const asked = await untilHeld(again, hold.digest);
      await approve(system, again, hold);
      await untilRecord(system, again, 'refusal', ({ code }) => code === 'STATEMENT_WRONG_SUBJECT');
      expect(await intentsOf(again)).toEqual([]);
      expect(stuck.endedBy()).toBeNull();
      await approve(system, again, asked);
      expect(await again.result()).toBe('recovered');
      expect(stuck.endedBy()).toBe('57P01');
      expect((await intentsOf(again)).map(({ digest }) => digest)).toEqual([asked.digest]);
      expect(await system.records('reset', incident.workflowId)).toMatchObject([{ runId: again.runId, from: runId }]);
      await replay(system, await again.fetchHistory(), incident.workflowId);
    }, 120_000);
  });
});

const lastTask = (history: History): number => tasksOf(history).at(-1) ?? 0;
