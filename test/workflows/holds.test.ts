import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveSignal, pendingQuery, rejectSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { beatUntil, concluded, failure, outcomeOf, readOf, statementOf, turn, writeOf } from './stage.ts';
import { eventually, held, openTheatre, stateOf, type Theatre } from './theatre.ts';

describeWith('temporal', 'a hold', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  it('takes a statement as JSON text too, as people paste it', async () => {
    const { stage, handle, digest } = await theatre.holding();
    await handle.signal(approveSignal, JSON.stringify(statementOf(digest)));
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toEqual([digest]);
  });

  it('ends at one rejection, and the write has no effect', async () => {
    const { stage, handle, digest } = await theatre.holding();
    await handle.signal(rejectSignal, statementOf(digest, 'reject'));
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'rejected' }]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('believes the statement and not the name of the signal', async () => {
    const { stage, handle, digest } = await theatre.holding();
    await handle.signal(approveSignal, statementOf(digest, 'reject'));
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'rejected' }]);
  });

  it('lets a rejection win over an approval that came with it in one batch', async () => {
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.before = (activity) =>
        activity === 'weighStatement' ? new Promise((go) => setTimeout(go, 800)) : undefined;
    });
    // While this one is weighed the next two arrive, in this order, and are delivered together.
    await handle.signal(approveSignal, statementOf('0'.repeat(64)));
    await eventually(() => stage.inputsOf('weighStatement').length === 1);
    await handle.signal(approveSignal, statementOf(digest));
    await handle.signal(rejectSignal, statementOf(digest, 'reject', 'ben@example.com'));
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'rejected' }]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('takes two approvals of two holds in one batch, each for its own', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2)), concluded];
    });
    const holds = await held(handle, 2);
    expect(await stateOf(handle)).toMatchObject({ awaiting: 2 });
    await Promise.all(holds.map(({ digest }) => handle.signal(approveSignal, statementOf(digest))));
    expect(await handle.result()).toBe('recovered');
    expect([...stage.effects].sort()).toEqual(holds.map(({ digest }) => digest).sort());
  });

  it('acts on one write at a time, in whatever order two were released', async () => {
    let acting = 0;
    let actingMost = 0;
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2)), concluded];
      stage.execute = async (input) => {
        actingMost = Math.max(actingMost, ++acting);
        await new Promise((go) => setTimeout(go, 400));
        acting -= 1;
        return stage.effect(input);
      };
    });
    const [first, second] = await held(handle, 2);
    await handle.signal(approveSignal, statementOf(second?.digest ?? ''));
    await handle.signal(approveSignal, statementOf(first?.digest ?? ''));
    await handle.result();
    expect(stage.effects).toEqual([second?.digest, first?.digest]);
    expect(actingMost).toBe(1);
  });

  it('never acts on a released write when the one before it ended with an unknown outcome', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2))];
      stage.execute = async (input) => {
        await new Promise((go) => setTimeout(go, 600));
        return outcomeOf(input, 'unknown');
      };
    });
    const holds = await held(handle, 2);
    for (const { digest } of holds) await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('gave-up');
    expect(stage.inputsOf('executeCall')).toHaveLength(1);
  });

  it('ends at once with the incident when what is beside it cannot go on', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2))];
      stage.before = (activity) => {
        if (activity === 'weighStatement') throw failure('MANIFEST_EXPIRED');
      };
    });
    const [hold] = await held(handle, 2);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    expect(await handle.result()).toBe('gave-up');
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('waits for as many distinct persons as the quorum', async () => {
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.quorum = 2;
    });
    await handle.signal(approveSignal, statementOf(digest));
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.inputsOf('weighStatement').length === 2);
    expect(await handle.query(pendingQuery)).toMatchObject([{ approvedBy: ['ana@example.com'] }]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    await handle.signal(approveSignal, statementOf(digest, 'approve', 'ben@example.com'));
    await handle.result();
    expect(stage.inputsOf('executeCall')).toMatchObject([{ statements: [{}, {}] }]);
  });

  it('refuses a statement that comes before its hold exists, and never queues it', async () => {
    let release = () => {};
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf()), concluded];
      stage.before = (activity) =>
        activity === 'predict'
          ? new Promise<void>((go) => {
              release = go;
            })
          : undefined;
    });
    const digest = await eventually(() => (stage.inputsOf('predict')[0] as { digest: string } | undefined)?.digest);
    await handle.signal(approveSignal, statementOf(digest));
    release();
    await held(handle);
    expect(await handle.query(pendingQuery)).toMatchObject([{ digest, approvedBy: [] }]);
    await eventually(() => stage.recordsOf('refusal').length > 0);
    expect(stage.recordsOf('refusal')).toMatchObject([{ code: 'STATEMENT_EARLY' }]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    await handle.cancel();
  });

  it('expires: silence is never consent', async () => {
    const { stage, handle } = await theatre.holding((stage) => {
      stage.expiryMs = 1_500;
    });
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'expired' }]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'hold-expired' }));
  });

  it('lets a rejection stop a released write that has not had its effect yet', async () => {
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.execute = async () => beatUntil(new Promise(() => undefined)) as never;
    });
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.inputsOf('executeCall').length === 1);
    await handle.signal(rejectSignal, statementOf(digest, 'reject', 'ben@example.com'));
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'rejected' }]);
    expect(stage.effects).toEqual([]);
  });

  it('goes on with the next step whatever became of a hold', async () => {
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.script = [turn(writeOf()), turn(readOf()), concluded];
    });
    await handle.signal(rejectSignal, statementOf(digest, 'reject'));
    expect(await handle.result()).toBe('recovered');
    expect(stage.inputsOf('proposeCalls')).toHaveLength(3);
  });
});
