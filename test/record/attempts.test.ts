import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import { jcs } from '../../policies/digest.ts';
import { runbookData } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, decide, type Held, hold, outcomeOf, ready, requestOf, resume, waive } from './incident.ts';
import { executor, freshRunId, freshText, openStage, openWorld, type Stage, type World } from './stage.ts';

type Limits = { incident?: number; runbook?: number; tool?: number };
const writeTools = ['postgres.terminateBackend', 'postgres.cancelBackend'];
/** The runbook of the tests with other limits: JSON is YAML. */
const runbookWith = ({ incident = 50, runbook = 50, tool = 50 }: Limits) => {
  const writesPerIncidentMax = Math.min(incident, runbook);
  const scopes = { databases: ['payments'] };
  const reads = runbookData.tools.filter(({ tool: name }) => !writeTools.includes(name));
  const writes = writeTools.map((name) => ({
    tool: name,
    scopes,
    perIncidentMax: Math.min(tool, writesPerIncidentMax),
  }));
  const limits = { writesPerIncidentMax, writesPerHourMax: runbook };
  return { text: JSON.stringify({ ...runbookData, tools: [...reads, ...writes], limits }) };
};
const wide = {
  writesPerWorkflowMax: 50,
  writesPerRunbookPerHourMax: 100,
  writesPerHourMax: 1_000,
  writesPerTargetPerHourMax: 20,
};

