import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { runbookData } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import {
  begin,
  codeFrom,
  decide,
  type Held,
  hold,
  type Incident,
  outcomeOf,
  post,
  ready,
  requestOf,
  resume,
  runbookRef,
  sayBoth,
  waive,
} from './incident.ts';
import {
  dayMs,
  executor,
  freshRunId,
  keys,
  openStage,
  openWorld,
  orchestrator,
  type Stage,
  type World,
} from './stage.ts';

type Breaker = Partial<{ count: number; consecutive: number; eventsMin: number; objective: number }>;
const runbookWith = ({ count = 20, consecutive = 10, eventsMin = 100, objective = 0.5 }: Breaker) => ({
  text: JSON.stringify({
    ...runbookData,
    tools: runbookData.tools.map((one) => ({ ...one, perIncidentMax: 50 })),
    limits: { writesPerIncidentMax: 50, writesPerHourMax: 100 },
    circuit_breaker: { destructive: { count }, consecutive, errorBudget: { eventsMin, objective } },
  }),
});
const wide = {
  writesPerWorkflowMax: 50,
  writesPerRunbookPerHourMax: 100,
  writesPerHourMax: 1_000,
  writesPerTargetPerHourMax: 20,
  breakerDestructiveMax: 100,
  breakerConsecutiveMax: 20,
};

