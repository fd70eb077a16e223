import { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orchestratorQueue } from '../../contracts/queues.ts';
import { incident } from '../../workflows/incident.ts';
import { approveSignal, timelineQuery } from '../../workflows/messages.ts';
import { searchAttributes } from '../../workflows/search-attributes.ts';
import { describeWith } from '../support/skips.ts';
import { timeSkippingServer } from '../support/temporal.ts';
import { testBundle } from './bundle.ts';
import { concluded, matched, Stage, statementOf, turn, writeOf } from './stage.ts';
import { alert, eventually, type Incident, startWorkers } from './theatre.ts';

const hourMs = 3_600_000;

/** The SDK gives a starting server five seconds, which a busy machine may not have. */
async function started<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}

describeWith('timeSkipping', 'hours of waiting', () => {
  const stages = new Map<string, Stage>();
  let env: TestWorkflowEnvironment;
  let workers: { stop(): Promise<void> };
  beforeAll(async () => {
    const executable = { type: 'existing-path' as const, path: timeSkippingServer() };
    env = await started(() => TestWorkflowEnvironment.createTimeSkipping({ server: { executable } }));
    // This server has no visibility to ask whether they are usable: it knows them at once.
    const types = Object.fromEntries(searchAttributes.map(({ name, type }) => [name, type === 'INT' ? 3 : 2]));
    await env.connection.operatorService.addSearchAttributes({
      namespace: env.namespace ?? 'default',
      searchAttributes: types,
    });
    workers = await startWorkers(env.nativeConnection, env.namespace ?? 'default', await testBundle(), stages);
  }, 120_000);
  afterAll(async () => {
    await workers?.stop();
    await env?.teardown();
  });

  const play = async (name: string, prepare: (stage: Stage) => void) => {
    const stage = new Stage();
    stage.clock = () => env.currentTimeMs();
    stage.script = [turn(writeOf()), concluded];
    prepare(stage);
    const workflowId = `incident/test/${name}`;
    stages.set(workflowId, stage);
    const handle = await env.client.workflow.start(incident, {
      workflowId,
      taskQueue: orchestratorQueue,
      args: [{ alert }],
    });
    return { stage, handle };
  };

  /** When something happened, by the workflow's own timeline: the server's time skips on after it has closed. */
  const at = async (handle: Incident, what: string): Promise<number> => {
    const entry = (await handle.query(timelineQuery)).find((one) => one.what === what);
    return Date.parse(entry?.at ?? '');
  };

  it('end a hold that nobody released, at its hour and not before', async () => {
    const { stage, handle } = await play('expires', (stage) => {
      stage.expiryMs = 4 * hourMs;
    });
    expect(await handle.result()).toBe('recovered');
    const waitedMs = (await at(handle, 'expired')) - (await at(handle, 'held'));
    expect(waitedMs).toBeGreaterThanOrEqual(4 * hourMs - 60_000);
    expect(waitedMs).toBeLessThan(4 * hourMs + 60_000);
    expect(stage.inputsOf('executeCall')).toEqual([]);
    expect(stage.inputsOf('page')).toContainEqual(expect.objectContaining({ about: 'hold-expired' }));
  });

  it('leave a hold that is released in its last minute as good as any', async () => {
    const { stage, handle } = await play('last-minute', (stage) => {
      stage.expiryMs = 4 * hourMs;
    });
    const digest = await eventually(
      () => (stage.inputsOf('recordCard')[0] as { judged: { digest: string } } | undefined)?.judged.digest,
    );
    await env.sleep(4 * hourMs - 60_000);
    await handle.signal(approveSignal, statementOf(digest));
    expect(await handle.result()).toBe('recovered');
    expect(stage.effects).toEqual([digest]);
  });

  it('do not bring back a hold: a statement after its hour changes nothing', async () => {
    const { stage, handle } = await play('too-late', (stage) => {
      stage.expiryMs = hourMs;
      stage.script = [turn(writeOf()), turn(writeOf(2)), concluded];
    });
    const digestAt = (n: number) =>
      eventually(() => (stage.inputsOf('recordCard')[n] as { judged: { digest: string } } | undefined)?.judged.digest);
    const first = await digestAt(0);
    await env.sleep(hourMs + 1_000);
    await digestAt(1);
    await handle.signal(approveSignal, statementOf(first));
    await handle.result();
    expect(stage.inputsOf('executeCall')).toEqual([]);
    expect(stage.recordsOf('refusal')).toMatchObject([{ code: 'STATEMENT_WRONG_SUBJECT' }]);
  });

  it('bound how long a service may take to settle', async () => {
    const { handle } = await play('settles', (stage) => {
      stage.script = [concluded];
      stage.triage = { ...matched, recovery: { ...matched.recovery, settleMsMax: 600_000 } };
      stage.recovery = { recovered: false, detail: 'sessions still wait' };
    });
    expect(await handle.result()).toBe('concluded');
    expect((await at(handle, 'closed')) - (await at(handle, 'concluded'))).toBeLessThan(700_000);
  });
});
