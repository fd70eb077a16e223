import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import { concluded, readOf, statementOf, turn, writeOf } from './stage.ts';
import { held, openTheatre, stateOf, type Theatre, timeline } from './theatre.ts';

describeWith('temporal', 'an incident', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  it('reads at once, holds a write, executes it once released, and verifies recovery', async () => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
    });
    const [hold] = await held(handle);
    expect(await stateOf(handle)).toMatchObject({ state: 'held', awaiting: 1, severity: 'critical' });
    expect(stage.effects).toEqual([]);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toEqual([hold?.digest]);
    expect(await timeline(handle)).toEqual(
      expect.arrayContaining(['matched', 'read', 'held', 'approved', 'released', 'executed', 'closed']),
    );
  });
});
