import { Client, Connection } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { fenceId } from '../../contracts/queues.ts';
import { kill } from '../../gateway/kill.ts';
import { describeWith } from '../support/skips.ts';
import type { KillUnderTest } from './kill-under-test.ts';
import { killUnderTest } from './kill-under-test.ts';

const all = { kind: 'all' } as const;
const runbook = (id: string) => ({ kind: 'runbook', runbook: id }) as const;

describeWith('temporal', 'a kill', () => {
  let under: KillUnderTest;
  beforeAll(async () => {
    under = await killUnderTest();
  });
  afterEach(async () => {
    for await (const { workflowId } of under.client.workflow.list({ query: 'ExecutionStatus="Running"' }))
      await under.client.workflow
        .getHandle(workflowId)
        .terminate()
        .catch(() => {});
  });
  afterAll(() => under.stop());
  const stop = (over: Partial<Parameters<typeof kill>[0]> = {}) => {
    const { client, namespace } = under;
    return kill({ client, namespace, scope: all, reason: 'drill', graceMs: 2_000, ...over });
  };
  const cancelRequested = async (workflowId: string) =>
    (await under.client.workflow.getHandle(workflowId).describe()).raw.workflowExtendedInfo?.cancelRequested === true;

  it('acknowledges once the fence is cancelled and a lease has passed, then cancels every incident', async () => {
    await under.raise(all);
    const ids = await Promise.all(Array.from({ length: 5 }, () => under.incident()));
    const stoppedThen: Promise<boolean>[] = [];
    const report = await stop({ onAcknowledged: () => stoppedThen.push(cancelRequested('fence/all')) });
    expect(await Promise.all(stoppedThen)).toEqual([true]);
    expect(report).toMatchObject({
      scope: 'all',
      reason: 'drill',
      wasOpen: true,
      complete: true,
      terminated: [],
      undecided: [],
    });
    expect(report.acknowledgedMs).toBeGreaterThanOrEqual(100);
    expect(report.cancelled.map(({ workflowId }) => workflowId).sort()).toEqual([...ids].sort());
    expect(report.passes).toBeGreaterThanOrEqual(2);
    for (const id of ids) expect(await under.statusOf(id)).toBe('CANCELLED');
    expect(await cancelRequested('fence/all')).toBe(true);
  });

  it('waits one lease between the cancel and the acknowledgement', async () => {
    await under.raise(all);
    const acknowledgedAt: number[] = [];
    await stop({ leaseMs: 2_000, onAcknowledged: () => acknowledgedAt.push(Date.now()) });
    const { events } = await under.client.workflow.getHandle('fence/all').fetchHistory();
    const cancelled = events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
    expect((acknowledgedAt[0] ?? 0) - Number(cancelled?.eventTime?.seconds) * 1_000).toBeGreaterThanOrEqual(2_000);
  });

  it('leaves the fence as a stop that needs no worker: running, asked to cancel, for good', async () => {
    await under.raise(all);
    await stop();
    expect(await under.statusOf('fence/all')).toBe('RUNNING');
    expect(await cancelRequested('fence/all')).toBe(true);
    expect((await stop()).wasOpen, 'a second kill is no error').toBe(true);
  });

  it('needs no fence and no incident: a scope that was never opened is stopped', async () => {
    expect(await stop({ scope: runbook('never-raised') })).toMatchObject({
      wasOpen: false,
      cancelled: [],
      complete: true,
    });
  });

  it('writes its reason into the history of what it cancels', async () => {
    const id = await under.incident();
    await stop({ reason: 'payments at risk' });
    const { events } = await under.client.workflow.getHandle(id).fetchHistory();
    const asked = events?.find((event) => event.workflowExecutionCancelRequestedEventAttributes);
    expect(asked?.workflowExecutionCancelRequestedEventAttributes?.cause).toBe('payments at risk');
  });

  it('terminates what has not closed after the grace period, also where no worker lives', async () => {
    const stubborn = await under.incident({ stubborn: true });
    const orphan = await under.incident({}, 'queue-that-nobody-polls');
    const report = await stop({ graceMs: 700 });
    expect(report.terminated.map(({ workflowId }) => workflowId).sort()).toEqual([stubborn, orphan].sort());
    for (const id of [stubborn, orphan]) expect(await under.statusOf(id)).toBe('TERMINATED');
    expect(report.complete).toBe(true);
  });

  it('of one runbook leaves other runbooks alone, and waits for incidents still in triage', async () => {
    const mine = await under.incident({ runbook: 'mine' });
    const other = await under.incident({ runbook: 'other' });
    const late = await under.incident({ runbook: 'mine', afterMs: 1_500 });
    const lateOther = await under.incident({ runbook: 'other', afterMs: 1_500 });
    await under.untilVisible('HoldpointRunbook IN ("mine", "other")', 2);
    await under.raise(runbook('mine'));
    const report = await stop({ scope: runbook('mine') });
    expect(report.cancelled.map(({ workflowId }) => workflowId).sort()).toEqual([mine, late].sort());
    expect(report).toMatchObject({ scope: 'runbook/mine', complete: true, undecided: [] });
    for (const id of [other, lateOther]) expect(await under.statusOf(id)).toBe('RUNNING');
    expect(await cancelRequested(fenceId(runbook('mine')))).toBe(true);
  });

  it('names the incidents that never left triage, and does not call itself complete', async () => {
    const undecided = await under.incident({}, 'queue-that-nobody-polls');
    const report = await stop({ scope: runbook('mine'), sweepMsMax: 1_500 });
    expect(report).toMatchObject({ complete: false, cancelled: [], undecided: [{ workflowId: undecided }] });
    expect(await under.statusOf(undecided)).toBe('RUNNING');
  });

  it('of one incident stops that one', async () => {
    const [mine, other] = [await under.incident(), await under.incident()];
    const report = await stop({ scope: { kind: 'incident', workflowId: mine } });
    expect(report).toMatchObject({ scope: mine, wasOpen: true, cancelled: [{ workflowId: mine }], complete: true });
    expect(await under.statusOf(mine)).toBe('CANCELLED');
    expect(await under.statusOf(other)).toBe('RUNNING');
  });

  it('finds incidents that start while it sweeps', async () => {
    await under.raise(all);
    await under.incident();
    const late: string[] = [];
    const killed = stop({ onAcknowledged: () => void setTimeout(async () => late.push(await under.incident()), 300) });
    const report = await killed;
    expect(late).toHaveLength(1);
    expect(report.cancelled.map(({ workflowId }) => workflowId)).toContain(late[0]);
  });

  it('closes 40 incidents at once by parallel calls', async () => {
    await Promise.all(Array.from({ length: 40 }, () => under.incident()));
    const report = await stop({ graceMs: 20_000 });
    expect(report).toMatchObject({ complete: true, terminated: [] });
    expect(report.cancelled).toHaveLength(40);
  });

  it('refuses a scope that is no scope: another workflow, a fence, a query', async () => {
    const bad = [
      { kind: 'incident', workflowId: 'fence/all' },
      { kind: 'incident', workflowId: 'payroll' },
      { kind: 'incident', workflowId: 'incident/x y' },
      runbook('x" OR WorkflowType="incident'),
      runbook(''),
    ] as const;
    for (const scope of bad) await expect(stop({ scope })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it('is not acknowledged when Temporal does not answer', async () => {
    const connection = Connection.lazy({ address: '127.0.0.1:1' });
    const client = new Client({ connection });
    let acknowledged = false;
    const lost = kill({
      client,
      namespace: 'default',
      scope: all,
      reason: 'x',
      onAcknowledged: () => (acknowledged = true),
    });
    await expect(lost).rejects.toMatchObject({ code: 'TEMPORAL_AWAY' });
    expect(acknowledged).toBe(false);
    await connection.close();
  });
});
