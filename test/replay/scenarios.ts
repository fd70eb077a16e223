import { randomBytes } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { alertSignal, approveSignal, lookSignal, noteSignal, rejectSignal } from '../../workflows/messages.ts';
import { lookOf, tellingOf } from '../workflows/governor-stage.ts';
import { alertOf, eventually, held, type Incident, type Theatre } from '../workflows/open-theatre.ts';
import {
  blocked,
  concluded,
  failedTurn,
  failure,
  grantedOnce,
  outcomeOf,
  readOf,
  type Stage,
  statementOf,
  turn,
  writeOf,
} from '../workflows/stage.ts';

/** Plays one workflow to its end and answers the run whose history is kept. */
export type Scenario = (theatre: Theatre) => Promise<Pick<WorkflowHandle, 'fetchHistory'>>;

const holding = async (theatre: Theatre, prepare: (stage: Stage) => void = () => undefined) => {
  const { stage, handle } = await theatre.play((stage) => {
    stage.script = [turn(readOf()), turn(writeOf()), concluded];
    prepare(stage);
  });
  const [hold] = await held(handle);
  return { stage, handle, digest: hold?.digest ?? '' };
};
const closed = async (handle: Incident): Promise<Incident> => {
  await handle.result().catch(() => undefined);
  return handle;
};

const wftCompleted = 7;
/** The event ids at which a run can be Reset. */
export const tasksOf = async (handle: Pick<WorkflowHandle, 'fetchHistory'>): Promise<number[]> =>
  ((await handle.fetchHistory()).events ?? [])
    .filter(({ eventType }) => eventType === wftCompleted)
    .map(({ eventId }) => Number(eventId));

/** Resets one run to one of its workflow tasks, as anyone with a Temporal credential may. */
export async function resetTo(theatre: Theatre, workflowId: string, runId: string, task: number): Promise<Incident> {
  const request = {
    namespace: theatre.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'a test',
    requestId: randomBytes(8).toString('hex'),
    workflowTaskFinishEventId: task as never,
  };
  const reply: { runId: string } = await theatre.client.workflowService.resetWorkflowExecution(request as never);
  return theatre.client.workflow.getHandle(workflowId, reply.runId) as Incident;
}

