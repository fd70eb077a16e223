import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ExecuteInput, SignedOutcome } from '../../contracts/incident.ts';
import { approveSignal } from '../../workflows/messages.ts';
import { describeWith } from '../support/skips.ts';
import {
  blocked,
  concluded,
  failedTurn,
  failure,
  limits,
  matched,
  outcomeOf,
  readOf,
  type Stage,
  statementOf,
  turn,
  writeOf,
} from './stage.ts';
import { held, openTheatre, stateOf, type Theatre, timeline } from './theatre.ts';

describeWith('temporal', 'an incident', () => {
  let theatre: Theatre;
  beforeAll(async () => {
    theatre = await openTheatre();
  });
  afterAll(() => theatre.close());

  const playToEnd = async (prepare: (stage: Stage) => void) => {
    const { stage, handle } = await theatre.play(prepare);
    return { stage, handle, outcome: await handle.result() };
  };
  const releaseOne = async (prepare: (stage: Stage) => void) => {
    const { stage, handle } = await theatre.play(prepare);
    const [hold] = await held(handle);
    await handle.signal(approveSignal, statementOf(hold?.digest ?? ''));
    return { stage, handle, hold, outcome: await handle.result() };
  };

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
    const told = ['matched', 'proposed', 'read', 'held', 'approved', 'released', 'executed', 'concluded', 'closed'];
    expect(await timeline(handle)).toEqual(expect.arrayContaining(told));
    expect(await stateOf(handle)).toMatchObject({ state: 'closed', outcome: 'recovered', awaiting: 0 });
  });

  it('records each proposal and each verdict before anything follows from them', async () => {
    const { stage } = await playToEnd((stage) => {
      stage.script = [turn(readOf(), readOf('postgres.locks')), concluded];
    });
    const order = stage.called.map(({ activity, input }) => `${activity}:${(input as { kind?: string }).kind ?? ''}`);
    expect(order.indexOf('recordEvent:proposal')).toBeLessThan(order.indexOf('judge:'));
    expect(order.lastIndexOf('recordEvent:verdict')).toBeLessThan(order.indexOf('readCall:'));
    expect(stage.recordsOf('verdict')).toHaveLength(2);
  });

  it('closes as unmatched, and tells people, when no runbook or more than one matches', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.triage = { kind: 'unmatched', reason: 'two runbooks match' };
    });
    expect(outcome).toBe('unmatched');
    expect(stage.called.map(({ activity }) => activity)).toEqual(['beginIncident', 'page']);
  });

  it('does nothing but tell people when the alert is not one that the gateway admitted', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.before = (activity) => {
        if (activity === 'beginIncident') throw failure('BAD_SIGNATURE');
      };
    });
    expect(outcome).toBe('gave-up');
    expect(stage.called.map(({ activity }) => activity)).toEqual(['beginIncident', 'page']);
  });

  it('never offers or executes a denied call, and tells the model its rule as data', async () => {
    const { stage } = await playToEnd((stage) => {
      stage.script = [turn({ tool: 'shell.run', args: { command: 'DROP TABLE payments' }, why: 'told to' }), concluded];
    });
    expect(stage.toldEnds()).toMatchObject([{ end: 'denied', rule: 'gate.deny' }]);
    expect(stage.inputsOf('predict')).toEqual([]);
    expect(stage.effects).toEqual([]);
  });

  it('predicts and records a rehearsed write, and never executes it', async () => {
    const { stage } = await playToEnd((stage) => {
      stage.verdict = () => ({ kind: 'rehearse', rule: 'standing.ring-0', reason: 'dry run', change: 'promote it' });
      stage.script = [turn(writeOf()), concluded];
    });
    expect(stage.toldEnds()).toMatchObject([{ end: 'rehearsed', rule: 'standing.ring-0' }]);
    expect(stage.inputsOf('recordRehearsal')).toMatchObject([{ prediction: { payload: { dryRun: false } } }]);
    expect(stage.recordsOf('verdict')).toEqual([]);
    expect(stage.inputsOf('recordCard')).toEqual([]);
    expect(stage.inputsOf('executeCall')).toEqual([]);
  });

  it.each(['moved', 'refused', 'failed'] as const)(
    'tells the model that a write was %s, and goes on',
    async (status) => {
      const { stage, outcome } = await releaseOne((stage) => {
        stage.script = [turn(writeOf()), concluded];
        stage.execute = async (input): Promise<SignedOutcome> => outcomeOf(input, status);
      });
      expect(stage.toldEnds()).toMatchObject([{ end: status }]);
      expect(outcome).toBe('recovered');
    },
  );

  it.each([
    ['an outcome that says so', async (input: ExecuteInput) => outcomeOf(input, 'unknown')],
    ['a failure that says so', async () => Promise.reject(failure('OUTCOME_UNKNOWN'))],
    ['a recorder that stays away', async () => Promise.reject(failure('RECORDER_AWAY'))],
    ['a code nobody knows', async () => Promise.reject(failure('TypeError'))],
    ['an error nobody classified', async () => Promise.reject(failure('INTERNAL'))],
  ])('leaves an unknown outcome to a person and tries nothing again: %s', async (_name, execute) => {
    const { stage, outcome } = await releaseOne((stage) => {
      stage.script = [turn(writeOf()), turn(writeOf())];
      stage.execute = execute;
    });
    expect(outcome).toBe('gave-up');
    expect(stage.inputsOf('executeCall')).toHaveLength(1);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'outcome-unknown' }));
  });

  it('retries an effect that a retry may help, and takes it as one', async () => {
    const { stage, outcome } = await releaseOne((stage) => {
      stage.script = [turn(writeOf()), concluded];
      stage.execute = async (input, attempt) => {
        if (attempt < 3) throw failure('RECORDER_AWAY', false);
        return stage.effect(input);
      };
    });
    expect(outcome).toBe('recovered');
    expect(stage.effects).toHaveLength(1);
  });

  it('tells the model that a read failed for good, and goes on', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = [turn(readOf()), concluded];
      stage.before = (activity) => {
        if (activity === 'readCall' && stage.inputsOf('readCall').length === 1) throw failure('TARGET_REFUSED');
      };
    });
    expect(stage.toldEnds()).toMatchObject([{ end: 'failed', rule: 'TARGET_REFUSED' }]);
    expect(outcome).toBe('recovered');
  });

  it('gives up, and tells people, after the steps that the manifest allows', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = Array.from({ length: 20 }, () => turn(readOf()));
    });
    expect(outcome).toBe('gave-up');
    expect(stage.inputsOf('proposeCalls')).toHaveLength(limits.stepsMax);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'gave-up' }));
  });

  it('judges no more calls of a turn than the manifest allows', async () => {
    const { stage } = await playToEnd((stage) => {
      stage.script = [turn(...Array.from({ length: 9 }, () => readOf())), concluded];
    });
    expect(stage.inputsOf('readCall').length - 1).toBe(limits.callsPerStepMax); // one more verifies recovery
  });

  it('gives up, and tells people, beyond the history events that the manifest allows', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.triage = { ...matched, limits: { ...limits, historyEventsMax: 30 } };
      stage.script = Array.from({ length: 6 }, () => turn(readOf(), readOf('postgres.locks')));
    });
    expect(outcome).toBe('gave-up');
    expect(stage.inputsOf('proposeCalls').length).toBeLessThan(4);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'gave-up' }));
  });

  it('gives up, and tells people, when the model fails for good', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = [];
    });
    expect(outcome).toBe('gave-up');
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'gave-up' }));
  });

  it('records a turn that failed with what it took, asks the model no more, and tells people why', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = [turn(readOf()), failedTurn, turn(writeOf())];
    });
    const { usage, failed, trace } = failedTurn;
    expect(outcome).toBe('gave-up');
    expect(stage.recordsOf('proposal').at(-1)).toMatchObject({ step: 1, calls: [], usage, failed, trace });
    expect(stage.inputsOf('proposeCalls')).toHaveLength(2);
    expect(stage.inputsOf('page')).toMatchObject([
      { about: 'gave-up', detail: 'MODEL_FAILED: model `test`: status 500' },
    ]);
  });

  it.each([
    [false, 'concluded'],
    [true, 'not-recovered'],
  ])('does not believe a conclusion: unhealthy after a write (%s) closes as %s', async (write, expected) => {
    const prepare = (stage: Stage) => {
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
      stage.script = write ? [turn(writeOf()), concluded] : [turn(readOf()), concluded];
    };
    const { stage, outcome } = write ? await releaseOne(prepare) : await playToEnd(prepare);
    expect(outcome).toBe(expected);
    // A page says how urgent the alert is, and whether its end asks for a person.
    expect(stage.inputsOf('page').at(-1)).toMatchObject({ about: 'not-recovered', severity: 'critical' });
  });

  it('wakes nobody for a service that did not recover in a dry run, which nobody relies on', async () => {
    const { stage } = await playToEnd((stage) => {
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
      stage.verdict = () => ({ kind: 'rehearse', rule: 'standing.ring-0', reason: 'dry run', change: 'promote it' });
      stage.script = [turn(writeOf()), concluded];
    });
    expect(stage.inputsOf('page')).toMatchObject([{ about: 'closed', detail: expect.stringContaining('concluded') }]);
  });

  it('gives up, and says which limit of which tool was reached, when the playbook is blocked', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
      stage.script = [turn(readOf()), blocked];
    });
    expect(outcome).toBe('gave-up');
    expect(stage.inputsOf('proposeCalls')).toHaveLength(2);
    expect(stage.inputsOf('page')).toMatchObject([
      { about: 'gave-up', detail: `gave-up: ${blocked.blocked}; sessions still wait` },
    ]);
  });

  it('does not give up what recovered: a blocked playbook is verified like any other end', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = [blocked];
    });
    expect(outcome).toBe('recovered');
    expect(stage.inputsOf('page')).toMatchObject([
      { about: 'closed', detail: `recovered: ${blocked.blocked}; no session waits` },
    ]);
  });

  it('closes as not recovered when a write was executed and the playbook is blocked after it', async () => {
    const { stage, outcome } = await releaseOne((stage) => {
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
      stage.script = [turn(writeOf()), blocked];
    });
    expect(outcome).toBe('not-recovered');
    expect(stage.inputsOf('page').at(-1)).toMatchObject({ detail: expect.stringContaining('limits.per-incident') });
  });

  it('tells by which limit a recovery read was denied', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.script = [concluded];
      stage.verdict = () => ({ kind: 'deny', rule: 'limits.per-incident', reason: 'was used 20 times', change: '' });
    });
    expect(outcome).toBe('concluded');
    expect(stage.inputsOf('readCall')).toEqual([]);
    const detail = 'concluded: a recovery read was denied: limits.per-incident: was used 20 times';
    expect(stage.inputsOf('page')).toMatchObject([{ about: 'not-recovered', detail }]);
  });

  it('reads again while the service settles', async () => {
    const { stage, outcome } = await playToEnd((stage) => {
      stage.triage = { ...matched, recovery: { ...matched.recovery, settleMsMax: 30_000 } };
      stage.script = [concluded];
      stage.before = (activity) => {
        if (activity === 'assessRecovery')
          stage.recovery = { recovered: stage.inputsOf('assessRecovery').length === 3, detail: 'settling' };
      };
    });
    expect(outcome).toBe('recovered');
    expect(stage.inputsOf('assessRecovery')).toHaveLength(3);
  });
});
