import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { Action, CarriedAction } from '../../../contracts/action.ts';
import type { AdmittedAlert, SignedAlert } from '../../../contracts/alert.ts';
import type { Card } from '../../../contracts/card.ts';
import type { EvidenceRef, SignedOutcome, SignedPrediction } from '../../../contracts/evidence.ts';
import type { IncidentContext } from '../../../contracts/incident.ts';
import { executorQueue, orchestratorQueue } from '../../../contracts/queues.ts';
import type { SignedStatement } from '../../../contracts/statement.ts';
import { Entity } from '../../../contracts/tools/contract.ts';
import { toolRegistry } from '../../../contracts/tools/registry.ts';
import { assembleCard } from '../../../policies/card.ts';
import { bindAction, digestOf, jcs } from '../../../policies/digest.ts';
import { openManifest } from '../../../policies/manifest.ts';
import { sharedTemporal } from '../../support/temporal.ts';
import { eventually, runbookId, type System } from './system.ts';

export type Instruction = {
  readonly id: string;
  readonly queue: string;
  readonly activity: string;
  readonly input: unknown;
  readonly attempts?: number;
  readonly concurrently?: boolean;
};
export type Reply =
  | { readonly id: string; readonly ok: true; readonly value: unknown }
  | { readonly id: string; readonly ok: false; readonly code: string; readonly message: string };

/**
 * An orchestrator that somebody took over: it has that process's key and queue, a real incident run, and does whatever
 * the test says. What still cannot be done with it is what the executor and the recorder hold up on their own.
 */
export type Rogue = {
  readonly handle: WorkflowHandle;
  readonly workflowId: string;
  readonly runId: string;
  readonly context: IncidentContext;
  /** Schedules an activity and answers its end. With `concurrently`, the next one does not wait for it. */
  ask(
    activity: string,
    input: unknown,
    more?: Partial<Pick<Instruction, 'queue' | 'attempts' | 'concurrently'>>,
  ): Promise<Reply>;
  stop(): Promise<void>;
};

const logger = new DefaultLogger('ERROR');
Runtime.install({ logger });
let bundle: ReturnType<typeof bundleWorkflowCode> | undefined;

export async function startRogue(
  system: System,
  change: { readonly labels?: Record<string, string> } = {},
): Promise<Rogue> {
  bundle ??= bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, 'rogue-workflow.ts'), logger });
  const connection = await NativeConnection.connect({ address: sharedTemporal().address });
  const worker = await Worker.create({
    connection,
    namespace: system.namespace,
    taskQueue: orchestratorQueue,
    workflowBundle: await bundle,
  });
  const running = worker.run();
  const signed = alertFor(system, change.labels);
  const { workflowId } = signed.payload;
  const handle = await system.client.workflow.start('incident', { workflowId, taskQueue: orchestratorQueue, args: [] });
  const runId = handle.firstExecutionRunId;
  const context = await admit(system, signed, runId);
  const ask: Rogue['ask'] = async (activity, input, more = {}) => {
    const id = randomUUID();
    await handle.signal('do', { id, queue: executorQueue('payments-db'), activity, input, ...more });
    const look = async () => (await handle.query<Reply[]>('replies')).find((reply) => reply.id === id);
    return eventually(`the end of ${activity}`, look, 60_000);
  };
  return {
    handle,
    workflowId,
    runId,
    context,
    ask,
    stop: async () => {
      worker.shutdown();
      await running;
      await connection.close();
    },
  };
}

function alertFor(system: System, labels: Record<string, string> = {}): SignedAlert {
  const startsAt = new Date().toISOString();
  const fingerprint = randomUUID();
  const payload: AdmittedAlert = {
    v: 1,
    workflowId: `incident/alertmanager/${digestOf(['alertmanager', fingerprint, startsAt])}`,
    receivedAt: startsAt,
    alert: {
      source: 'alertmanager',
      fingerprint,
      status: 'firing',
      labels: { alertname: 'PaymentsDatabaseBlocked', service: 'payments', severity: 'critical', ...labels },
      annotations: {},
      startsAt,
    },
  };
  return system.signerOf('gateway').sign('alert', payload);
}

