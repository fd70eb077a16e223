import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { RecordBody, RecordKind } from '../../contracts/record.ts';
import { share } from '../support/deep.ts';
import { buildProbe, type Probe } from '../support/probe.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, decide, type Held, hold, outcomeOf, ready, requestOf } from './incident.ts';
import { openProcessStage, type ProcessStage } from './process-stage.ts';
import { executor, keys, openWorld, orchestrator, type World } from './stage.ts';

// Each case starts three processes, one after the other.
vi.setConfig({ testTimeout: 120_000 });
const points = ['before-put', 'half-put', 'after-put', 'after-segment', 'after-append-before-reply'] as const;

describeWith('temporal', 'a recorder that dies', () => {
  let world: World;
  let probe: Probe;
  let under: ProcessStage;
  const kindsOf = async (kind: RecordKind) => {
    const records = await under.stage.as(executor).records({ limit: 500 });
    return records.filter(({ payload }) => payload.body.kind === kind).length;
  };
  const verified = () => verifyArchive({ dir: under.archive, keys });
  const refusal = (held: Held, reason: string): RecordBody => ({
    kind: 'refusal',
    workflowId: held.incident.workflowId,
    runId: held.incident.runId,
    digest: held.digest,
    what: 'approve',
    code: 'STATEMENT_STALE',
    reason,
    raw: null,
  });
  /** Everything that a receipt needs, by a recorder that lives; then it is started again, to die at the failpoint. */
  const prepare = async (failpoint: string): Promise<Held> => {
    await under.start();
    await ready(under.stage);
    const held = await hold(under.stage, await begin(under.stage));
    under.kill('SIGTERM');
    await under.ended();
    await under.start(failpoint);
    return held;
  };
  const comeBack = async (): Promise<void> => {
    expect(await under.ended()).toBe('SIGKILL');
    expect(under.reached()).toBe(true);
    await under.start();
  };

  beforeAll(async () => {
    [world, probe] = await Promise.all([openWorld(), buildProbe('workers/recorder.ts')]);
  });
  afterAll(async () => {
    await world.close();
    probe.remove();
  });
  beforeEach(async () => {
    under = await openProcessStage(world, probe);
  });
  afterEach(() => under.close());

  it.each(share(points, 2))(
    'at %s of an intent gives no receipt, and one intent and one receipt when it is asked again',
    async (point) => {
      const held = await prepare(`recorder.${point}.intent`);
      const request = requestOf(held, [decide(under.stage, held)]);
      expect(await codeFrom(under.stage.as(executor).receipt(request))).toMatch(/^RECORDER_AWAY/);
      await comeBack();
      const { payload } = await under.stage.as(executor).receipt(request);
      expect(payload.attempt).toBe(1);
      expect([await kindsOf('statement'), await kindsOf('intent')]).toEqual([1, 1]);
      expect((await verified()).faults).toEqual([]);
    },
  );
  it.each(share(points.slice(0, 4), 1))(
    'at %s of the statement before an intent leaves both or none, and neither twice',
    async (point) => {
      const held = await prepare(`recorder.${point}.statement`);
      const request = requestOf(held, [decide(under.stage, held)]);
      expect(await codeFrom(under.stage.as(executor).receipt(request))).toMatch(/^RECORDER_AWAY/);
      await comeBack();
      // One decision is stored whole: a statement that was never followed by its intent would be spent for nothing.
      expect(await kindsOf('intent')).toBe(await kindsOf('statement'));
      await under.stage.as(executor).receipt(request);
      expect([await kindsOf('statement'), await kindsOf('intent')]).toEqual([1, 1]);
      expect((await verified()).faults).toEqual([]);
    },
  );
  it.each(share(points, 1))(
    'at %s of an outcome loses nothing, and has it once when it is sent again',
    async (point) => {
      const held = await prepare(`recorder.${point}.outcome`);
      await under.stage.as(executor).receipt(requestOf(held, [decide(under.stage, held)]));
      const outcome = outcomeOf(under.stage, held);
      expect(await codeFrom(under.stage.as(executor).outcome(outcome))).toMatch(/^RECORDER_AWAY/);
      await comeBack();
      await under.stage.as(executor).outcome(outcome);
      expect([await kindsOf('intent'), await kindsOf('outcome')]).toEqual([1, 1]);
      expect((await verified()).faults).toEqual([]);
    },
  );
  it.each(share(points, 2))(
    'at %s amid many appends keeps all that it acknowledged: no gap, no fork, no duplicate',
    async (point) => {
      const held = await prepare(`recorder.${point}.refusal`);
      const bodies = Array.from({ length: 12 }, (_, n) => refusal(held, `refusal ${n}`));
      const send = () => Promise.all(bodies.map((body) => codeFrom(under.stage.as(orchestrator).append(body))));
      expect((await send()).every((code) => code === 'none' || code.startsWith('RECORDER_AWAY'))).toBe(true);
      await comeBack();
      expect(await send()).toEqual(bodies.map(() => 'none'));
      expect(await kindsOf('refusal')).toBe(bodies.length);
      expect(readdirSync(join(under.archive, 'temporary'))).toEqual([]);
      expect((await verified()).faults).toEqual([]);
    },
  );
  it('killed at any moment keeps what it acknowledged', async () => {
    const held = await prepare('recorder.never');
    const acknowledged: string[] = [];
    const sending = (async () => {
      for (let n = 0; n < 500; n++) {
        const body = refusal(held, `refusal ${n}`);
        if ((await codeFrom(under.stage.as(orchestrator).append(body))) !== 'none') return;
        acknowledged.push(`refusal ${n}`);
      }
    })();
    setTimeout(() => under.kill('SIGKILL'), 400);
    await Promise.all([sending, under.ended()]);
    await under.start();
    const records = await under.stage.as(executor).records({ limit: 500 });
    const kept = records.flatMap(({ payload: { body } }) => (body.kind === 'refusal' ? [body.reason] : []));
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(kept.slice(0, acknowledged.length)).toEqual(acknowledged);
    expect((await verified()).faults).toEqual([]);
  });
  it('dies at its very first write and starts again', async () => {
    await under.start('recorder.half-put');
    await comeBack();
    expect(await kindsOf('manifest')).toBe(1);
  });
});
