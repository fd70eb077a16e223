import { randomBytes } from 'node:crypto';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { mayAppend } from '../../activities/record/append-rules.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { GovernorActivities } from '../../contracts/governor.ts';
import { governorId, orchestratorQueue } from '../../contracts/queues.ts';
import { RecordKind, type SignedRecord } from '../../contracts/record.ts';
import { foldStanding } from '../../policies/standing.ts';
import { ensureGovernor } from '../../workers/orchestrator/governors.ts';
import { runbookId } from '../policies/support/rules.ts';
import { openYear, promote, rehearseAndGrade, rehearseOne } from '../record/earning.ts';
import { begin, codeFrom, decide, hold, outcomeOf, ready, requestOf, runbookRef, waive } from '../record/incident.ts';
import { dayMs, executor, keys, openWorld, orchestrator, type Stage, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { testBundle } from '../workflows/bundle.ts';
import { eventually } from '../workflows/theatre.ts';
import { type GovernorUnderTest, governorOver } from './under-test.ts';

describeWith('temporal', 'a governor has no authority', () => {
  let world: World;
  let stage: Stage;
  let governor: GovernorUnderTest;
  let stop: () => Promise<void>;
  let looks = 0;
  beforeAll(async () => {
    world = await openWorld();
    const connection = await NativeConnection.connect({ address: sharedTemporal().address });
    const worker = await Worker.create({
      ...{ connection, namespace: world.namespace, taskQueue: orchestratorQueue, workflowBundle: await testBundle() },
      activities: {
        lookAtRunbook: () => governor.activities.lookAtRunbook(),
        tellOfRunbook: (telling) => governor.activities.tellOfRunbook(telling),
      } satisfies GovernorActivities,
    });
    const running = worker.run();
    stop = async () => {
      worker.shutdown();
      await running;
      await connection.close();
    };
  }, 60_000);
  afterAll(async () => {
    await stop();
    await world.close();
  });
  beforeEach(async () => {
    stage = await openYear(world);
    looks = 0;
    governor = await governorOver(stage, {
      before: async () => {
        looks += 1;
      },
    });
  });
  afterEach(async () => {
    await handle()
      .terminate()
      .catch(() => undefined);
    await stage.close();
  });

  const handle = () => world.client.workflow.getHandle(governorId(runbookId));
  const records = async (): Promise<SignedRecord[]> => {
    const all: SignedRecord[] = [];
    for (let from = 0, page = await stage.as(executor).records({ from }); page.length > 0; ) {
      all.push(...page);
      from = all.length;
      page = await stage.as(executor).records({ from });
    }
    return all;
  };
  const receipt = async (incident: Awaited<ReturnType<typeof begin>>, pid: number) => {
    const held = await hold(stage, incident, { pid });
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    return held;
  };
  /** Promoted, demoted by what came of a write, then waived; its incident has used up its one write; one is ungraded. */
  const story = async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(14 * dayMs);
    await promote(stage, 2);
    await ready(stage);
    const incident = await begin(stage);
    const held = await receipt(incident, 4711);
    await stage.as(executor).outcome(outcomeOf(stage, held, { postcondition: { held: false, detail: 'still there' } }));
    await rehearseOne(stage);
    stage.pass(3 * dayMs);
    return incident;
  };
  /** Waits until a governor has looked since, and told what was due. */
  const looked = async (): Promise<void> => {
    const before = looks;
    await ensureGovernor(world.client, runbookId, true);
    await eventually(() => looks > before);
    // Paged first, then recorded: what is compared with later holds the page.
    await eventually(async () => (await records()).some(({ payload }) => payload.body.kind === 'page'));
  };
  const foldNow = async (all: readonly SignedRecord[], now: number) => ({
    folded: foldStanding(all, runbookRef(stage.rules), now),
    served: (await stage.as(executor).standing(runbookRef(stage.rules))).payload.standing,
  });

  /** Resets the governor to its first or last workflow task, as anyone with a Temporal credential may. */
  const reset = async (at: 'first' | 'last') => {
    const { runId } = await handle().describe();
    const events = (await handle().fetchHistory()).events ?? [];
    const tasks = events.filter(({ eventType }) => eventType === 7).map(({ eventId }) => Number(eventId));
    const task = at === 'first' ? tasks[0] : tasks.at(-1);
    const request = {
      namespace: world.namespace,
      workflowExecution: { workflowId: governorId(runbookId), runId },
      reason: 'a test',
      requestId: randomBytes(8).toString('hex'),
      workflowTaskFinishEventId: task as never,
    };
    await world.client.workflowService.resetWorkflowExecution(request as never);
  };

  it('changes no standing, refunds no count and undoes no demotion, Reset, terminated, or with its recorder restarted', async () => {
    const incident = await story();
    await looked();
    const before = await records();
    const now = stage.now();
    const first = await foldNow(before, now);
    expect(first.folded).toMatchObject({ ring: 0, rule: 'standing.demoted-postcondition' });
    for (const at of ['first', 'last'] as const) {
      await reset(at);
      await looked();
    }
    await handle().terminate();
    await looked();
    await stage.restart();
    await looked();
    const after = await records();
    expect(await foldNow(after, now)).toEqual(first);
    expect(after.slice(before.length).map(({ payload }) => payload.body.kind)).toEqual([]);
    await waive(stage, 2);
    stage.pass(5);
    expect(await codeFrom(receipt(incident, 4712))).toBe('LIMIT_REACHED');
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  }, 120_000);

  it('pages once, whatever becomes of it: what was told is in the log', async () => {
    await story();
    await looked();
    const pages = governor.pages.map(({ about }) => about);
    expect(pages).toEqual(['grades-wait']);
    await reset('first');
    await looked();
    await handle().terminate();
    await looked();
    governor = await governorOver(stage);
    await stage.restart();
    await ensureGovernor(world.client, runbookId, true);
    await governor.activities.lookAtRunbook().catch(() => undefined);
    expect(governor.pages).toEqual([]);
    const told = (await records()).filter(({ payload }) => payload.body.kind === 'page');
    expect(told).toHaveLength(1);
  }, 120_000);

  it('holds a key that may record a page, and nothing that standing is folded from by persons', () => {
    const may = RecordKind.options.filter((kind) => mayAppend(kind, orchestrator.signer.as));
    for (const kind of ['standing', 'statement', 'intent', 'outcome', 'resume', 'kill', 'attestation'] as const)
      expect(may).not.toContain(kind);
  });
});
