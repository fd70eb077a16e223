import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Aim, Deadline, Effect, WriteTool } from '../../activities/tools/implement.ts';
import { createPostgresTools } from '../../activities/tools/postgres/tools.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { postgresAccessOf } from '../../contracts/tools/postgres-access.ts';
import { describeWith } from '../support/skips.ts';
import { type Database, lives, pidOf, startBlocker, startDatabase, startWaiter, until } from './support/database.ts';

const inTime = (): Deadline => ({ startBefore: new Date(Date.now() + 2_000).toISOString(), leftMs: 2_000 });
const signal = new AbortController().signal;
const mark = { digest: '0'.repeat(64), incident: 'incident/generic/0' };
let database: Database;

beforeAll(async () => {
  database = await startDatabase();
});
afterAll(() => database.stop());

const looking = () => ({ signal, credential: () => database.credential('monitor') });
const toolsOf = (db: Database) => createPostgresTools([db.address]);
const writeOf = (name: string, tools = toolsOf(database)): WriteTool => {
  const tool = tools.get(name);
  if (tool?.kind !== 'write') throw new Error(`expected a write, got ${name}`);
  return tool;
};

async function aimAt(pid: number, tool: WriteTool): Promise<Aim> {
  const activity = toolsOf(database).get('postgres.activity');
  if (activity?.kind !== 'read') throw new Error('expected a read');
  const { entities } = await activity.read({ database: 'payments' }, { ...looking(), bytesMax: 262_144 });
  const target = entities.find(({ attributes }) => attributes.pid === pid);
  if (target === undefined) throw new Error('expected the session among the entities');
  return { target, preconditions: tool.contract.preconditionsOf(target), mark };
}

async function fire(tool: WriteTool, aim: Aim, deadline = inTime, abort = signal): Promise<Effect> {
  const access = postgresAccessOf(tool.contract.name) ?? 'monitor';
  const armed = await tool.arm(aim, await database.credential(access), abort);
  try {
    return await armed.fire(deadline, abort);
  } finally {
    await armed.disarm();
  }
}

const alive = (pid: number): Promise<boolean> => lives(database, pid);