describeWith('temporal', 'the circuit breaker', () => {
  let world: World;
  let stage: Stage;
  let nextPid = 9_000;
  const open = async (own: Breaker = {}, limits: Record<string, number> = {}) => {
    const source = { notAfter: new Date(Date.now() + 60 * dayMs).toISOString() };
    stage = await openStage({
      world,
      manifest: { runbooks: [runbookWith(own)], limits: { ...wide, ...limits }, source },
    });
    await ready(stage);
  };
  const first = async (incident?: Incident): Promise<Held> =>
    hold(stage, incident ?? (await begin(stage)), { pid: nextPid++, action: { nonce: `n${nextPid}`.padEnd(22, 'x') } });
  const ask = (held: Held, statements?: SignedStatement[]) =>
    stage.as(executor).receipt(requestOf(held, statements ?? [decide(stage, held)]));
  const write = async (held: Held, change: Parameters<typeof outcomeOf>[2] = {}) => {
    await ask(held);
    await stage.as(executor).outcome(outcomeOf(stage, held, change));
  };
  const bodies = async (): Promise<RecordBody[]> =>
    (await stage.as(executor).records({ limit: 500 })).map(({ payload }) => payload.body);
  const trips = async () => (await bodies()).filter((body) => body.kind === 'standing' && body.change === 'trip');
  const standing = async () => (await stage.as(executor).standing(runbookRef(stage.rules))).payload.standing;
  const reset = async () =>
    post(stage, ...sayBoth(stage, { type: 'trip-reset', record: (await standing()).trip?.record ?? '' }));
  const deny = async (incident: Incident, rule: string) =>
    stage.as(orchestrator).append({
      kind: 'verdict',
      workflowId: incident.workflowId,
      runId: incident.runId,
      step: { step: 1, index: 0 },
      tool: 'postgres.query',
      verdict: { kind: 'deny', rule, reason: '', change: '' },
      digest: null,
      rehearsal: null,
    });
  const sound = async () => (await verifyArchive({ dir: stage.archive, keys })).faults;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(() => open({ count: 2 }));
  afterEach(() => stage.close());

  it('opens for one destructive write too many: a trip on the record, no receipt, and the archive verifies', async () => {
    await write(await first());
    await write(await first());
    await expect(ask(await first())).rejects.toMatchObject({
      code: 'BREAKER_OPEN',
      details: { limit: 'destructive', scope: 'runbook' },
    });
    expect(await trips()).toMatchObject([{ trip: { scope: 'runbook', limit: 'destructive', count: 2, max: 2 } }]);
    expect(await standing()).toMatchObject({ ring: 0, rule: 'breaker.open' });
    expect(await sound()).toEqual([]);
  });
  it('stays open, whatever persons sign and however much time passes, and trips once', async () => {
    await write(await first());
    await write(await first());
    const late = await first();
    for (let n = 0; n < 3; n++) expect(await codeFrom(ask(late))).toBe('BREAKER_OPEN');
    stage.pass(2 * 3_600_000);
    await resume(stage, { kind: 'all' });
    expect(await codeFrom(ask(await first()))).toBe('BREAKER_OPEN');
    expect(await trips()).toHaveLength(1);
  });
  it('is closed by a signed trip-reset alone, which counts from there on', async () => {
    await write(await first());
    await write(await first());
    const waiting = await first();
    const early = decide(stage, waiting);
    expect(await codeFrom(ask(waiting, [early]))).toBe('BREAKER_OPEN');
    await reset();
    stage.pass(5);
    // Decided before the trip: what was seen then was another state of things.
    expect(await codeFrom(ask(waiting, [early]))).toBe('RECEIPT_REFUSED');
    expect(await codeFrom(ask(waiting))).toBe('none');
    expect(await sound()).toEqual([]);
  });
  it('is closed once by a statement, and by no statement over another trip', async () => {
    await write(await first());
    await write(await first());
    await codeFrom(ask(await first()));
    const record = (await standing()).trip?.record ?? '';
    const signed = sayBoth(stage, { type: 'trip-reset', record });
    await post(stage, ...signed);
    expect(await codeFrom(post(stage, ...signed))).toBe('STATEMENT_REPLAYED');
    expect(await codeFrom(post(stage, ...sayBoth(stage, { type: 'trip-reset', record })))).toBe('RECORD_REFUSED');
  });
  it('does not count a later attempt at the same action as another write', async () => {
    const held = await first();
    await ask(held);
    stage.pass(33_000);
    expect(
      await codeFrom(stage.as(executor).receipt(requestOf(held, [decide(stage, held)], { activityAttempt: 2 }))),
    ).toBe('none');
    expect(await codeFrom(ask(await first()))).toBe('none');
  });
  it('is not opened by who has no release', async () => {
    await write(await first());
    await write(await first());
    expect(await codeFrom(ask(await first(), []))).toBe('RELEASE_MISSING');
    expect(await trips()).toEqual([]);
  });
  it('is not opened by who asks without a receipt to lose: another role, or no executor', async () => {
    await write(await first());
    await write(await first());
    const held = await first();
    const work = stage.as(orchestrator).receipt(requestOf(held, [decide(stage, held)]));
    expect(await codeFrom(work)).toBe('NOT_PERMITTED');
    expect(await trips()).toEqual([]);
  });

  it('opens after too many writes in a row of which none went well', async () => {
    await stage.close();
    await open({ consecutive: 2 });
    await write(await first(), { status: 'moved' });
    await write(await first(), { status: 'done' });
    await write(await first(), { status: 'moved' });
    await ask(await first());
    expect(await codeFrom(ask(await first()))).toBe('BREAKER_OPEN');
    expect(await trips()).toMatchObject([{ trip: { limit: 'consecutive' } }]);
    expect(await sound()).toEqual([]);
  });
  it('opens with the outcome that spends the error budget, before anything else is asked for', async () => {
    await stage.close();
    await open({ eventsMin: 5, objective: 0.8 });
    await write(await first(), { status: 'moved' });
    expect((await standing()).trip).toBeNull();
    await write(await first(), { status: 'refused' });
    expect(await standing()).toMatchObject({ ring: 0, trip: { limit: 'error-budget', count: 2, max: 1 } });
    expect(await sound()).toEqual([]);
  });
  it('counts denied proposals against the budget, each rule of an incident once', async () => {
    await stage.close();
    await open({ eventsMin: 5, objective: 0.8 });
    const incident = await begin(stage);
    await deny(incident, 'scope.database');
    await deny(incident, 'scope.database');
    expect((await standing()).trip).toBeNull();
    await deny(incident, 'floor.drop-table');
    expect((await standing()).trip).toMatchObject({ limit: 'error-budget' });
    expect(await sound()).toEqual([]);
  });
  it('opens over all runbooks by the limits of the manifest', async () => {
    await stage.close();
    await open({}, { breakerDestructiveMax: 1 });
    await write(await first());
    expect(await codeFrom(ask(await first()))).toBe('BREAKER_OPEN');
    expect(await trips()).toMatchObject([{ runbook: null, trip: { scope: 'all', count: 1, max: 1 } }]);
    await reset();
    stage.pass(5);
    expect(await codeFrom(ask(await first()))).toBe('none');
    expect(await sound()).toEqual([]);
  });
  it('goes by the newest manifest where it is stricter than that of the action', async () => {
    await write(await first());
    const held = await first();
    await waive(stage, 2, await stage.publish({ runbooks: [runbookWith({ count: 1 })], limits: wide }));
    stage.pass(5);
    expect(await codeFrom(ask(held))).toBe('BREAKER_OPEN');
  });
  it('pages whom the runbook names, once, and the page is on the record', async () => {
    await write(await first());
    await write(await first());
    await codeFrom(ask(await first()));
    await stage.recorder.look('pages');
    await stage.recorder.look('pages');
    const commands = ['status', 'trip-reset'].map((word) => `holdpoint runbook ${word} ${runbookData.id}`);
    expect(stage.pages).toMatchObject([{ about: 'breaker-open', commands }]);
    const told = (await bodies()).filter((body) => body.kind === 'page');
    expect(told).toMatchObject([{ about: 'breaker-open', to: 'payments-oncall (test)' }]);
  });

  const race = async (count: number, incidents: () => Promise<Incident>) => {
    const helds = [];
    for (let n = 0; n < count; n++) helds.push(await first(await incidents()));
    const codes = await Promise.all(helds.map((held) => codeFrom(ask(held))));
    return codes.filter((code) => code === 'none').length;
  };
  it('never lets 50 incidents that ask at once beyond its limit', async () => {
    await stage.close();
    await open({ count: 7 });
    expect(await race(50, () => begin(stage))).toBe(7);
    expect((await bodies()).filter(({ kind }) => kind === 'intent')).toHaveLength(7);
    expect(await trips()).toHaveLength(1);
    expect(await sound()).toEqual([]);
  }, 120_000);
  it('refunds nothing to the runs of a Reset, nor to a recorder that starts again', async () => {
    await stage.close();
    await open({ count: 5 });
    const incident = await begin(stage);
    const reborn = () => begin(stage, stage.rules, { ...incident, runId: freshRunId() });
    expect(await race(4, reborn)).toBe(4);
    await stage.restart();
    expect(await race(46, reborn)).toBe(1);
    await stage.restart();
    expect(await codeFrom(ask(await first(await reborn())))).toBe('BREAKER_OPEN');
    expect(await trips()).toHaveLength(1);
  }, 120_000);
});