describeWith('temporal', 'receipts: how often', () => {
  let world: World;
  let stage: Stage;
  let nextPid = 5_000;
  const open = async (limits: Record<string, number> = {}, own: Limits = {}) => {
    stage = await openStage({ world, manifest: { runbooks: [runbookWith(own)], limits: { ...wide, ...limits } } });
    await ready(stage);
  };
  const ask = (held: Held, change: Partial<ReceiptRequest> = {}) =>
    stage.as(executor).receipt(requestOf(held, [decide(stage, held)], change));
  /** One whole write: admitted, and its outcome recorded. */
  const write = async (held: Held) => {
    const { payload } = await ask(held);
    await stage.as(executor).outcome(outcomeOf(stage, held, { attempt: payload.attempt }));
  };
  const another = (held: Held, pid = nextPid++, tool?: string) =>
    hold(stage, held.incident, {
      pid,
      ...(tool === undefined ? {} : { tool }),
      action: { nonce: `n${pid}`.padEnd(22, 'x') },
    });
  const first = async () => hold(stage, await begin(stage), { pid: nextPid++ });

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => open());
  afterEach(() => stage.close());

  it('refuses a second execution of the same action while the first may still run', async () => {
    const held = await first();
    await ask(held);
    expect(await codeFrom(ask(held, { activityId: 'execute-2' }))).toBe('RECEIPT_SPENT');
  });
  it('refuses another execution of the same activity attempt: a receipt is for one of them', async () => {
    const held = await first();
    await ask(held);
    expect(await codeFrom(ask(held, { execution: freshText() }))).toBe('RECEIPT_SPENT');
  });
  it('gives a later attempt only after the start deadline and the longest effect have passed, and counts it', async () => {
    const held = await first();
    await ask(held);
    stage.pass(31_000);
    expect(await codeFrom(ask(held, { activityAttempt: 2 }))).toBe('RECEIPT_SPENT');
    stage.pass(1_100);
    expect((await ask(held, { activityAttempt: 2 })).payload.attempt).toBe(2);
  });
  it('lets only one of two that ask at the same moment in', async () => {
    const held = await first();
    const codes = await Promise.all(
      ['execute-1', 'execute-2', 'execute-3'].map((activityId) => codeFrom(ask(held, { activityId }))),
    );
    expect(codes.sort()).toEqual(['RECEIPT_SPENT', 'RECEIPT_SPENT', 'none']);
  });
  it.each(['done', 'moved', 'refused', 'failed'] as const)(
    'gives no further attempt once the outcome is %s',
    async (status) => {
      const held = await first();
      await ask(held);
      await stage.as(executor).outcome(outcomeOf(stage, held, { status }));
      stage.pass(60_000);
      expect(await codeFrom(ask(held, { activityAttempt: 2 }))).toBe('RECEIPT_SPENT');
    },
  );
  it('gives the same receipt for the same attempt across a restart of the recorder', async () => {
    const held = await first();
    const given = await ask(held);
    await stage.restart();
    expect(jcs(await ask(held))).toBe(jcs(given));
  });
  it('refuses a repeat of an action across a restart of the recorder', async () => {
    const held = await first();
    await ask(held);
    await stage.restart();
    expect(await codeFrom(ask(held, { activityId: 'execute-2' }))).toBe('RECEIPT_SPENT');
  });

  it('refuses a second write on a target whose first has no outcome yet', async () => {
    const held = await first();
    await ask(held);
    const pid = nextPid - 1;
    const same = await another(held, pid);
    expect(await codeFrom(ask(same))).toBe('TARGET_BUSY');
    await stage.as(executor).outcome(outcomeOf(stage, held, { status: 'failed' }));
    expect(await codeFrom(ask(same))).toBe('none');
  });
  it('refuses a second write on a busy target from another incident too', async () => {
    const held = await first();
    await ask(held);
    const other = await hold(stage, await begin(stage), { pid: nextPid - 1 });
    expect(await codeFrom(ask(other))).toBe('TARGET_BUSY');
  });
  it('refuses beyond the writes of one incident', async () => {
    await stage.close();
    await open({}, { incident: 1 });
    const held = await first();
    await write(held);
    expect(await codeFrom(ask(await another(held, nextPid++, 'postgres.cancelBackend')))).toBe('LIMIT_REACHED');
  });
  it('counts the writes of one incident over all its runs: a Reset does not start again from none', async () => {
    await stage.close();
    await open({ writesPerWorkflowMax: 1 });
    const held = await first();
    await write(held);
    const again = await begin(stage, stage.rules, { ...held.incident, runId: freshRunId() });
    const reborn = await hold(stage, again, { pid: nextPid++ });
    expect(await codeFrom(ask(reborn))).toBe('LIMIT_REACHED');
  });
  it('refuses beyond the calls of one tool in an incident', async () => {
    await stage.close();
    await open({}, { tool: 1 });
    const held = await first();
    await write(held);
    expect(await codeFrom(ask(await another(held)))).toBe('LIMIT_REACHED');
    expect(await codeFrom(ask(await another(held, nextPid++, 'postgres.cancelBackend')))).toBe('none');
  });
  it('refuses beyond the writes of one runbook in an hour, over incidents, and admits again afterwards', async () => {
    await stage.close();
    await open({}, { runbook: 1 });
    await write(await first());
    expect(await codeFrom(ask(await first()))).toBe('LIMIT_REACHED');
    stage.pass(3_600_001);
    await resume(stage, { kind: 'all' });
    await waive(stage);
    stage.pass(5);
    expect(await codeFrom(ask(await first()))).toBe('none');
  });
  it('refuses beyond the writes of all runbooks in an hour', async () => {
    await stage.close();
    await open({ writesPerHourMax: 1 });
    await write(await first());
    expect(await codeFrom(ask(await first()))).toBe('LIMIT_REACHED');
  });
  it('refuses beyond the writes on one target in an hour', async () => {
    await stage.close();
    await open({ writesPerTargetPerHourMax: 1 });
    const held = await first();
    await write(held);
    expect(await codeFrom(ask(await another(held, nextPid - 1)))).toBe('LIMIT_REACHED');
  });
  it('goes by the newest manifest where it is stricter than that of the action', async () => {
    await write(await first());
    const held = await first();
    await stage.publish({ runbooks: [runbookWith({})], limits: { ...wide, writesPerHourMax: 1 } });
    expect(await codeFrom(ask(held))).toBe('LIMIT_REACHED');
  });
  it('goes by the newest edition of the runbook where its limits are stricter', async () => {
    await write(await first());
    const held = await first();
    await waive(stage, 2, await stage.publish({ runbooks: [runbookWith({ runbook: 1 })], limits: wide }));
    stage.pass(5);
    expect(await codeFrom(ask(held))).toBe('LIMIT_REACHED');
  });
  it('refuses when its own manifests were rolled back behind what the log has seen', async () => {
    const held = await first();
    await stage.publish({ runbooks: [runbookWith({})], limits: wide });
    await stage.rollBack();
    expect(await codeFrom(ask(held))).toBe('MANIFEST_ROLLED_BACK');
  });
});
