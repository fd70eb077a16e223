import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { PaymentsPlace } from '../servers/payments/database.ts';

/** A session idle in its transaction that holds a lock, and one that waits for it: what every incident is about. */
export type StuckSession = {
  readonly pid: number;
  /** True once the server has ended the holder's session. */
  wasEnded(): boolean;
  stop(): Promise<void>;
};

const untilOldMs = 10_000;
// The runbook's playbook wants a transaction of at least a second's age: both sides find it that old.
const oldEnough = `SELECT 1 FROM pg_stat_activity AS waiter, pg_stat_activity AS holder WHERE holder.pid = $1
  AND holder.pid = ANY (pg_blocking_pids(waiter.pid)) AND clock_timestamp() - holder.xact_start > interval '1.1 s'`;

export async function startStuckSession(place: PaymentsPlace): Promise<StuckSession> {
  let ended = false;
  const holder = await session(place.applicationUrl, 'nightly-report', () => {
    ended = true;
  });
  await holder.query('BEGIN; LOCK TABLE payments IN ACCESS EXCLUSIVE MODE');
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  const waiter = await session(place.applicationUrl, 'payments-api-1', () => undefined);
  const waiting = waiter.query('UPDATE payments SET touched = touched + 1 WHERE id = 1').catch(() => null);
  const stop = async (): Promise<void> => {
    await holder.end().catch(() => undefined);
    await waiting;
    await waiter.end().catch(() => undefined);
  };
  try {
    await untilOld(place, pid);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid, wasEnded: () => ended, stop };
}

async function session(connectionString: string, name: string, onError: () => void): Promise<Client> {
  const client = new Client({ connectionString, application_name: name });
  client.on('error', onError);
  await client.connect();
  return client;
}

async function untilOld(place: PaymentsPlace, pid: number): Promise<void> {
  const admin = await session(place.adminUrl, 'bench', () => undefined);
  try {
    for (const end = performance.now() + untilOldMs; performance.now() < end; await sleep(50))
      if ((await admin.query(oldEnough, [pid])).rowCount) return;
    throw new Error('expected a session that waits for the lock');
  } finally {
    await admin.end();
  }
}
