import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { approveSignal, noteSignal, pendingQuery } from '../../workflows/messages.ts';
import { share } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { concluded, failure, limits, readOf, type Stage, statementOf, turn, writeOf } from './stage.ts';
import { eventually, held, type Incident, openTheatre, type Theatre, timeline } from './theatre.ts';

const wftCompleted = 7;

describeWith('temporal', 'a hold that has to be judged again', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const play = (prepare: (stage: Stage) => void = () => undefined) =>
    theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
      prepare(stage);
    });
  /** Resets a run to after one of its completed workflow tasks, as anyone with a Temporal credential may. */
  const reset = async (handle: Incident, workflowTaskFinishEventId: number): Promise<Incident> => {
    // Every Reset here starts from the first run: an event id means nothing in another history.
    const request = {
      namespace: theatre.namespace,
      workflowExecution: {
        workflowId: handle.workflowId,
        runId: (handle as { firstExecutionRunId?: string }).firstExecutionRunId,
      },
      reason: 'a test',
      requestId: randomBytes(8).toString('hex'),
      workflowTaskFinishEventId: workflowTaskFinishEventId as never,
    };
    const { runId }: { runId: string } = await theatre.client.workflowService.resetWorkflowExecution(request as never);
    return theatre.client.workflow.getHandle(handle.workflowId, runId) as Incident;
  };
  const tasksOf = async (handle: Incident) =>
    ((await handle.fetchHistory()).events ?? [])
      .filter(({ eventType }) => eventType === wftCompleted)
      .map(({ eventId }) => Number(eventId));

  it('asks again under another digest when the executor says that this one is of another run', async () => {
    const { stage, handle } = await play((stage) => {
      stage.execute = async (input) => {
        if (stage.inputsOf('executeCall').length === 1) throw failure('VERDICT_NOT_HOLD');
        return stage.effect(input);
      };
    });
    const [first] = await held(handle);
    await handle.signal(approveSignal, statementOf(first?.digest ?? ''));
    const second = await eventually(async () => (await held(handle)).find(({ digest }) => digest !== first?.digest));
    await handle.signal(approveSignal, statementOf(first?.digest ?? ''));
    await eventually(() => stage.recordsOf('refusal').length === 1);
    expect(stage.effects).toEqual([]);
    await handle.signal(approveSignal, statementOf(second.digest));
    await handle.result();
    expect(stage.effects).toEqual([second.digest]);
  });

  it('is asked again at most as often as the manifest allows', async () => {
    const { stage, handle } = await play((stage) => {
      stage.execute = async () => Promise.reject(failure('RECEIPT_REFUSED'));
    });
    for (let asked = 0; asked <= limits.rejudgeMax; asked++) {
      await eventually(() => stage.inputsOf('recordCard').length === asked + 1);
      const [hold] = await held(handle);
      await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
      await eventually(() => stage.inputsOf('executeCall').length === asked + 1);
    }
    await handle.result();
    expect(stage.inputsOf('executeCall')).toHaveLength(limits.rejudgeMax + 1);
    expect(stage.toldEnds()).toMatchObject([{ end: 'refused', rule: 'incident.rejudge-max' }]);
  });

  it('is not asked again when judging it anew no longer holds it, and the rule is told', async () => {
    const { stage, handle } = await play((stage) => {
      stage.execute = async () => {
        stage.verdict = () => ({ kind: 'deny', rule: 'standing.demoted', reason: 'demoted', change: 'promote it' });
        throw failure('VERDICT_NOT_HOLD');
      };
    });
    const [hold] = await held(handle);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    await handle.result();
    expect(stage.toldEnds()).toMatchObject([{ end: 'denied', rule: 'standing.demoted' }]);
    expect(stage.recordsOf('verdict').at(-1)).toMatchObject({ verdict: { kind: 'deny', rule: 'standing.demoted' } });
  });

  it('ignores a note in a run that was not born of a Reset', async () => {
    const { stage, handle } = await play();
    const [hold] = await held(handle);
    await handle.signal(noteSignal, { kind: 'reset' });
    await eventually(() => stage.inputsOf('wasReset').length === 1);
    expect(await handle.query(pendingQuery)).toMatchObject([{ digest: hold?.digest }]);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    expect(await handle.result()).toBe('recovered');
    expect(stage.inputsOf('recordCard')).toHaveLength(1);
  });

  it('is judged again by a note in a run born of a Reset while it waited', async () => {
    const { stage, handle } = await play();
    const [first] = await held(handle);
    await eventually(() => stage.inputsOf('page').length === 1);
    const again = await reset(handle, (await tasksOf(handle)).at(-1) ?? 0);
    await again.signal(noteSignal, { kind: 'reset' });
    const second = await eventually(async () => (await held(again)).find(({ digest }) => digest !== first?.digest));
    await again.signal(approveSignal, statementOf(first?.digest ?? ''));
    await eventually(() => stage.recordsOf('refusal').some(({ code }) => code === 'STATEMENT_WRONG_SUBJECT'));
    expect(stage.effects).toEqual([]);
    await again.signal(approveSignal, statementOf(second.digest));
    expect(await again.result()).toBe('recovered');
    expect(stage.effects).toEqual([second.digest]);
  });

  it('has no second effect when its run is Reset at any workflow task after it was executed', async () => {
    const { stage, handle } = await play();
    const [first] = await held(handle);
    await handle.signal(approveSignal, statementOf(first?.digest ?? ''));
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toHaveLength(1);
    const tasks = await tasksOf(handle);
    for (const task of share(tasks, 6)) {
      const again = await reset(handle, task);
      // Reset re-applies the approval; wherever it lands it is over another run's digest, and releases nothing.
      const closed = await eventually(async () => {
        const pending = await again.query(pendingQuery);
        return pending.length > 0 || (await again.describe()).status.name !== 'RUNNING' ? { pending } : null;
      });
      expect(stage.effects).toHaveLength(1);
      if (closed.pending.length > 0) expect(await timeline(again)).not.toContain('executed');
      await again.terminate().catch(() => undefined);
    }
  }, 120_000);
});
