import { Client } from 'pg';
import type { PaymentsPlace } from '../../../servers/payments/database.ts';
import { eventually } from './system.ts';

/** A session idle in transaction that holds a lock, and one that waits for it. */
export type Stuck = {
  readonly pid: number;
  /** How the session ended: the server's error code (57P01 when it was terminated), or null while it lives. */
  endedBy(): string | null;
  /** Commits and begins again on the same session: it is no longer in the transaction that the approver saw. */
  move(): Promise<void>;
  stop(): Promise<void>;
};

export async function startStuck(payments: PaymentsPlace, application = 'nightly-report'): Promise<Stuck> {
  let ended: string | null = null;
  const holder = new Client({ connectionString: payments.applicationUrl, application_name: application });
  holder.on('error', (error: Error & { code?: string }) => {
    ended ??= error.code ?? 'closed';
  });
  await holder.connect();
  const begin = () => holder.query('BEGIN; LOCK TABLE payments IN ACCESS EXCLUSIVE MODE');
  await begin();
  const waiter = new Client({ connectionString: payments.applicationUrl, application_name: 'payments-api-1' });
  waiter.on('error', () => {});
  await waiter.connect();
  const waiting = waiter.query('UPDATE payments SET touched = touched + 1 WHERE id = 1').catch(() => null);
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  await untilBlocking(payments, pid);
  return {
    pid,
    endedBy: () => ended,
    move: async () => {
      await holder.query('COMMIT');
      await waiting;
      await begin();
    },
    stop: async () => {
      await holder.end().catch(() => {});
      await waiting;
      await waiter.end().catch(() => {});
    },
  };
}

async function untilBlocking(payments: PaymentsPlace, pid: number): Promise<void> {
  const admin = new Client({ connectionString: payments.adminUrl });
  await admin.connect();
  try {
    // The runbook's playbook wants a transaction of at least a second's age.
    await eventually('a session that waits for the lock', async () => {
      const sql = `SELECT 1 FROM pg_stat_activity AS waiter, pg_stat_activity AS holder WHERE holder.pid = $1
        AND holder.pid = ANY (pg_blocking_pids(waiter.pid)) AND clock_timestamp() - holder.xact_start > interval '1.1 s'`;
      return ((await admin.query(sql, [pid])).rowCount ?? 0) > 0;
    });
  } finally {
    await admin.end();
  }
}
