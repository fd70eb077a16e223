import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SignedAlert } from '../../contracts/alert.ts';
import { alertSignal, approveSignal, pendingQuery, rejectSignal, timelineQuery } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { beatUntil, concluded, failure, limits, readOf, type Stage, statementOf, turn, writeOf } from './stage.ts';
import { alert, alertOf, eventually, held, type Incident, openTheatre, type Theatre, timeline } from './theatre.ts';

describeWith('temporal', 'an alert signal', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const send = (handle: Incident, value: unknown) => handle.signal(alertSignal, value as SignedAlert);
  /** A stage whose named activity waits until `open` is called, the first time only. */
  const gate = (stage: Stage, activity: string) => {
    let open = () => {};
    const opened = new Promise<void>((go) => {
      open = go;
    });
    stage.before = (name) => (name === activity ? opened : undefined);
    return () => open();
  };
  const resolved = alertOf('resolved');
  const forged = { ...resolved, signature: 'x'.repeat(86) };
  const bad: readonly (readonly [string, unknown, string])[] = [
    ['unsigned', { payload: resolved.payload, signer: 'gateway' }, 'BAD_SIGNATURE'],
    ['with the signature of the alert that started it', { ...resolved, signature: alert.signature }, 'BAD_SIGNATURE'],
    ['that nobody whose word counts has signed', forged, 'BAD_SIGNATURE'],
    ['that nobody whose word counts has signed, as text', JSON.stringify(forged), 'BAD_SIGNATURE'],
    ['that says it fires again, forged', { ...alertOf('firing'), signature: 'x'.repeat(86) }, 'BAD_SIGNATURE'],
    ['about another alert', alertOf('resolved', { fingerprint: 'other' }), 'RUNBOOK_MISMATCH'],
    ['that says it fires again, about another', alertOf('firing', { fingerprint: 'other' }), 'RUNBOOK_MISMATCH'],
    ['that is the word alone', 'resolved', 'BAD_INPUT'],
    ['without an envelope', resolved.payload, 'BAD_INPUT'],
    ['nested to the end of its megabyte', `${'['.repeat(500_000)}${']'.repeat(500_000)}`, 'BAD_INPUT'],
  ];
  it.each(bad)('is refused, recorded and without effect: one %s', async (_name, value, code) => {
    const { stage, handle, digest } = await theatre.holding();
    await send(handle, value);
    await eventually(() => stage.recordsOf('refusal').length === 1);
    expect(stage.recordsOf('refusal')).toMatchObject([{ what: 'alert signal', code }]);
    expect(await handle.query(pendingQuery)).toMatchObject([{ digest, refusedSignals: 1, lastRefusal: code }]);
    await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('recovered');
    const told = await timeline(handle);
    expect(told).not.toContain('alert-resolved');
    expect(told).not.toContain('alert-repeated');
  });

  it('that is forged stops no write on its way, and takes no release away', async () => {
    let finish = () => {};
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.execute = async (input) => {
        await beatUntil(
          new Promise<void>((go) => {
            finish = go;
          }),
        );
        return stage.effect(input);
      };
    });
    await send(handle, forged);
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.inputsOf('executeCall').length === 1);
    await send(handle, forged);
    await eventually(() => stage.inputsOf('weighAlert').length === 2);
    finish();
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toEqual([digest]);
    expect(stage.recordsOf('refusal')).toHaveLength(2);
  });

  it('that is genuine ends the incident while a hold waits', async () => {
    const { stage, handle } = await theatre.holding();
    await send(handle, resolved);
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('that is genuine ends every hold of a step, and is weighed once', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(writeOf(1), writeOf(2)), concluded];
    });
    await held(handle, 2);
    await send(handle, resolved);
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.inputsOf('weighAlert')).toHaveLength(1);
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('that is genuine wins over an approval that comes while it is weighed', async () => {
    const { stage, handle, digest } = await theatre.holding();
    const open = gate(stage, 'weighAlert');
    await send(handle, resolved);
    await eventually(() => stage.inputsOf('weighAlert').length === 1);
    await handle.signal(approveSignal, statementOf(digest));
    await new Promise((go) => setTimeout(go, 300));
    open();
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('that is genuine wins over an approval that came with it in one batch', async () => {
    const { stage, handle, digest } = await theatre.holding();
    const open = gate(stage, 'weighStatement');
    // While this one is weighed the next two arrive, in this order, and are delivered together.
    await handle.signal(approveSignal, statementOf('0'.repeat(64)));
    await eventually(() => stage.inputsOf('weighStatement').length === 1);
    await handle.signal(approveSignal, statementOf(digest));
    await send(handle, resolved);
    open();
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it('that is genuine lets a write in flight finish, and then stops', async () => {
    let finish = () => {};
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.execute = async (input) => {
        await beatUntil(
          new Promise<void>((go) => {
            finish = go;
          }),
        );
        return stage.effect(input);
      };
    });
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.inputsOf('executeCall').length === 1);
    await send(handle, resolved);
    await eventually(async () => (await timeline(handle)).includes('alert-resolved'));
    finish();
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(await timeline(handle)).toContain('executed');
    expect(stage.inputsOf('proposeCalls')).toHaveLength(1);
  });

  it('that is being weighed keeps no rejection from stopping a write on its way', async () => {
    const { stage, handle, digest } = await theatre.holding((stage) => {
      stage.execute = async () => beatUntil(new Promise(() => undefined)) as never;
    });
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.inputsOf('executeCall').length === 1);
    const open = gate(stage, 'weighAlert');
    await send(handle, forged);
    await eventually(() => stage.inputsOf('weighAlert').length === 1);
    await handle.signal(rejectSignal, statementOf(digest, 'reject', 'ben@example.com'));
    // A workflow task that waits for a local activity takes in no signal for some seconds.
    await eventually(() => stage.inputsOf('weighStatement').length === 2, 30_000);
    open();
    await handle.result();
    expect(await timeline(handle)).toContain('rejected');
    expect(stage.effects).toEqual([]);
  }, 60_000);

  it.each(['beginIncident', 'readCall', 'recordEvent'])(
    'that is genuine ends the incident before its next step: sent during %s',
    async (activity) => {
      let open = () => {};
      const { stage, handle } = await theatre.play((stage) => {
        stage.script = [turn(readOf()), turn(readOf()), concluded];
        open = gate(stage, activity);
      });
      await eventually(() => stage.inputsOf(activity).length === 1);
      await send(handle, resolved);
      open();
      expect(await handle.result()).toBe('resolved-by-alert');
      expect(stage.inputsOf('proposeCalls')).toHaveLength(activity === 'beginIncident' ? 0 : 1);
    },
  );

  it('that is genuine counts during the last step too: nothing is verified after it', async () => {
    let open = () => {};
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [concluded];
      open = gate(stage, 'proposeCalls');
    });
    await eventually(() => stage.inputsOf('proposeCalls').length === 1);
    await send(handle, resolved);
    open();
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.inputsOf('assessRecovery')).toEqual([]);
  });

  it('claims no resolution that the log does not take: the incident gives up', async () => {
    const { stage, handle } = await theatre.holding();
    stage.before = (activity) => {
      if (activity === 'weighAlert') throw failure('RECORD_REFUSED');
    };
    await send(handle, resolved);
    expect(await handle.result()).toBe('gave-up');
    expect(await timeline(handle)).not.toContain('alert-resolved');
  });

  it('that says it fires again is counted, and the hold goes on waiting', async () => {
    const { handle, digest } = await theatre.holding();
    // The first is the very delivery that started it, as `signalWithStart` brings it along.
    await send(handle, alert);
    await send(handle, alertOf('firing'));
    await eventually(async () => (await timeline(handle)).includes('alert-repeated'));
    const repeats = (await handle.query(timelineQuery)).filter(({ what }) => what === 'alert-repeated');
    expect(repeats).toMatchObject([{ detail: '1 times so far' }]);
    expect(await handle.query(pendingQuery)).toMatchObject([{ digest, refusedSignals: 0 }]);
    await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('recovered');
  });

  it('is dropped unread beyond the limit, however many are forged, and ends nothing as resolved', async () => {
    const { stage, handle } = await theatre.holding();
    await Promise.allSettled(Array.from({ length: limits.signalsMax + 20 }, () => send(handle, forged)));
    expect(await handle.result()).toBe('gave-up');
    expect(stage.inputsOf('weighAlert').length).toBeLessThanOrEqual(limits.signalsMax);
    expect(stage.recordsOf('refusal').length).toBeLessThanOrEqual(limits.signalsMax);
    const { historyLength } = await handle.describe();
    expect(historyLength).toBeLessThan(limits.historyEventsMax);
  });

  it('of an incident that matches no runbook is weighed as well', async () => {
    let open = () => {};
    const { stage, handle } = await theatre.play((stage) => {
      stage.triage = { kind: 'unmatched', reason: 'no runbook matches' };
      open = gate(stage, 'beginIncident');
    });
    await eventually(() => stage.inputsOf('beginIncident').length === 1);
    await send(handle, alert);
    await send(handle, forged);
    open();
    expect(await handle.result()).toBe('unmatched');
    expect(stage.recordsOf('refusal')).toMatchObject([{ code: 'BAD_SIGNATURE' }]);
  });
});
