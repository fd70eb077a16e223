import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveSignal, pendingQuery } from '../../workflows/messages.ts';
import { share } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { testBundle } from '../workflows/bundle.ts';
import { concluded, readOf, statementOf, turn, writeOf } from '../workflows/stage.ts';
import { eventually, held, type Incident, openTheatre, type Theatre } from '../workflows/theatre.ts';
import { resetTo, tasksOf } from './scenarios.ts';

describeWith('temporal', 'a recorded run, Reset at every workflow task', () => {
  let theatre: Theatre;
  let workflowBundle: { code: string };
  beforeAll(async () => {
    [theatre, workflowBundle] = await Promise.all([openTheatre(), testBundle()]);
  }, 60_000);
  afterAll(() => theatre.close());

  const replays = async (handle: Incident) =>
    Worker.runReplayHistory({ workflowBundle }, await handle.fetchHistory(), handle.workflowId);
  const isClosed = async (handle: Incident) => (await handle.describe()).status.name !== 'RUNNING';
  /** Releases whatever is held, as a person would each time they are asked, until the run closes. */
  const releaseAll = async (handle: Incident): Promise<void> => {
    const seen = new Set<string>();
    await eventually(async () => {
      for (const { digest } of await handle.query(pendingQuery)) {
        if (!seen.has(digest)) await handle.signal(approveSignal, statementOf(digest)).catch(() => undefined);
        seen.add(digest);
      }
      return isClosed(handle);
    }, 30_000);
  };

  it('replays each result, before and after a fresh release, and has no effect without one', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
    });
    const [hold] = await held(handle);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    expect(await handle.result()).toBe('recovered');
    await replays(handle);
    const { runId } = await handle.describe();
    const tasks = await tasksOf(handle);
    expect(tasks.length).toBeGreaterThan(10);
    for (const task of share(tasks, 4)) {
      const effects = stage.effects.length;
      const again = await resetTo(theatre, handle.workflowId, runId, task);
      await eventually(async () => (await again.query(pendingQuery)).length > 0 || (await isClosed(again)));
      await replays(again);
      expect(stage.effects).toHaveLength(effects);
      await releaseAll(again);
      expect(await again.result()).toBe('recovered');
      await replays(again);
      expect(stage.effects.length).toBeLessThanOrEqual(effects + 1);
    }
    expect(new Set(stage.effects).size).toBe(stage.effects.length);
  }, 300_000);
});
