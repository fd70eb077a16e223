import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createManifests } from '../../activities/identity/manifests.ts';
import type { Notifier } from '../../activities/notify/page.ts';
import { tellOfWhatIsUntold } from '../../activities/record/pages.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { people, runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { begin, decide, type Held, hold, outcomeOf, post, ready, requestOf, resume, say } from './incident.ts';
import {
  executor,
  freshWorkflowId,
  keys,
  openStage,
  openWorld,
  orchestrator,
  raiseFence,
  type Stage,
  type World,
} from './stage.ts';

type PageBody = Extract<RecordBody, { kind: 'page' }>;
const all = { kind: 'all' } as const;

describeWith('temporal', 'what the recorder tells people', () => {
  let world: World;
  let stage: Stage;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
  });
  afterEach(() => stage.close());

  /** The orchestrator says that it told somebody of a hold. */
  const tellerSays = (held: Held, about: string, delivered = true) => {
    const { workflowId, runId } = held.incident;
    const how = { digest: held.digest, to: 'test', detail: 'a hold', delivered, channels: [] };
    return stage.as(orchestrator).append({ kind: 'page', workflowId, runId, about, ...how });
  };
  const told = async () => {
    await stage.recorder.look('pages');
    await stage.recorder.look('pages');
    return stage.pages.map(({ about, digest }) => [about, digest]);
  };
  const release = async (held: Held) => stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
  const heldAndTold = async (change: Parameters<typeof hold>[2] = {}) => {
    await ready(stage);
    const held = await hold(stage, await begin(stage), change);
    await tellerSays(held, 'hold-waits');
    return held;
  };

  it('acknowledges a hold that was released, by whom, and ends it with what came of it', async () => {
    const held = await heldAndTold();
    expect(await told()).toEqual([]);
    await release(held);
    expect(await told()).toEqual([['hold-released', held.digest]]);
    await stage.as(executor).outcome(outcomeOf(stage, held));
    expect(await told()).toEqual([
      ['hold-released', held.digest],
      ['hold-ended', held.digest],
    ]);
    const { workflowId } = held.incident;
    const common = { workflowId, runbook: runbookId, escalation: 'payments-oncall', severity: 'info' };
    expect(stage.pages).toMatchObject([
      { ...common, detail: 'released by personA' },
      { ...common, detail: 'done: ended' },
    ]);
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  });
  it('ends a hold at once that ended before anybody could be told that it was released', async () => {
    const held = await heldAndTold();
    await release(held);
    await stage.as(executor).outcome(outcomeOf(stage, held));
    expect(await told()).toEqual([['hold-ended', held.digest]]);
  });
  it('ends a hold that a person rejected, and says who', async () => {
    const held = await heldAndTold();
    await post(stage, decide(stage, held, { verdict: 'reject', reason: 'wrong session' }));
    expect(await told()).toEqual([['hold-ended', held.digest]]);
    expect(stage.pages[0]?.detail).toBe('rejected by personA: wrong session');
  });
  it('ends a hold that was judged again and asks anew, and not the one that asks', async () => {
    const held = await heldAndTold();
    const again = await hold(stage, held.incident);
    await tellerSays(again, 'hold-waits');
    expect(await told()).toEqual([['hold-ended', held.digest]]);
  });
  it('ends the hold of a run that was killed while it waited: such a run tells nobody', async () => {
    await ready(stage);
    const workflowId = freshWorkflowId();
    const handle = await world.client.workflow.start('incident', { workflowId, taskQueue: 'nobody' });
    const incident = await begin(stage, stage.rules, { workflowId, runId: handle.firstExecutionRunId });
    const held = await hold(stage, incident);
    await tellerSays(held, 'hold-waits');
    await handle.terminate();
    expect(await told()).toEqual([]);
    await stage.recorder.look('incidents');
    expect(await told()).toEqual([['hold-ended', held.digest]]);
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  });

  it('ends what a late page opened, although it had said so before', async () => {
    const held = await heldAndTold();
    await post(stage, decide(stage, held, { verdict: 'reject' }));
    expect(await told()).toHaveLength(1);
    await stage.as(orchestrator).append({
      ...{ kind: 'page', workflowId: held.incident.workflowId, runId: held.incident.runId, about: 'hold-waits' },
      ...{ digest: held.digest, to: 'test', detail: 'came late', delivered: true, channels: [] },
    } as PageBody);
    expect(await told()).toHaveLength(2);
  });
  it.each([
    ['nobody was told of', async () => undefined],
    ['nobody could be told of', (held: Held) => tellerSays(held, 'hold-waits', false)],
  ])('says nothing of a hold that %s', async (_what, before) => {
    await ready(stage);
    const held = await hold(stage, await begin(stage));
    await before(held);
    await release(held);
    expect(await told()).toEqual([]);
  });
  it('says nothing of a hold after people were told that it expired, unless that did not reach them', async () => {
    const held = await heldAndTold();
    const other = await hold(stage, held.incident, { action: { step: { step: 2, index: 0 } } });
    await tellerSays(other, 'hold-waits');
    await tellerSays(held, 'hold-expired');
    await tellerSays(other, 'hold-expired', false);
    for (const one of [held, other]) await post(stage, decide(stage, one, { verdict: 'reject' }));
    expect(await told()).toEqual([['hold-ended', other.digest]]);
  });
  it('says each thing once, also after it died', async () => {
    const held = await heldAndTold();
    await release(held);
    await told();
    await stage.restart();
    expect(await told()).toEqual([['hold-released', held.digest]]);
  });
  it('says nothing of holds, and records nothing, where no channel is configured', async () => {
    const held = await heldAndTold();
    await release(held);
    const asked: unknown[] = [];
    const notifier: Notifier = {
      configured: false,
      page: async (page) => asked.push(page) as never,
    };
    const manifests = createManifests({
      ...{ dir: join(stage.dir, 'manifests'), mode: 'development' },
      ...{ keys, clock: stage.now },
    });
    const { log } = stage.recorder;
    const before = log.state.link.seq;
    await tellOfWhatIsUntold({ log, notifier, clock: stage.now, manifests });
    expect([asked, log.state.link.seq]).toEqual([[], before]);
  });

  it('tells of a resume after a stop, and not of the first one', async () => {
    await resume(stage, all);
    expect(await told()).toEqual([]);
    await world.client.workflow.getHandle('fence/all').cancel();
    await stage.recorder.look('fences');
    await resume(stage, all);
    await told();
    expect(stage.pages).toMatchObject([
      { about: 'stopped', scope: 'fence/all', severity: 'error', escalation: null },
      { about: 'resumed', scope: 'fence/all', detail: expect.stringContaining('personA: ') },
    ]);
    await resume(stage, all);
    expect(await told()).toHaveLength(2);
  });
  it("tells whom the runbook names, for its own stop and for its action's unknown outcome", async () => {
    const held = await heldAndTold();
    await release(held);
    await stage.as(executor).outcome(outcomeOf(stage, held, { status: 'unknown' }));
    await world.client.workflow.getHandle(`fence/runbook/${runbookId}`).cancel();
    await stage.recorder.look('fences');
    await told();
    const { digest } = held;
    const escalation = 'payments-oncall';
    expect(stage.pages).toMatchObject([
      { about: 'outcome-unknown', digest, severity: 'critical', escalation },
      { about: 'stopped', scope: `fence/runbook/${runbookId}`, escalation },
      { about: 'hold-ended', digest, escalation },
    ]);
  });
  it('records what it told of, however its words are cut', async () => {
    await resume(stage, all);
    await world.client.workflow.getHandle('fence/all').cancel();
    await stage.recorder.look('fences');
    const subject = { type: 'resume', scope: all, fenceRunId: await raiseFence(world, all) } as const;
    const words = (by: string) => ({ person: by, reason: `${'x'.repeat(by.length % 2)}${'🙂'.repeat(249)}` });
    await post(stage, say(stage, subject, words('personA')), say(stage, subject, words('personC'), people.personC));
    await told();
    const records = await stage.as(executor).records({ limit: 500 });
    const page = records.map(({ payload }) => payload.body).findLast(({ kind }) => kind === 'page');
    expect(page).toMatchObject({ about: 'resumed', delivered: true });
    expect((page as PageBody).detail.length).toBe(1_000);
  });
});
