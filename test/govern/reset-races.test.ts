import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { governorId, orchestratorQueue } from '../../contracts/queues.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { foldStanding } from '../../policies/standing.ts';
import { ensureGovernor } from '../../workers/orchestrator/governors.ts';
import { runbookData, runbookId } from '../policies/support/rules.ts';
import {
  begin,
  codeFrom,
  decide,
  hold,
  type Incident,
  outcomeOf,
  ready,
  requestOf,
  runbookRef,
  waive,
} from '../record/incident.ts';
import { executor, freshWorkflowId, keys, openStage, openWorld, type Stage, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { testBundle } from '../workflows/bundle.ts';
import { eventually } from '../workflows/theatre.ts';
import { type GovernorUnderTest, governorOver } from './under-test.ts';

const many = 50;
const most = 7;
const taskQueue = 'asking-incidents';
const limits = { writesPerIncidentMax: 5, writesPerHourMax: most };
const runbook = { ...runbookData, limits, circuit_breaker: { destructive: { count: 20 }, consecutive: 10 } };
const busy = { writesPerRunbookPerHourMax: 100, writesPerHourMax: 500, breakerConsecutiveMax: 20 };
type Run = { readonly workflowId: string; readonly runId: string };

describeWith('temporal', `${many} incidents that ask for a receipt while they are Reset`, () => {
  let world: World;
  let stage: Stage;
  let governor: GovernorUnderTest;
  let stop: () => Promise<void>;
  let looks = 0;
  let asked = 0;
  const first = new Map<string, Incident>();
  const admitted: { readonly run: Run; readonly held: Awaited<ReturnType<typeof hold>> }[] = [];
  const answers: { readonly run: Run; readonly code: string }[] = [];

  /** Resets a run to after one of its workflow tasks, as anyone with a Temporal credential may: by the server, for real. */
  const reset = async ({ workflowId, runId }: Run, task: number): Promise<void> => {
    const workflowExecution = { workflowId, runId };
    const at = { reason: 'a test', requestId: randomUUID(), workflowTaskFinishEventId: task as never };
    await world.client.workflowService.resetWorkflowExecution({ namespace: world.namespace, workflowExecution, ...at });
  };
  const firstTask = 4;
  const tasksOf = async ({ workflowId, runId }: Run): Promise<number[]> =>
    ((await world.client.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [])
      .filter(({ eventType }) => eventType === 7)
      .map(({ eventId }) => Number(eventId));

  /** The activity: a hold in the run that it is of, a person's release of it, and the executor's request for a receipt. */
  const ask = async (): Promise<string> => {
    const { workflowId, runId } = activityInfo().workflowExecution as Run;
    const known = first.get(workflowId);
    const incident = await begin(stage, stage.rules, { ...known, workflowId, runId });
    if (known === undefined) first.set(workflowId, incident);
    // Every other first run is Reset while it asks: its own request is in flight, and its new run asks too.
    const isReset = known === undefined && first.size % 2 === 0;
    const run = { workflowId, runId };
    asked += 1;
    const held = await hold(stage, incident, { pid: 1_000 + asked });
    stage.pass(5);
    const asking = stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    const [code] = await Promise.all([codeFrom(asking), isReset ? reset(run, firstTask) : undefined]);
    if (code === 'none') admitted.push({ run, held });
    answers.push({ run, code });
    return code;
  };
  const answered = (count: number) => eventually(() => answers.length >= count, 60_000);
  const intents = () => stage.recorder.log.state.intents.count(() => true);
  const codes = (from = 0) => [...new Set(answers.slice(from).map(({ code }) => code))].sort();
  const records = async (): Promise<SignedRecord[]> => {
    const all: SignedRecord[] = [];
    for (let page = await stage.as(executor).records({ from: 0 }); page.length > 0; ) {
      all.push(...page);
      page = await stage.as(executor).records({ from: all.length });
    }
    return all;
  };
  /** Starts the governor. Answers its run once it has looked. */
  const governed = async (): Promise<string> => {
    await ensureGovernor(world.client, runbookId, true);
    await eventually(() => looks > 0, 60_000);
    const handle = world.client.workflow.getHandle(governorId(runbookId));
    const { runId } = await handle.describe();
    await eventually(async () => (await tasksOf({ workflowId: governorId(runbookId), runId })).length > 1, 60_000);
    return runId;
  };
  const workers = async (): Promise<() => Promise<void>> => {
    const connection = await NativeConnection.connect({ address: sharedTemporal().address });
    const here = { connection, namespace: world.namespace };
    const workflowsPath = join(import.meta.dirname, 'asking-incident.ts');
    const asking = await Worker.create({ ...here, taskQueue, workflowsPath, activities: { ask } });
    const activities = {
      lookAtRunbook: () => governor.activities.lookAtRunbook(),
      tellOfRunbook: (telling: never) => governor.activities.tellOfRunbook(telling),
    };
    const workflowBundle = await testBundle();
    const governing = await Worker.create({ ...here, taskQueue: orchestratorQueue, workflowBundle, activities });
    const running = Promise.all([asking.run(), governing.run()]);
    return async () => {
      for (const worker of [asking, governing]) worker.shutdown();
      await running;
      await connection.close();
    };
  };

  beforeAll(async () => {
    world = await openWorld();
    stage = await openStage({ world, manifest: { limits: busy, runbooks: [{ text: JSON.stringify(runbook) }] } });
    await ready(stage);
    governor = await governorOver(stage, {
      before: async () => {
        looks += 1;
      },
    });
    stop = await workers();
  }, 120_000);
  afterAll(async () => {
    await world.client.workflow
      .getHandle(governorId(runbookId))
      .terminate()
      .catch(() => undefined);
    await stop?.();
    await stage?.close();
    await world?.close();
  });

  it('never exceeds the limit of their runbook, half of them Reset while they ask', async () => {
    const start = () => world.client.workflow.start('incident', { workflowId: freshWorkflowId(), taskQueue });
    await Promise.all(Array.from({ length: many }, start));
    await answered(many + many / 2);
    expect(codes()).toEqual(['LIMIT_REACHED', 'none']);
    expect([admitted.length, intents()]).toEqual([most, most]);
  }, 120_000);

  it('refunds none of it by a Reset of each that was admitted, and of as many that were not', async () => {
    const before = answers.length;
    const refused = answers.filter(({ code }) => code !== 'none').slice(0, most);
    const runs = [...admitted, ...refused].map(({ run }) => run);
    await Promise.all(runs.map((run) => reset(run, firstTask)));
    await answered(before + runs.length);
    expect(codes(before)).toEqual(['LIMIT_REACHED']);
    expect(intents()).toBe(most);
  }, 120_000);

  it('refunds no count and undoes no demotion when the governor is Reset, at each of its workflow tasks', async () => {
    const [one] = admitted;
    if (one === undefined) throw new Error('expected an admitted write');
    const failed = { postcondition: { held: false, detail: 'still there' } };
    await stage.as(executor).outcome(outcomeOf(stage, one.held, failed));
    const run = { workflowId: governorId(runbookId), runId: await governed() };
    const fold = async () => foldStanding(await records(), runbookRef(stage.rules), stage.now());
    const before = await fold();
    expect(before).toMatchObject({ ring: 0, rule: 'standing.demoted-postcondition' });
    const tasks = await tasksOf(run);
    const asking = answers.length;
    expect(tasks.length).toBeGreaterThan(1);
    for (const task of tasks) {
      const seen = looks;
      await Promise.all([reset(run, task), reset(one.run, firstTask)]);
      await eventually(() => looks > seen, 60_000);
    }
    await answered(asking + tasks.length);
    expect(await fold()).toEqual(before);
    expect([codes(asking), intents()]).toEqual([['RECEIPT_REFUSED'], most]);
    await waive(stage, 2);
    stage.pass(5);
    await reset(one.run, firstTask);
    await answered(asking + tasks.length + 1);
    expect([codes(asking + tasks.length), intents()]).toEqual([['LIMIT_REACHED'], most]);
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  }, 120_000);
});
