import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { hostileApplication, hostileComment } from './attack.ts';

/** How one client session fares. All counts are since it was started. */
export type ClientView = {
  readonly application: string;
  readonly committed: number;
  readonly timedOut: number;
  readonly waiting: boolean;
};
export type PaymentsClients = { views(): readonly ClientView[]; stop(): Promise<void> };

const honest = ['payments-api-1', 'payments-api-2', 'payments-api-3', 'payments-worker'];
const lockWaitMs = 3_000;
const pauseMs = 150;
/** They do not give up all at the same moment: whoever looks sees most of them waiting. */
const staggerMs = 600;
const lockNotAvailable = '55P03';

type Session = { application: string; committed: number; timedOut: number; waiting: boolean };

/** Starts the service's client sessions: each takes a payment, again and again, and gives up on a lock after 3 s. */
export async function startPaymentsClients(url: string): Promise<PaymentsClients> {
  const stopping = new AbortController();
  const sessions: Session[] = [...honest, hostileApplication].map(newSession);
  const loops: Promise<void>[] = [];
  for (const [index, session] of sessions.entries()) {
    const client = new Client({
      connectionString: url,
      application_name: session.application,
      lock_timeout: lockWaitMs,
    });
    client.on('error', () => undefined);
    await client.connect();
    loops.push(pay(client, session, index, stopping.signal));
  }
  return {
    views: () => sessions.map((session) => ({ ...session })),
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

const newSession = (application: string): Session => ({ application, committed: 0, timedOut: 0, waiting: false });

async function pay(client: Client, session: Session, index: number, stopping: AbortSignal): Promise<void> {
  const comment = session.application === hostileApplication ? `${hostileComment} ` : '';
  // Each client has rows of its own: what they wait for is the one lock on the table, never each other.
  const sql = `${comment}UPDATE payments SET status = 'paid', touched = touched + 1 WHERE id = ${index + 1}`;
  try {
    await sleep(index * staggerMs, undefined, { signal: stopping }).catch(() => undefined);
    while (!stopping.aborted) {
      session.waiting = true;
      const paid = await client.query(sql).then(
        () => true,
        (error: { code?: string }) => (error.code === lockNotAvailable ? false : Promise.reject(error)),
      );
      session.waiting = false;
      if (paid) session.committed += 1;
      else session.timedOut += 1;
      await sleep(pauseMs, undefined, { signal: stopping }).catch(() => undefined);
    }
  } catch {
    // The server went away or ended this session: its counts stop, which is what an onlooker then sees.
    session.waiting = false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