describeWith('postgres', 'postgres.terminateBackend', () => {
  it('ends an idle session that has not worked since it was seen, and leaves one that has', async () => {
    const [leaked, used] = [await database.session('app'), await database.session('app')];
    const pids = { leaked: await pidOf(leaked), used: await pidOf(used) };
    const tool = writeOf('postgres.terminateBackend');
    const aims = { leaked: await aimAt(pids.leaked, tool), used: await aimAt(pids.used, tool) };
    expect(aims.leaked.preconditions).toMatchObject({ xactStart: 'null', stateChange: expect.stringContaining(':') });
    await used.query('SELECT 1');
    expect(await fire(tool, aims.used)).toMatchObject({ status: 'moved' });
    expect(await alive(pids.used)).toBe(true);
    expect(await fire(tool, aims.leaked)).toMatchObject({ status: 'done' });
    await until(async () => !(await alive(pids.leaked)));
    await used.end();
  });

  it('ends exactly the session that was seen, and those that waited for it go on', async () => {
    const [blocker, other] = [await startBlocker(database, 1), await startBlocker(database, 2)];
    const waiter = await startWaiter(database, 1);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    const effect = await fire(tool, aim);
    expect(effect).toEqual({
      status: 'done',
      detail: expect.any(String),
      result: { pid: blocker.pid, signalled: true },
    });
    expect(tool.contract.result.safeParse(effect.result).success).toBe(true);
    expect(await tool.postcondition(aim, 3_000, looking())).toMatchObject({ held: true });
    expect(await waiter.done).toBe('done');
    expect(await alive(other.pid)).toBe(true);
    await other.client.end();
  });

  it('has no effect on the same session in another transaction', async () => {
    const blocker = await startBlocker(database, 3);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    await blocker.client.query('COMMIT');
    await blocker.client.query('BEGIN');
    await blocker.client.query('SELECT 1');
    expect(await fire(tool, aim)).toMatchObject({ status: 'moved', result: null });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('has no effect on a session without a transaction where one was seen', async () => {
    const blocker = await startBlocker(database, 3);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    await blocker.client.query('COMMIT');
    expect(await fire(tool, aim)).toMatchObject({ status: 'moved' });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('has no effect on another session that has the same pid', async () => {
    const blocker = await startBlocker(database, 4);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    const earlier = { ...aim.preconditions, backendStart: '2026-01-01 00:00:00.000001+00' };
    expect(await fire(tool, { ...aim, preconditions: earlier })).toMatchObject({ status: 'moved' });
    expect(await tool.postcondition({ ...aim, preconditions: earlier }, 0, looking())).toMatchObject({ held: true });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('calls a session that is gone moved, not refused', async () => {
    const blocker = await startBlocker(database, 4);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    await blocker.client.end();
    await until(async () => !(await alive(blocker.pid)));
    expect(await fire(tool, aim)).toMatchObject({ status: 'moved', result: null });
  });

  it.each([
    ['the receipt’s time has passed', { startBefore: new Date(Date.now() - 1).toISOString(), leftMs: 2_000 }],
    ['the monotonic budget is spent', { startBefore: new Date(Date.now() + 60_000).toISOString(), leftMs: 0 }],
    ['the receipt’s time is no time', { startBefore: 'soon', leftMs: 2_000 }],
    ['the budget is no number', { startBefore: new Date(Date.now() + 60_000).toISOString(), leftMs: Number.NaN }],
  ])('has no effect when %s', async (_, deadline) => {
    const blocker = await startBlocker(database, 5);
    const tool = writeOf('postgres.terminateBackend');
    const effect = await fire(tool, await aimAt(blocker.pid, tool), () => deadline);
    expect(effect).toMatchObject({ status: 'failed', detail: expect.stringContaining('RECEIPT_EXPIRED') });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('has no effect once cancelled before it began', async () => {
    const blocker = await startBlocker(database, 5);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    expect(await fire(tool, aim, inTime, AbortSignal.abort())).toMatchObject({ status: 'failed' });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('is refused, not moved, by a role that may not see the session', async () => {
    const admin = await database.session('admin');
    const blocker = await startBlocker(database, 6);
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(blocker.pid, tool);
    await admin.query('REVOKE pg_read_all_stats FROM holdpoint_terminate');
    const effect = await fire(tool, aim).finally(() => admin.query('GRANT pg_read_all_stats TO holdpoint_terminate'));
    expect(effect).toMatchObject({ status: 'refused', detail: expect.stringContaining('TARGET_REFUSED') });
    expect(await alive(blocker.pid)).toBe(true);
    await blocker.client.end();
  });

  it('is refused by Postgres on a superuser’s session', async () => {
    const admin = await database.session('admin');
    await admin.query('BEGIN');
    const tool = writeOf('postgres.terminateBackend');
    const aim = await aimAt(await pidOf(admin), tool);
    expect(await fire(tool, aim)).toMatchObject({ status: 'refused' });
    await admin.query('ROLLBACK');
  });

  it('never signals what is not a client session, whatever it is told', async () => {
    const admin = await database.session('admin');
    const { rows } = await admin.query(
      `SELECT pid, backend_start::text AS start FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
    );
    const tool = writeOf('postgres.terminateBackend');
    const target = { kind: 'backend', id: 'backend/1/1', attributes: { database: 'payments' } } as Entity;
    const preconditions = { pid: String(rows[0].pid), backendStart: rows[0].start as string, xactStart: 'null' };
    expect(await fire(tool, { target, preconditions, mark })).toMatchObject({ status: 'moved' });
    expect(await alive(rows[0].pid)).toBe(true);
  });

  it('refuses a database that the executor is not configured with', async () => {
    const target = { kind: 'backend', id: 'backend/1/1', attributes: { database: 'ledger' } } as Entity;
    const aim = { target, preconditions: { pid: '1', backendStart: 'x', xactStart: 'y' }, mark };
    await expect(async () =>
      writeOf('postgres.terminateBackend').arm(aim, await database.credential('terminate'), signal),
    ).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
    });
  });
});

describeWith('postgres', 'postgres.cancelBackend', () => {
  it('cancels the statement that was seen and leaves the connection', async () => {
    const blocker = await startBlocker(database, 7);
    const waiter = await startWaiter(database, 7);
    const tool = writeOf('postgres.cancelBackend');
    const aim = await aimAt(waiter.pid, tool);
    expect(await fire(tool, aim)).toMatchObject({ status: 'done', result: { pid: waiter.pid, signalled: true } });
    expect(await waiter.done).toBe('57014');
    expect(await tool.postcondition(aim, 3_000, looking())).toMatchObject({ held: true });
    expect(await alive(waiter.pid)).toBe(true);
    await Promise.all([blocker.client.end(), waiter.client.end()]);
  });

  it('has no effect on a later statement of the same transaction', async () => {
    const session = await database.session('app');
    await session.query('BEGIN');
    await session.query('SELECT 1');
    const pid = await pidOf(session);
    const tool = writeOf('postgres.cancelBackend');
    const aim = await aimAt(pid, tool);
    const later = session.query('SELECT pg_sleep(0.5)').then(
      () => 'done',
      () => 'cancelled',
    );
    expect(await fire(tool, aim)).toMatchObject({ status: 'moved' });
    expect(await later).toBe('done');
    await session.end();
  });

  it('does not hold after an effect that did not end the statement', async () => {
    const blocker = await startBlocker(database, 8);
    const waiter = await startWaiter(database, 8);
    const tool = writeOf('postgres.cancelBackend');
    expect(await tool.postcondition(await aimAt(waiter.pid, tool), 0, looking())).toMatchObject({ held: false });
    await blocker.client.end();
    await waiter.client.end();
  });
});