/** What each golden history pins, by its name. */
export const scenarios: Readonly<Record<string, Scenario>> = {
  'released-and-recovered': async (theatre) => {
    const { handle, digest } = await holding(theatre);
    await handle.signal(approveSignal, statementOf(digest));
    return closed(handle);
  },
  rejected: async (theatre) => {
    const { handle, digest } = await holding(theatre);
    await handle.signal(rejectSignal, statementOf(digest, 'reject'));
    return closed(handle);
  },
  expired: async (theatre) => {
    const { handle } = await holding(theatre, (stage) => {
      stage.expiryMs = 1_500;
    });
    return closed(handle);
  },
  'cancelled-while-held': async (theatre) => {
    const { stage, handle } = await holding(theatre);
    await eventually(() => stage.inputsOf('page').length === 1);
    await handle.cancel();
    return closed(handle);
  },
  'reset-asks-again': async (theatre) => {
    const { stage, handle, digest } = await holding(theatre);
    await eventually(() => stage.inputsOf('page').length === 1);
    const { runId } = await handle.describe();
    const again = await resetTo(theatre, handle.workflowId, runId, (await tasksOf(handle)).at(-1) ?? 0);
    await again.signal(noteSignal, { kind: 'reset' });
    const fresh = await eventually(async () => (await held(again)).find((hold) => hold.digest !== digest));
    await again.signal(approveSignal, statementOf(fresh.digest));
    return closed(again);
  },
  'refused-then-released': async (theatre) => {
    const { stage, handle, digest } = await holding(theatre);
    await handle.signal(approveSignal, 'garbage');
    await handle.signal(approveSignal, { ...statementOf(digest), proof: { kind: 'ssh', signature: 'forged' } });
    await eventually(() => stage.recordsOf('refusal').length === 2);
    await handle.signal(approveSignal, statementOf(digest));
    return closed(handle);
  },
  'outcome-unknown': async (theatre) => {
    const { handle, digest } = await holding(theatre, (stage) => {
      stage.execute = async (input) => outcomeOf(input, 'unknown');
    });
    await handle.signal(approveSignal, statementOf(digest));
    return closed(handle);
  },
  'judged-again-after-refusal': async (theatre) => {
    const { handle, digest } = await holding(theatre, (stage) => {
      stage.execute = async (input) => {
        if (stage.inputsOf('executeCall').length === 1) throw failure('STATEMENT_STALE');
        return stage.effect(input);
      };
    });
    await handle.signal(approveSignal, statementOf(digest));
    const fresh = await eventually(async () => (await held(handle)).find((hold) => hold.digest !== digest));
    await handle.signal(approveSignal, statementOf(fresh.digest));
    return closed(handle);
  },
  'held-through-a-trip': async (theatre) => {
    const { stage, handle, digest } = await holding(theatre, (stage) => {
      stage.execute = async (input) => {
        if (stage.inputsOf('executeCall').length === 1) throw failure('BREAKER_OPEN');
        return stage.effect(input);
      };
    });
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(async () => (await held(handle)).some(({ lastRefusal }) => lastRefusal === 'BREAKER_OPEN'));
    await handle.signal(approveSignal, statementOf(digest));
    await eventually(() => stage.effects.length === 1);
    return closed(handle);
  },
  'auto-released-then-held': async (theatre) => {
    const { stage, handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf(1)), turn(writeOf(2)), concluded];
      stage.verdict = grantedOnce(stage);
      stage.execute = async (input) => {
        if (stage.inputsOf('executeCall').length === 2) throw failure('NOT_GRANTED');
        return stage.effect(input);
      };
    });
    const [hold] = await held(handle);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    await eventually(() => stage.effects.length === 2);
    return closed(handle);
  },
  rehearsed: async (theatre) => {
    const { handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), turn(writeOf()), concluded];
      stage.verdict = ({ tool }) => {
        const kind = tool === writeOf().tool ? 'rehearse' : 'read';
        return { kind, rule: `gate.${kind}`, reason: 'ring 0', change: 'a promotion' };
      };
    });
    return closed(handle);
  },
  'blocked-by-a-limit': async (theatre) => {
    const { handle } = await theatre.play((stage) => {
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
      stage.script = [turn(readOf()), blocked];
    });
    return closed(handle);
  },
  'failed-turn': async (theatre) => {
    const { handle } = await theatre.play((stage) => {
      stage.script = [turn(readOf()), failedTurn];
    });
    return closed(handle);
  },
  'resolved-while-held': async (theatre) => {
    const { handle } = await holding(theatre);
    await handle.signal(alertSignal, alertOf('resolved'));
    return closed(handle);
  },
  'forged-resolved-refused': async (theatre) => {
    const { stage, handle, digest } = await holding(theatre);
    await handle.signal(alertSignal, { ...alertOf('resolved'), signature: 'x'.repeat(86) });
    await eventually(() => stage.recordsOf('refusal').length === 1);
    await handle.signal(approveSignal, statementOf(digest));
    return closed(handle);
  },
  'governed-until-gone': async (theatre) => {
    const { stage, handle } = await theatre.govern((stage) => {
      stage.looks = [lookOf([tellingOf('grades-wait')]), lookOf(), lookOf([tellingOf('matter-over', 5)], null)];
      stage.before = (activity) => {
        if (activity === 'lookAtRunbook' && stage.seen === 1 && !stage.failed) {
          stage.failed = true;
          throw failure('MANIFEST_EXPIRED');
        }
      };
    });
    for (const ready of [() => stage.told.length === 1, () => stage.failed, () => stage.seen === 2]) {
      await eventually(ready);
      await handle.signal(lookSignal);
    }
    await handle.result();
    return handle;
  },
};
