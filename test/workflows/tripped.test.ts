import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveSignal, rejectSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { concluded, failure, type Stage, statementOf, turn, writeOf } from './stage.ts';
import { eventually, held, type Incident, openTheatre, type Theatre, timeline } from './theatre.ts';

describeWith('temporal', 'a hold whose breaker is open', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  /** A hold that was released while the breaker was open: it waits again. */
  const tripped = async (prepare: (stage: Stage) => void = () => undefined) => {
    let open = true;
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf()), concluded];
      stage.execute = async (input) => {
        if (open) throw failure('BREAKER_OPEN');
        return stage.effect(input);
      };
      prepare(stage);
    });
    const [first] = await held(handle);
    const digest = first?.digest ?? '';
    await handle.signal(approveSignal, statementOf(digest));
    await waits(handle, digest);
    const close = () => {
      open = false;
    };
    return { stage, handle, digest, close };
  };
  const waits = (handle: Incident, digest: string) =>
    eventually(async () =>
      (await held(handle)).find((one) => one.digest === digest && one.lastRefusal === 'BREAKER_OPEN'),
    );
  const ends = (stage: Stage) => (stage.inputsOf('proposeCalls').at(-1) as { ends: { end: string }[] }).ends;

  it('stays held under the same digest, with nobody counted who released it before', async () => {
    const { stage, handle, digest } = await tripped();
    expect(await waits(handle, digest)).toMatchObject({ approvedBy: [] });
    expect(await timeline(handle)).toContain('breaker-open');
    expect(stage.effects).toEqual([]);
    await handle.cancel();
  });
  it('is executed by a release that follows the reset', async () => {
    const { stage, handle, digest, close } = await tripped();
    close();
    await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toEqual([digest]);
  });
  it('can be rejected', async () => {
    const { stage, handle, digest } = await tripped();
    await handle.signal(rejectSignal, statementOf(digest, 'reject'));
    await handle.result();
    expect(ends(stage)).toMatchObject([{ end: 'rejected' }]);
    expect(stage.effects).toEqual([]);
  });
  it('stays held through any number of releases while it is open', async () => {
    const { stage, handle, digest } = await tripped();
    for (let n = 2; n <= 3; n++) {
      await handle.signal(approveSignal, statementOf(digest));
      await eventually(() => stage.inputsOf('executeCall').length === n);
      await waits(handle, digest);
    }
    expect(stage.effects).toEqual([]);
    await handle.cancel();
  });
  it('expires like any other hold', async () => {
    const { stage, handle } = await tripped((stage) => {
      stage.expiryMs = 4_000;
    });
    await handle.result();
    expect(ends(stage)).toMatchObject([{ end: 'expired' }]);
    expect(stage.effects).toEqual([]);
  });
  it('keeps no other write of its incident waiting', async () => {
    const { stage, handle, digest, close } = await tripped((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2)), concluded];
    });
    close();
    const other = (await held(handle, 2)).find((one) => one.digest !== digest);
    await handle.signal(approveSignal, statementOf(other?.digest ?? ''));
    await eventually(() => stage.effects.includes(other?.digest ?? ''));
    expect(stage.effects).not.toContain(digest);
    await handle.cancel();
  });
});
