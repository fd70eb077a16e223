import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFences, describeFence, type Fences } from '../../activities/identity/fences.ts';
import { type FenceScope, fenceId, fenceQueue, fenceWorkflowType } from '../../contracts/queues.ts';
import { describeWith } from '../support/skips.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';

const all: FenceScope = { kind: 'all' };
const runbook: FenceScope = { kind: 'runbook', runbook: 'r' };
let connection: Connection;
let client: Client;
let namespace: string;
let fences: Fences;

const monotonic = () => performance.now();
async function raise(scope: FenceScope): Promise<string> {
  const workflowId = fenceId(scope);
  const options = { taskQueue: fenceQueue, workflowId, workflowIdConflictPolicy: 'TERMINATE_EXISTING' as const };
  return (await client.workflow.start(fenceWorkflowType, options)).firstExecutionRunId;
}
async function startOwn(): Promise<{ workflowId: string; runId: string }> {
  const workflowId = `incident/test/${randomUUID()}`;
  const handle = await client.workflow.start('incident', { taskQueue: workflowId, workflowId });
  return { workflowId, runId: handle.firstExecutionRunId };
}
/** Completes one task of a run, as a Reset needs, and resets the run to it. Answers the run that is born. */
async function resetOwn({ workflowId, runId }: { workflowId: string; runId: string }): Promise<string> {
  const { workflowService: service } = client;
  const poll = () => service.pollWorkflowTaskQueue({ namespace, taskQueue: { name: workflowId } });
  const { taskToken } = await client.withDeadline(Date.now() + 20_000, poll);
  await service.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [] });
  const workflowExecution = { workflowId, runId };
  const at = { workflowTaskFinishEventId: 4 as never, requestId: randomUUID(), reason: 'a test' };
  return (await service.resetWorkflowExecution({ namespace, workflowExecution, ...at })).runId;
}
async function open() {
  const [a, r, own] = await Promise.all([raise(all), raise(runbook), startOwn()]);
  return { fences: { all: a, runbook: r }, runbookId: 'r', own: { ...own, unaided: false } };
}
const stopped = (question: Awaited<ReturnType<typeof open>>) =>
  expect(fences.mustBeOpen(question)).rejects.toMatchObject({ code: 'STOPPED' });

describeWith('temporal', 'fences', () => {
  beforeAll(async () => {
    connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
    namespace = await freshNamespace();
    client = new Client({ connection, namespace });
    fences = createFences({ client, namespace, monotonic });
  });
  afterAll(() => connection.close());

  it('are open on the bound runs, and the answer is dated before it was asked for', async () => {
    const before = performance.now();
    const { checkedAtMonotonicMs } = await fences.mustBeOpen(await open());
    expect(checkedAtMonotonicMs).toBeGreaterThanOrEqual(before);
    expect(checkedAtMonotonicMs).toBeLessThan(performance.now());
    expect(await describeFence(client, namespace, all)).toMatchObject({ open: true });
  });

  it.each([
    ['all', all],
    ['the runbook', runbook],
  ])('stop when the fence of %s was cancelled, although nobody polls its queue', async (_, scope) => {
    const question = await open();
    await client.workflow.getHandle(fenceId(scope)).cancel();
    await stopped(question);
    expect(await describeFence(client, namespace, scope)).toMatchObject({ open: false });
  });

  it.each([
    ['all', all],
    ['the runbook', runbook],
  ])('stop when the fence of %s was terminated', async (_, scope) => {
    const question = await open();
    await client.workflow.getHandle(fenceId(scope)).terminate();
    await stopped(question);
  });

  it('stop when a fence was started again and the receipt names the old run', async () => {
    const question = await open();
    await raise(runbook);
    await stopped(question);
  });

  it('stop when a fence was never raised', async () => {
    const question = await open();
    await stopped({ ...question, runbookId: 'other' });
    expect(await describeFence(client, namespace, { kind: 'runbook', runbook: 'other' })).toMatchObject({
      open: false,
      runId: '',
    });
  });

  it.each(['cancel', 'terminate'] as const)('stop when the own run was told to %s', async (how) => {
    const question = await open();
    await client.workflow.getHandle(question.own.workflowId)[how]();
    await stopped(question);
  });

  it('stop when another run took the place of the own one', async () => {
    const question = await open();
    await stopped({ ...question, own: { ...question.own, runId: randomUUID() } });
  });

  it('stop an effect that no person released in a run born of a Reset, and no other', async () => {
    const question = await open();
    const runId = await resetOwn(question.own);
    const born = { ...question, own: { ...question.own, runId } };
    await fences.mustBeOpen(born);
    await stopped({ ...born, own: { ...born.own, unaided: true } });
  });

  it('stop when the own run is unknown to the server', async () => {
    const question = await open();
    await stopped({ ...question, own: { workflowId: 'incident/test/none', runId: randomUUID(), unaided: false } });
  });

  it('cannot be asked when the server is away: that is no consent', async () => {
    const question = await open();
    const gone = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
    await gone.close();
    const away = createFences({ client: new Client({ connection: gone, namespace }), namespace, monotonic });
    await expect(away.mustBeOpen(question)).rejects.toMatchObject({ code: 'FENCE_UNREACHABLE' });
  });
});

describe('an answer without the fields that decide', () => {
  it.each([
    ['nothing', {}],
    ['no run id', { workflowExecutionInfo: { status: 1 }, workflowExtendedInfo: {} }],
    ['no word on cancellation', { workflowExecutionInfo: { status: 1, execution: { runId: 'r' } } }],
  ])('is no consent: %s', async (_, answer) => {
    const lacking = {
      withDeadline: (_at: number, ask: () => unknown) => ask(),
      workflowService: { describeWorkflowExecution: async () => answer },
    } as unknown as Client;
    await expect(describeFence(lacking, 'n', all)).rejects.toMatchObject({ code: 'FENCE_UNREACHABLE' });
  });

  it.each([
    ['a reset run', { lastResetTime: { seconds: 1 } }, 1],
    ['a run reset away from', { resetRunId: 'x' }, 1],
    ['a paused run', {}, 8],
  ])('is closed: %s', async (_, extended, status) => {
    const answer = {
      workflowExecutionInfo: { status, execution: { runId: 'r' } },
      workflowExtendedInfo: { cancelRequested: false, resetRunId: '', ...extended },
    };
    const answering = {
      withDeadline: (_at: number, ask: () => unknown) => ask(),
      workflowService: { describeWorkflowExecution: async () => answer },
    } as unknown as Client;
    expect(await describeFence(answering, 'n', all)).toMatchObject({ open: false });
  });
});
