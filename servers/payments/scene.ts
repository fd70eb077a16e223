import { Client } from 'pg';
import type { ClientView } from './clients.ts';
import { startPaymentsClients } from './clients.ts';
import type { PaymentsPlace } from './database.ts';

export type PaymentsScene = {
  /** The session that is idle in its transaction and holds the lock. */
  readonly holderPid: number;
  /** True until the server has ended the holder's session. */
  holderLives(): boolean;
  clients(): readonly ClientView[];
  stop(): Promise<void>;
};

/**
 * Puts the payments service in real trouble: somebody built an index inside a transaction and went away, so every client
 * that wants to write queues behind that lock and times out. Nothing here is simulated but the story.
 */
export async function startPaymentsScene(place: PaymentsPlace): Promise<PaymentsScene> {
  const holder = new Client({ connectionString: place.applicationUrl, application_name: 'nightly-report' });
  let lives = true;
  // The one expected end: an administrator terminates the session. Without a listener it would end this process instead.
  holder.on('error', () => {
    lives = false;
  });
  holder.on('end', () => {
    lives = false;
  });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('CREATE INDEX payments_by_amount ON payments (amount_cents)');
  const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const clients = await startPaymentsClients(place.applicationUrl);
  return {
    holderPid: rows[0]?.pid ?? 0,
    holderLives: () => lives,
    clients: clients.views,
    stop: async () => {
      // The holder first: its lock is what the clients may still wait for.
      if (lives) await holder.end().catch(() => undefined);
      await clients.stop();
    },
  };
}
