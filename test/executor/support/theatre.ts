import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultActivityInfo, MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createBrokerClient } from '../../../activities/identity/broker-client.ts';
import { type BrokerServer, startBroker } from '../../../activities/identity/broker-server.ts';
import { createFences } from '../../../activities/identity/fences.ts';
import { createManifests, type Manifests } from '../../../activities/identity/manifests.ts';
import { createIncidentRecords } from '../../../activities/judge/incident-records.ts';
import { postStatements } from '../../../activities/record/client.ts';
import { createExecutorActivities } from '../../../activities/tools/create-activities.ts';
import type { ExecutorDeps } from '../../../activities/tools/executor-deps.ts';
import { createInFlight } from '../../../activities/tools/in-flight.ts';
import { createOutbox } from '../../../activities/tools/outbox.ts';
import { createPostgresTools } from '../../../activities/tools/postgres/tools.ts';
import type { CarriedAction } from '../../../contracts/action.ts';
import type { ReadResult } from '../../../contracts/evidence.ts';
import type { ExecuteInput, IncidentContext } from '../../../contracts/incident.ts';
import type { RecordBody } from '../../../contracts/record.ts';
import type { SignedStatement } from '../../../contracts/statement.ts';
import { toolRegistry } from '../../../contracts/tools/registry.ts';
import { assembleCard, provenanceOf } from '../../../policies/card.ts';
import { bindAction, digestOf, jcs, type Place } from '../../../policies/digest.ts';
import type { RulesChange } from '../../policies/support/rules.ts';
import { begin, decide, ready, runbookOf, runbookRef } from '../../record/incident.ts';
import {
  broker,
  executor,
  freshText,
  freshWorkflowId,
  keys,
  openStage,
  openWorld,
  orchestrator,
  type Stage,
  type World,
} from '../../record/stage.ts';
import { type Database, startDatabase } from './database.ts';

export const tool = 'postgres.terminateBackend';
export type Hold = Omit<ExecuteInput, 'statements'> & { readonly place: Place };
export type Theatre = {
  readonly stage: Stage;
  readonly world: World;
  readonly database: Database;
  readonly deps: ExecutorDeps;
  readonly broker: BrokerServer;
  readonly outboxDir: string;
  /** An incident whose run really runs on the server; nobody polls it. */
  incident(): Promise<{ place: Place; context: IncidentContext }>;
  /** Reads the blocking tree as the executor does, and holds a termination of one session of it. */
  hold(pid: number, change?: Partial<CarriedAction>): Promise<Hold>;
  approve(hold: Hold, draft?: Parameters<typeof decide>[2]): SignedStatement;
  bodies(hold: { place: Place }): Promise<readonly RecordBody[]>;
  close(): Promise<void>;
};
export type At = { readonly place: Place; readonly activityId?: string; readonly attempt?: number };

/** One activity attempt, with a context of its own that can be cancelled. */
export function activityAt({ place, activityId = '7', attempt = 1 }: At) {
  const info = {
    ...defaultActivityInfo,
    namespace: place.namespace,
    workflowExecution: { workflowId: place.workflowId, runId: place.runId },
    activityId,
    attempt,
  };
  // Refusals are what most of these tests are about; the SDK would log each.
  const env = new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') });
  return {
    cancel: (reason?: 'CANCELLED' | 'WORKER_SHUTDOWN') => env.cancel(reason),
    run: <I, O>(work: (input: I) => Promise<O>, input: I): Promise<O> =>
      env.run<[I], O, (given: I) => Promise<O>>(work, input),
  };
}

/** An executor with real parts in this process: Temporal, recorder, Postgres. */
export async function openTheatre(world: World, database: Database, manifest: RulesChange = {}): Promise<Theatre> {
  const stage = await openStage({ world, manifest });
  const outboxDir = await mkdtemp(join(tmpdir(), 'holdpoint-outbox-'));
  await ready(stage);
  const manifests: Manifests = createManifests({
    dir: join(stage.dir, 'manifests'),
    keys,
    mode: 'development',
    clock: stage.now,
  });
  await manifests.reload();
  const recorder = stage.as(executor);
  const log = pino({ level: 'silent' });
  const monotonic = () => performance.now();
  const fences = createFences({ client: world.client, namespace: world.namespace, monotonic });
  const served = await startTheatreBroker({ stage, world, database });
  // A receipt has to be younger than the broker, whatever their clocks say.
  stage.pass(2_001);
  const deps: ExecutorDeps = {
    role: 'payments-db',
    signer: executor.signer,
    keys,
    tools: createPostgresTools([database.address]),
    broker: createBrokerClient({ url: served.url, signer: executor.signer, keys, clock: stage.now, log }),
    manifests,
    recorder,
    incidentRecords: createIncidentRecords(recorder),
    postStatements: (statements) => postStatements({ url: stage.recorder.url, keys }, statements),
    fences,
    outbox: createOutbox({ dir: outboxDir, recorder, log }),
    inFlight: createInFlight(),
    failpoint: () => undefined,
    clock: stage.now,
    monotonic,
    log,
    observe: () => undefined,
  };
  const theatre: Theatre = {
    stage,
    world,
    database,
    deps,
    outboxDir,
    incident: () => startIncident(stage, world),
    hold: (pid, change) => holdOf(theatre, pid, change),
    approve: (hold, draft) => decide(stage, heldOf(hold), draft),
    bodies: async ({ place }) =>
      (await recorder.records({ workflow: place.workflowId })).map(({ payload }) => payload.body),
    broker: served,
    async close() {
      await served.stop();
      await stage.close();
      await rm(outboxDir, { recursive: true, force: true });
    },
  };
  return theatre;
}

