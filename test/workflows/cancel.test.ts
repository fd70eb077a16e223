import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alertSignal, approveSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { beatUntil, concluded, matched, readOf, type Stage, statementOf, turn, writeOf } from './stage.ts';
import { alertOf, eventually, held, type Incident, openTheatre, type Theatre, timeline } from './theatre.ts';

/** Where an incident can stand when a kill lands, and how often that activity was called before it blocks. */
const places: readonly (readonly [string, number])[] = [
  ['beginIncident', 0],
  ['proposeCalls', 0],
  ['recordEvent', 0],
  ['judge', 0],
  ['recordEvent', 1],
  ['readCall', 0],
  ['proposeCalls', 1],
  ['judge', 1],
  ['predict', 0],
  ['recordCard', 0],
  ['weighStatement', 0],
  ['weighAlert', 0],
  ['assessRecovery', 0],
];

describeWith('temporal', 'a kill of an incident', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const closedAsCancelled = async (handle: Incident) => {
    const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WorkflowFailedError);
    expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  };
  /** A page that is told of the hold is no further activity: it began before the kill. */
  const heldAndTold = async (stage: Stage, handle: Incident) => {
    const holds = await held(handle);
    await eventually(() => stage.inputsOf('page').length > 0);
    return holds;
  };
  /** Blocks at one call of one activity; answers once it is there. */
  const blockedAt = async (activity: string, times: number, prepare: (stage: Stage) => void = () => undefined) => {
    let open = () => {};
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
      prepare(stage);
      const block = new Promise<void>((go) => {
        open = go;
      });
      stage.before = (at) => (at === activity && stage.inputsOf(at).length === times + 1 ? block : undefined);
    });
    return { stage, handle, open: () => open() };
  };

  it.each(places)('closes with no further activity when it lands in %s (after %i)', async (activity, times) => {
    const { stage, handle, open } = await blockedAt(activity, times);
    if (['weighStatement', 'assessRecovery'].includes(activity)) {
      const [hold] = await heldAndTold(stage, handle);
      await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    }
    if (activity === 'weighAlert') {
      await heldAndTold(stage, handle);
      await handle.signal(alertSignal, alertOf('resolved') as never);
    }
    await eventually(() => stage.inputsOf(activity).length === times + 1);
    const before = stage.called.length;
    await handle.cancel();
    await closedAsCancelled(handle);
    open();
    await new Promise((go) => setTimeout(go, 200));
    expect(stage.called.length).toBe(before);
  });

  it('closes with no further activity while holds wait', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2))];
    });
    await held(handle, 2);
    await eventually(() => stage.inputsOf('page').length === 2);
    const before = stage.called.length;
    await handle.cancel();
    await closedAsCancelled(handle);
    expect(stage.called.length).toBe(before);
    expect(stage.effects).toEqual([]);
  });

  it('closes while the service settles', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [concluded];
      stage.triage = { ...matched, recovery: { ...matched.recovery, settleMsMax: 600_000 } };
      stage.recovery = { recovered: false, detail: 'not yet' };
    });
    await eventually(() => stage.inputsOf('assessRecovery').length === 2);
    await handle.cancel();
    await closedAsCancelled(handle);
  });

  const acting = async (execute: Stage['execute'], writes = 1) => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(...Array.from({ length: writes }, (_, pid) => writeOf(pid + 1)))];
      stage.execute = execute;
    });
    const [hold] = await held(handle, writes);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    await eventually(() => stage.inputsOf('executeCall').length === 1);
    return { stage, handle };
  };

  it('reaches an effect in flight by its heartbeat, before the effect', async () => {
    const { stage, handle } = await acting(async () => beatUntil(new Promise(() => undefined)) as never);
    await handle.cancel();
    await closedAsCancelled(handle);
    expect(stage.effects).toEqual([]);
  });

  it.each([1, 2])(
    'waits for an effect in flight that has begun, so that its outcome is known (holds: %i)',
    async (holds) => {
      let finish = () => {};
      const stage_: { stage?: Stage } = {};
      const { stage, handle } = await acting(async (input) => {
        const finished = new Promise<void>((go) => {
          finish = go;
        });
        // An effect that has begun cannot be taken back: it beats on, whatever is asked of it.
        await beatUntil(finished).catch(() => undefined);
        await finished;
        return stage_.stage?.effect(input) as never;
      }, holds);
      stage_.stage = stage;
      await handle.cancel();
      await new Promise((go) => setTimeout(go, 1_000));
      expect((await handle.describe()).status.name).toBe('RUNNING');
      finish();
      await closedAsCancelled(handle);
      expect(stage.effects).toHaveLength(1);
      expect(await timeline(handle)).toContain('executed');
    },
  );

  it('ends the retries of an effect that never began', async () => {
    const { stage, handle } = await acting(async () => {
      throw Object.assign(new Error('away'), { name: 'ApplicationFailure' });
    });
    await handle.cancel();
    await closedAsCancelled(handle);
    expect(stage.effects).toEqual([]);
  });
});
