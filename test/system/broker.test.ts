import { Client } from 'pg';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { createBrokerClient } from '../../activities/identity/broker-client.ts';
import { describeWith } from '../support/skips.ts';
import { approval, executionOf, outcomeOf } from './support/rogue.ts';
import { type Scene, sceneOf } from './support/scene.ts';
import { crash, createStops } from './support/stops.ts';
import type { System } from './support/system.ts';

/** Logins of ours at the database, and the sessions by them. */
async function issuedAt({ payments }: System): Promise<{ readonly logins: number; readonly sessions: number }> {
  const admin = new Client({ connectionString: payments.adminUrl });
  await admin.connect();
  try {
    const sql = `SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname LIKE 'holdpoint\\_c\\_%') AS logins,
      (SELECT count(*)::int FROM pg_stat_activity WHERE usename LIKE 'holdpoint\\_c\\_%') AS sessions`;
    return (await admin.query<{ logins: number; sessions: number }>(sql)).rows[0] ?? { logins: -1, sessions: -1 };
  } finally {
    await admin.end();
  }
}
const brokerClient = (system: System) =>
  createBrokerClient({
    url: system.workspace.urls.broker,
    signer: system.signerOf('executor'),
    keys: system.workspace.keys,
    clock: Date.now,
    log: pino({ level: 'silent' }),
  });

describeWith(['temporal', 'postgres'], 'the broker process', () => {
  let scene: Scene;
  afterEach(() => scene?.stop(), 60_000);

  it('is waited for: while it is away there is no effect and no intent, and afterwards the one effect', async () => {
    scene = await sceneOf();
    const { system, rogue, stuck, held } = scene;
    await crash(system, 'broker');
    const ended = rogue.ask('executeCall', executionOf(held, [await approval(system, held)]), { attempts: 20 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await system.records('intent')).toEqual([]);
    expect(stuck.endedBy()).toBeNull();
    await system.supervisor.start('broker');
    expect((await outcomeOf(ended)).payload.status).toBe('done');
  }, 90_000);

  it.each(['broker.before-mint', 'broker.after-mint'] as const)(
    'killed at %s leaves no login that works once it is back',
    async (point) => {
      const stops = createStops([point]);
      scene = await sceneOf({ failpoints: { broker: stops.spec } });
      const { system, rogue, stuck, held } = scene;
      stops.arm(point);
      const ended = rogue.ask('executeCall', executionOf(held, [await approval(system, held)]));
      await stops.reached(point, system.supervisor.pid('broker'));
      // One is for reading, of the read and the prediction before; the other is what was just made.
      expect((await issuedAt(system)).logins).toBe(point === 'broker.after-mint' ? 2 : 1);
      await crash(system, 'broker');
      stops.remove();
      expect((await ended).ok).toBe(false);
      await system.supervisor.start('broker');
      expect(await issuedAt(system)).toEqual({ logins: 0, sessions: 0 });
      expect(stuck.endedBy()).toBeNull();
    },
    90_000,
  );

  it('gives an executor that was taken over nothing to write with, whatever it signs', async () => {
    scene = await sceneOf();
    const { system, rogue, held, stuck } = scene;
    const broker = brokerClient(system);
    const { all, runbook } = await system.recorderAs('executor').fences(system.runbookId);
    const now = Date.now();
    const receipt = system.signerOf('executor').sign('receipt', {
      v: 1 as const,
      digest: held.digest,
      executor: 'executor.payments-db',
      attempt: 1,
      activityId: '1',
      activityAttempt: 1,
      fences: { all: all?.runId ?? '', runbook: runbook?.runId ?? '' },
      issuedAt: new Date(now).toISOString(),
      startBefore: new Date(now + 2_000).toISOString(),
      intent: { seq: 0, hash: held.digest, checkpoint: '', path: [] },
    });
    await expect(broker.issue({ kind: 'write', receipt })).rejects.toMatchObject({ code: 'BAD_SIGNATURE' });
    const look = { workflowId: rogue.workflowId, runId: rogue.runId, tool: 'postgres.terminateBackend' };
    const scopes = [{ kind: 'databases' as const, value: 'payments' }];
    const { credential } = await broker.issue({ kind: 'predict', ...look, scopes });
    if (credential.system !== 'postgres') throw new Error('expected a login');
    const url = new URL(system.payments.adminUrl);
    [url.username, url.password] = [credential.user, credential.password];
    const session = new Client({ connectionString: url.href });
    await session.connect();
    await expect(session.query(`SELECT pg_terminate_backend(${stuck.pid})`)).rejects.toMatchObject({ code: '42501' });
    // Asked of the catalogue: the blocker's lock on the table would answer first.
    const may = await session.query(`SELECT has_table_privilege('public.payments', 'SELECT') AS may`);
    expect(may.rows).toEqual([{ may: false }]);
    await session.end();
    expect(stuck.endedBy()).toBeNull();
  }, 60_000);
});
