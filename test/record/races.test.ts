import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { runbookData } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { ask, giveGrant, openEarned, proposed } from './granting.ts';
import { begin, codeFrom, decide, type Held, hold, type Incident, ready, requestOf } from './incident.ts';
import { executor, freshRunId, keys, openStage, openWorld, type Stage, type World } from './stage.ts';

const many = 50;
const busy = { writesPerRunbookPerHourMax: 100, writesPerHourMax: 500, breakerConsecutiveMax: 20 };

describeWith('temporal', `${many} incidents that ask for a receipt at once`, () => {
  let world: World;
  let stage: Stage;
  type Own = { readonly writesPerHourMax?: number; readonly consecutive?: number };
  const open = async ({ writesPerHourMax = 100, consecutive = 10 }: Own) => {
    const limits = { writesPerIncidentMax: 5, writesPerHourMax };
    const runbook = { ...runbookData, limits, circuit_breaker: { destructive: { count: 20 }, consecutive } };
    stage = await openStage({ world, manifest: { limits: busy, runbooks: [{ text: JSON.stringify(runbook) }] } });
    await ready(stage);
  };
  const all = <T>(make: (n: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: many }, (_, n) => make(n)));
  const held = (incidents: readonly Incident[], pidOf: (n: number) => number): Promise<Held[]> =>
    Promise.all(incidents.map((incident, n) => hold(stage, incident, { pid: pidOf(n) })));
  /** How often each code came back. */
  const tally = async (asking: readonly Promise<unknown>[]) => {
    const codes = await Promise.all(asking.map(codeFrom));
    return Object.fromEntries([...new Set(codes)].map((code) => [code, codes.filter((one) => one === code).length]));
  };
  const release = (holds: readonly Held[]) => {
    stage.pass(5);
    const requests = holds.map((one) => requestOf(one, [decide(stage, one)]));
    return tally(requests.map((request) => stage.as(executor).receipt(request)));
  };
  /** Every incident again in another run, as a Reset makes one. */
  const reborn = (incidents: readonly Incident[]): Promise<Incident[]> =>
    Promise.all(incidents.map((one) => begin(stage, stage.rules, { ...one, runId: freshRunId() })));
  const intents = () => stage.recorder.log.state.intents.count(() => true);

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  afterEach(async () => {
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
    await stage.close();
  });

  it('never exceed the hourly count of their runbook, nor after a Reset of each', async () => {
    await open({ writesPerHourMax: 7 });
    const incidents = await all(() => begin(stage));
    expect(await release(await held(incidents, (n) => n + 1))).toEqual({ none: 7, LIMIT_REACHED: many - 7 });
    const again = await reborn(incidents);
    expect(await release(await held(again, (n) => n + 1_001))).toEqual({ LIMIT_REACHED: many });
    expect(intents()).toBe(7);
  }, 120_000);
  it('never get past the breaker, nor after a Reset of each', async () => {
    await open({ consecutive: 4 });
    const incidents = await all(() => begin(stage));
    expect(await release(await held(incidents, (n) => n + 1))).toEqual({ none: 4, BREAKER_OPEN: many - 4 });
    expect(await release(await held(await reborn(incidents), (n) => n + 1_001))).toEqual({ BREAKER_OPEN: many });
    expect(intents()).toBe(4);
  }, 120_000);
  it('never open two writes on one target, nor after a Reset of each', async () => {
    await open({});
    const incidents = await all(() => begin(stage));
    expect(await release(await held(incidents, () => 77))).toEqual({ none: 1, TARGET_BUSY: many - 1 });
    expect(await release(await held(await reborn(incidents), () => 77))).toEqual({ TARGET_BUSY: many });
    expect(intents()).toBe(1);
  }, 120_000);
  it('never use a grant more often than its count, nor after a Reset of each', async () => {
    stage = await openEarned(world);
    const grant = await giveGrant(stage, { count: 6 });
    const askAll = async (incidents: readonly Incident[], pid: number) => {
      const writes = await Promise.all(incidents.map((one, n) => proposed(stage, one, { pid: pid + n })));
      return tally(writes.map((one) => ask(stage, one, grant)));
    };
    const incidents = await all(() => begin(stage));
    expect(await askAll(incidents, 1)).toEqual({ none: 6, NOT_GRANTED: many - 6 });
    const again = await giveGrant(stage, { count: 100 });
    expect(await tally((await allReborn(incidents)).map((one) => ask(stage, one, again)))).toEqual({
      NOT_GRANTED: many,
    });
    expect(intents()).toBe(6);
  }, 120_000);
  const allReborn = async (incidents: readonly Incident[]): Promise<Held[]> => {
    const born = await reborn(incidents);
    stage.pass(5);
    return Promise.all(born.map((one, n) => proposed(stage, one, { pid: 2_000 + n })));
  };
});
