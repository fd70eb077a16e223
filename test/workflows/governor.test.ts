import { Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { governorQuery, lookSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { testBundle } from './bundle.ts';
import { at, lookOf, reportOf, tellingOf } from './governor-stage.ts';
import { failure } from './stage.ts';
import { eventually, type Governor, openTheatre, type Theatre } from './theatre.ts';

const gone = lookOf([], null);
const trip = { scope: 'runbook', limit: 'consecutive', count: 3, max: 3, at: at(0), record: 'f'.repeat(64) } as const;

describeWith('temporal', 'the governor of a runbook', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  }, 60_000);
  afterAll(() => theatre.close());
  const seenOf = (handle: Governor) =>
    eventually(async () => {
      const view = await handle.query(governorQuery);
      return view.lookedAt === null && view.failure === null ? null : view;
    });

  it('shows where its runbook stands, by query, search attributes and details', async () => {
    const { handle } = await theatre.govern((stage) => {
      stage.looks = [lookOf([], reportOf({ standing: { ...reportOf().standing, ring: 1, trip } }))];
    });
    expect((await seenOf(handle)).report?.standing.ring).toBe(1);
    const { typedSearchAttributes, raw } = await handle.describe();
    expect(JSON.stringify(typedSearchAttributes.getAll())).toContain('tripped');
    expect(raw.workflowExecutionInfo?.status).toBe(1);
    await handle.terminate();
  });

  it('tells what is due, look after look, and waits in between', async () => {
    const { stage, handle } = await theatre.govern((stage) => {
      stage.looks = [lookOf([tellingOf('grades-wait')]), lookOf(), lookOf([tellingOf('grades-wait', 9)]), gone];
    });
    for (let looks = 1; looks <= 3; looks++) {
      await eventually(() => stage.seen === looks);
      await handle.signal(lookSignal);
    }
    expect(await handle.result()).toBe('gone');
    expect(stage.told).toEqual([tellingOf('grades-wait'), tellingOf('grades-wait', 9)]);
  });

  it('ends with what it still has to tell, when the newest manifest has its runbook no more', async () => {
    const over = tellingOf('matter-over', 4);
    const { stage, handle } = await theatre.govern((stage) => {
      stage.looks = [lookOf([over], null)];
    });
    expect(await handle.result()).toBe('gone');
    expect(stage.told).toEqual([over]);
  });

  it('lives through looks and tellings that fail, says so, and tries again', async () => {
    let failing: string | null = 'lookAtRunbook';
    const { stage, handle } = await theatre.govern((stage) => {
      stage.looks = [lookOf([tellingOf('grades-wait')])];
      stage.before = (activity) => {
        if (activity === failing) throw failure('MANIFEST_EXPIRED');
      };
    });
    expect((await seenOf(handle)).failure).toBe('look: MANIFEST_EXPIRED');
    failing = 'tellOfRunbook';
    await handle.signal(lookSignal);
    await eventually(async () => (await handle.query(governorQuery)).failure === 'grades-wait: MANIFEST_EXPIRED');
    failing = null;
    await handle.signal(lookSignal);
    await eventually(() => stage.told.length === 1);
    await handle.terminate();
  });

  it('takes no harm from a signal with anything in it, and looks no more often for a flood', async () => {
    const { stage, handle } = await theatre.govern();
    await eventually(() => stage.seen === 1);
    for (const payload of ['garbage', { deep: [[[]]] }, null, 7]) await handle.signal(lookSignal.name, payload);
    await Promise.all(Array.from({ length: 40 }, () => handle.signal(lookSignal)));
    await eventually(() => stage.seen === 2);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(stage.seen).toBeLessThan(5);
    await handle.terminate();
  });

  it('replays after a cancel, which ends it and nothing else', async () => {
    const { handle } = await theatre.govern();
    await seenOf(handle);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
    await Worker.runReplayHistory(
      { workflowBundle: await testBundle() },
      await handle.fetchHistory(),
      handle.workflowId,
    );
  });
});