/** A broker as the process of that name has it, in this process. */
export async function startTheatreBroker({ stage, world, database }: Pick<Theatre, 'stage' | 'world' | 'database'>) {
  const { client, namespace } = world;
  const monotonic = () => performance.now();
  const dir = join(stage.dir, 'manifests');
  const manifests = createManifests({ dir, keys, mode: 'development', clock: stage.now });
  await manifests.reload();
  return startBroker({
    keys,
    namespace,
    client,
    recorder: stage.as(broker),
    manifests,
    minters: new Map([['postgres', database.minter]]),
    fences: createFences({ client, namespace, monotonic }),
    clock: stage.now,
    monotonic,
    log: pino({ level: 'silent' }),
    registry: new Registry(),
    failpoint: () => undefined,
    signer: broker.signer,
    listen: { host: '127.0.0.1', port: 0 },
    sleep: async () => undefined,
  });
}

export async function openHouse(): Promise<{ world: World; database: Database; close(): Promise<void> }> {
  const [world, database] = await Promise.all([openWorld(), startDatabase()]);
  return { world, database, close: async () => void (await Promise.all([world.close(), database.stop()])) };
}

const heldOf = ({ digest, cardDigest }: Hold) => ({ digest, cardDigest }) as Parameters<typeof decide>[1];

async function startIncident(stage: Stage, { client, namespace }: World) {
  const workflowId = freshWorkflowId();
  const { firstExecutionRunId: runId } = await client.workflow.start('incident', { taskQueue: 'nobody', workflowId });
  const { alertRef } = await begin(stage, stage.rules, { workflowId, runId });
  await stage.as(executor).putBlob(jcs(await alertBlob(stage, workflowId)));
  const context = { alertRef, runbook: runbookRef(stage.rules), manifest: stage.rules.digest };
  return { place: { namespace, workflowId, runId }, context };
}

async function alertBlob(stage: Stage, workflowId: string) {
  const records = await stage.as(executor).records({ workflow: workflowId });
  const body = records.map(({ payload }) => payload.body).find(({ kind }) => kind === 'alert');
  if (body?.kind !== 'alert') throw new Error('expected an alert on the record');
  return body.alert;
}

async function holdOf(theatre: Theatre, pid: number, change: Partial<CarriedAction> = {}): Promise<Hold> {
  const { stage, deps } = theatre;
  const { place, context } = await theatre.incident();
  const activities = createExecutorActivities(deps);
  const call = { tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'who blocks whom' };
  const readInput = { context, step: { step: 0, index: 0 }, call };
  const { resultHash } = await activityAt({ place, activityId: '5' }).run(activities.readCall, readInput);
  const result = JSON.parse((await deps.recorder.getBlob(resultHash)).toString()).payload as ReadResult;
  const entity = result.entities.find(({ attributes }) => attributes.pid === pid);
  const contract = toolRegistry.get(change.tool ?? tool);
  if (entity === undefined || contract === undefined) throw new Error('expected the session in the tree');
  const ref = { entity: entity.id, resultHash };
  const action: CarriedAction = {
    v: 1,
    step: { step: 1, index: 0 },
    runbook: context.runbook,
    manifest: context.manifest,
    tool,
    args: { target: ref },
    preconditions: contract.preconditionsOf(entity),
    expiresAt: stage.at(20 * 60_000),
    nonce: freshText(),
    ...change,
  };
  const digest = digestOf(bindAction(action, place));
  const predictInput = { context, action, digest };
  const prediction = await activityAt({ place, activityId: '6' }).run(activities.predict, predictInput);
  const card = assembleCard({
    action: bindAction(action, place),
    digest,
    contract,
    runbook: runbookOf(stage.rules),
    rules: stage.rules,
    provenance: provenanceOf(ref, { entity, result }),
    findings: [],
    judgedWhy: 'it blocks',
    prediction,
  });
  const cardDigest = await stage.as(orchestrator).putBlob(jcs(card));
  const { workflowId, runId } = place;
  await stage.as(orchestrator).append({ kind: 'card', workflowId, runId, cardDigest, card });
  stage.pass(5);
  return { context, action, digest, cardDigest, place, grant: null };
}