/** What an honest orchestrator does first: stores the alert and has it recorded. */
async function admit(system: System, alert: SignedAlert, runId: string): Promise<IncidentContext> {
  const recorder = system.recorderAs('orchestrator');
  const alertRef = await recorder.putBlob(jcs(alert));
  const manifest = digestOf(system.workspace.manifest.manifest.payload);
  const runbook = {
    id: runbookId,
    digest: system.workspace.manifest.manifest.payload.entries[`runbooks/${runbookId}`] ?? '',
  };
  const { workflowId } = alert.payload;
  await recorder.append({ kind: 'alert', workflowId, runId, alertRef, alert, manifest, runbook, bundle: 'rogue' });
  return { alertRef, runbook, manifest };
}

export type Held = {
  readonly action: CarriedAction;
  readonly bound: Action;
  readonly digest: string;
  readonly card: Card;
  readonly cardDigest: string;
  readonly context: IncidentContext;
};

/** Everything up to a hold, done as an honest orchestrator would: read, action, prediction, card on the record. */
export async function holdFor(
  system: System,
  rogue: Rogue,
  pid: number,
  change: Partial<CarriedAction> = {},
): Promise<Held> {
  const { context } = rogue;
  const read = await resultOf<EvidenceRef>(
    rogue.ask('readCall', {
      context,
      step: { step: 0, index: 0 },
      call: { tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'test' },
    }),
  );
  const recorder = system.recorderAs('orchestrator');
  const blob = JSON.parse((await recorder.getBlob(read.resultHash)).toString('utf8')) as {
    payload: { at: string; entities: unknown[] };
  };
  const entities = blob.payload.entities.map((entity) => Entity.parse(entity));
  const entity = entities.find(({ attributes }) => attributes.pid === pid);
  if (entity === undefined) throw new Error(`expected backend ${pid} in the blocking tree`);
  const contract = toolRegistry.get(change.tool ?? 'postgres.terminateBackend');
  if (contract === undefined) throw new Error('expected a tool');
  const ref = { entity: entity.id, resultHash: read.resultHash };
  const action: CarriedAction = {
    v: 1,
    step: { step: 1, index: 0 },
    runbook: context.runbook,
    manifest: context.manifest,
    tool: contract.name,
    args: { target: ref },
    preconditions: { ...contract.preconditionsOf(entity) },
    expiresAt: new Date(Date.now() + 600_000).toISOString(),
    nonce: randomUUID().replaceAll('-', ''),
    ...change,
  };
  const bound = bindAction(action, { namespace: system.namespace, workflowId: rogue.workflowId, runId: rogue.runId });
  const digest = digestOf(bound);
  const prediction = await resultOf<SignedPrediction>(rogue.ask('predict', { context, action, digest }));
  const rules = openManifest({
    raw: system.workspace.manifest,
    keys: system.workspace.keys,
    mode: 'development',
    now: Date.now(),
  });
  const runbook = rules.runbooks.get(context.runbook.id);
  if (runbook === undefined) throw new Error('expected the runbook');
  const provenance = { ref, tool: 'postgres.blockingTree', readAt: blob.payload.at, entity };
  const card = assembleCard({
    action: bound,
    digest,
    judgedWhy: 'test',
    contract,
    runbook,
    rules,
    prediction,
    provenance,
    findings: [],
  });
  const cardDigest = await recorder.putBlob(jcs(card));
  await recorder.append({ kind: 'card', workflowId: rogue.workflowId, runId: rogue.runId, cardDigest, card });
  return { action, bound, digest, card, cardDigest, context };
}

/** The input that releases a hold with these statements. */
export const executionOf = (held: Held, statements: readonly SignedStatement[]) => ({
  context: held.context,
  action: held.action,
  digest: held.digest,
  cardDigest: held.cardDigest,
  statements,
});
export const approval = (
  system: System,
  held: Held,
  act: Parameters<System['sign']>[1] = {},
): Promise<SignedStatement> =>
  system.sign({ type: 'action', digest: held.digest }, { cardDigest: held.cardDigest, ...act });

export async function resultOf<T>(reply: Promise<Reply>): Promise<T> {
  const got = await reply;
  if (!got.ok) throw new Error(`expected a value, got ${got.code}: ${got.message}`);
  return got.value as T;
}
export const outcomeOf = (reply: Promise<Reply>): Promise<SignedOutcome> => resultOf<SignedOutcome>(reply);
export async function codeOf(reply: Promise<Reply>): Promise<string> {
  const got = await reply;
  return got.ok ? 'it was done' : got.code;
}
