import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCleanup } from '../../cli/local/cleanup.ts';
import { startPaymentsDatabase } from '../../cli/local/payments-database.ts';
import { hostileApplication } from '../../servers/payments/attack.ts';
import type { PaymentsPlace } from '../../servers/payments/database.ts';
import { paymentsAreWhole } from '../../servers/payments/database.ts';
import type { PaymentsScene } from '../../servers/payments/scene.ts';
import { startPaymentsScene } from '../../servers/payments/scene.ts';
import { describeWith } from '../support/skips.ts';

describeWith('postgres', 'the payments scene', () => {
  const cleanup = createCleanup();
  let dir: string;
  let place: PaymentsPlace;
  let scene: PaymentsScene;
  const until = async (holds: () => boolean): Promise<void> => {
    for (const end = Date.now() + 15_000; !holds(); await new Promise((next) => setTimeout(next, 50)))
      if (Date.now() > end) throw new Error('did not happen in time');
  };
  const ask = async <T extends object>(sql: string, values: unknown[] = [], url = place.adminUrl): Promise<T[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<T & object>(sql, values)).rows as T[];
    } finally {
      await client.end();
    }
  };

  beforeAll(async () => {
    // A Postgres of its own: the scene's database and roles have fixed names.
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-payments-'));
    place = await startPaymentsDatabase({ dir, persistent: false, progress: () => undefined }, cleanup);
    scene = await startPaymentsScene(place);
    cleanup.add('scene', () => scene.stop());
  });
  afterAll(async () => {
    expect(await cleanup.run()).toEqual([]);
    await rm(dir, { recursive: true, force: true });
  });

  it('really is stuck: one idle session blocks every client, and their statements time out', async () => {
    await until(() => scene.clients().every(({ waiting }) => waiting));
    const rows = await ask<{ state: string; blocked: string }>(
      `SELECT state, (SELECT count(*) FROM pg_stat_activity w WHERE $1 = ANY(pg_blocking_pids(w.pid))) AS blocked
       FROM pg_stat_activity WHERE pid = $1`,
      [scene.holderPid],
    );
    expect(rows).toEqual([{ state: 'idle in transaction', blocked: String(scene.clients().length) }]);
    await until(() => scene.clients().some(({ timedOut }) => timedOut > 0));
    expect(scene.clients().every(({ committed }) => committed === 0)).toBe(true);
  });

  it('shows the planted text, whole, where tools look', async () => {
    const rows = await ask<{ query: string }>('SELECT query FROM pg_stat_activity WHERE application_name = $1', [
      hostileApplication,
    ]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.query).toContain('DROP TABLE payments');
  });

  it('gives the query login none of the functions by which a SELECT could act', async () => {
    await ask(`CREATE ROLE reader LOGIN PASSWORD 'reader' IN ROLE holdpoint_query`);
    const reader = place.adminUrl.replace(/\/\/[^@]*@/, '//reader:reader@');
    for (const call of [`set_config('a.b', 'c', false)`, `pg_notify('c', 't')`, 'pg_advisory_lock(1)'])
      await expect(ask(`SELECT ${call}`, [], reader)).rejects.toMatchObject({ code: '42501' });
  });

  it('flows again once the holder is ended, with the table whole', async () => {
    await ask('SELECT pg_terminate_backend($1)', [scene.holderPid]);
    await until(() => scene.clients().every(({ committed }) => committed > 0));
    expect(scene.holderLives()).toBe(false);
    expect(await paymentsAreWhole(place)).toBe(true);
  });

  it('notices a table that lost a row, and one that is gone', async () => {
    await ask('DELETE FROM payments WHERE id = 200');
    expect(await paymentsAreWhole(place)).toBe(false);
    await ask('DROP TABLE payments');
    expect(await paymentsAreWhole(place)).toBe(false);
  });
});
