import { activityInfo } from '@temporalio/activity';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alertSignal, approveSignal, rejectSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import {
  beatUntil,
  concluded,
  failure,
  grantedOnce,
  grantHash,
  outcomeOf,
  type Stage,
  statementOf,
  turn,
  writeOf,
} from './stage.ts';
import { alertOf, eventually, held, openTheatre, stateOf, type Theatre, timeline } from './theatre.ts';

describeWith('temporal', 'a write that a grant releases', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const play = (prepare: (stage: Stage) => void = () => undefined) =>
    theatre.play((stage) => {
      stage.script = [turn(writeOf()), concluded];
      stage.verdict = grantedOnce(stage);
      prepare(stage);
    });
  const executed = (stage: Stage) => stage.inputsOf('executeCall') as { statements: unknown[]; grant: string | null }[];
  const refusing = (code: string, times = 1) =>
    play((stage) => {
      stage.execute = async (input) => {
        if (executed(stage).length <= times) throw failure(code);
        return stage.effect(input);
      };
    });

  it('gets a card and no hold, and goes to the executor with its grant and no statement', async () => {
    const { stage, handle } = await play();
    expect(await handle.result()).toBe('recovered');
    expect(executed(stage)).toMatchObject([{ statements: [], grant: grantHash }]);
    expect(stage.inputsOf('recordCard')).toHaveLength(1);
    expect(stage.inputsOf('page').map((one) => (one as { about: string }).about)).not.toContain('hold-waits');
    expect(stage.recordsOf('verdict')).toMatchObject([{ verdict: { kind: 'auto', grant: grantHash } }]);
    expect(stage.toldEnds()).toMatchObject([{ end: 'executed', rule: 'ring.auto-release' }]);
  });
  it('shows in timeline and details as released by that grant', async () => {
    const { handle } = await play();
    await handle.result();
    expect(await timeline(handle)).toContain('auto-released');
    const { currentDetails } = await theatre.client.workflow
      .getHandle(handle.workflowId)
      .query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(`grant \`${grantHash}\`; no person was asked about this call`);
  });
  it.each(['NOT_GRANTED', 'VERDICT_NOT_HOLD', 'RECEIPT_REFUSED', 'RECEIPT_EXPIRED', 'HOLD_EXPIRED', 'BREAKER_OPEN'])(
    'is judged again and asks a person when it is refused by %s',
    async (code) => {
      const { stage, handle } = await refusing(code);
      const [hold] = await held(handle);
      expect(stage.effects).toEqual([]);
      await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
      expect(await handle.result()).toBe('recovered');
      expect(executed(stage).map(({ grant, statements }) => [grant, statements.length])).toEqual([
        [grantHash, 0],
        [null, 1],
      ]);
    },
  );
  it('is judged again so many times at most, when a judge names the grant over and over', async () => {
    const { stage, handle } = await play((stage) => {
      const auto = grantedOnce(stage)(writeOf());
      stage.verdict = () => auto;
      stage.execute = async () => {
        throw failure('NOT_GRANTED');
      };
    });
    await handle.result();
    expect(executed(stage)).toHaveLength(4);
    expect(stage.toldEnds()).toMatchObject([{ end: 'refused', rule: 'incident.rejudge-max' }]);
  });
  it.each([
    ['LIMIT_REACHED', 'refused'],
    ['REJECTED', 'rejected'],
    ['STOPPED', 'refused'],
  ])('ends when it is refused by %s, which no person can change', async (code, end) => {
    const { stage, handle } = await refusing(code);
    await handle.result();
    expect(executed(stage)).toHaveLength(1);
    expect(stage.effects).toEqual([]);
    if (code !== 'STOPPED') expect(stage.toldEnds()).toMatchObject([{ end }]);
  });
  it('ends the incident, and is not tried again, when its outcome is unknown', async () => {
    const { stage, handle } = await play((stage) => {
      stage.execute = async (input) => outcomeOf(input, 'unknown');
    });
    expect(await handle.result()).toBe('gave-up');
    expect(executed(stage)).toHaveLength(1);
    const told = stage.inputsOf('page').map((one) => (one as { about: string }).about);
    expect(told.sort()).toEqual(['gave-up', 'outcome-unknown']);
  });
  it('is not begun once the alert is resolved', async () => {
    const resolve = () =>
      theatre.client.workflow
        .getHandle(activityInfo().workflowExecution?.workflowId ?? '')
        .signal(alertSignal, alertOf('resolved'));
    const { stage, handle } = await play((stage) => {
      stage.before = (activity) => (activity === 'recordCard' ? resolve() : undefined);
    });
    expect(await handle.result()).toBe('resolved-by-alert');
    expect(stage.effects).toEqual([]);
  });
  it('is cancelled by a kill, and waited for', async () => {
    const { stage, handle } = await play((stage) => {
      stage.execute = async () => {
        await beatUntil(new Promise(() => undefined));
        throw failure('CANCELLED');
      };
    });
    await eventually(() => executed(stage).length === 1);
    expect(await stateOf(handle)).toMatchObject({ state: 'acting', awaiting: 0 });
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect((await handle.describe()).status.name).toBe('CANCELLED');
  });
  it('cannot be released or rejected by a signal: nothing waits for one', async () => {
    const { stage, handle } = await play();
    await handle.signal(rejectSignal, statementOf('a'.repeat(64), 'reject'));
    await handle.result();
    expect(stage.recordsOf('refusal')).toMatchObject([{ code: 'STATEMENT_EARLY' }]);
  });
});
