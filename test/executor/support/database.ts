import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Minter } from '../../../activities/identity/minter.ts';
import { createPostgresMinter } from '../../../activities/identity/postgres-minter.ts';
import type { PostgresCredential } from '../../../contracts/broker-api.ts';
import type { PostgresAddress, PostgresTarget } from '../../../contracts/config.ts';
import type { PostgresAccess } from '../../../contracts/tools/postgres-access.ts';
import { readRolesSql } from '../../../servers/payments/database.ts';
import { startPostgres } from '../../../servers/postgres.ts';

export type Database = {
  readonly target: PostgresTarget;
  /** What an executor is configured with. */
  readonly address: PostgresAddress;
  readonly minter: Minter;
  /** A login of its own with one power, made as the broker makes it; gone with the database. */
  credential(access: PostgresAccess): Promise<PostgresCredential>;
  /** A session, closed with the database. `app` is the payments service's own login. */
  session(login: 'admin' | 'app' | 'holdpoint_broker' | PostgresCredential, database?: string): Promise<pg.Client>;
  url(login: string | PostgresCredential, database?: string): string;
  stop(): Promise<void>;
};

const logins = ['app', 'holdpoint_broker'];
const scene = `CREATE TABLE payments (id int PRIMARY KEY, amount int, note text);
  INSERT INTO payments SELECT n, n * 10, 'note ' || n FROM generate_series(1, 50) n;
  INSERT INTO payments VALUES (1000, 0, repeat('x', 100000));
  CREATE TABLE secrets (value text);
  CREATE ROLE app LOGIN; GRANT SELECT, UPDATE ON payments TO app;
  GRANT SELECT ON payments TO holdpoint_query;`;

/** A real Postgres with the database `payments`, its groups and the broker's login as `demo` and `dev` make them, and an application's login. */
export async function startDatabase(): Promise<Database> {
  const dir = await mkdtemp(join(tmpdir(), 'holdpoint-executor-'));
  const server = await startPostgres({ dir });
  const open: pg.Client[] = [];
  const url: Database['url'] = (login, database = 'payments') => {
    if (login === 'admin') return server.adminUrl(database);
    const [user, password] = typeof login === 'string' ? [login, `pw-${login}`] : [login.user, login.password];
    return `postgres://${user}:${password}@${server.host}:${server.port}/${database}`;
  };
  const session: Database['session'] = async (login, database = 'payments') => {
    const client = new pg.Client({ connectionString: url(login, database) });
    client.on('error', () => undefined);
    await client.connect();
    open.push(client);
    return client;
  };
  await (await session('admin', 'postgres')).query('CREATE DATABASE payments');
  const admin = await session('admin');
  const { roles, strict } = await readRolesSql();
  for (const sql of [roles, scene, strict]) await admin.query(sql);
  for (const login of logins) await admin.query(`ALTER ROLE ${login} LOGIN PASSWORD 'pw-${login}'`);
  const target = { database: 'payments', mintUrl: url('holdpoint_broker') };
  const minter = createPostgresMinter([target]);
  return {
    target,
    address: { database: 'payments', url: `postgres://${server.host}:${server.port}/payments` },
    minter,
    async credential(access) {
      const order = { id: freshId(), access, place: 'payments', lifeMs: 600_000, note: 'a test' };
      return (await minter.mint(order)) as PostgresCredential;
    },
    session,
    url,
    async stop() {
      await Promise.all(open.map((client) => client.end().catch(() => undefined)));
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export const freshId = (): string => randomBytes(12).toString('hex');

/** A session that is idle in a transaction and holds a row lock: the thing that blocks. */
export async function startBlocker(database: Database, id = 1): Promise<{ client: pg.Client; pid: number }> {
  const client = await database.session('app');
  await client.query('BEGIN');
  await client.query('UPDATE payments SET amount = amount + 1 WHERE id = $1', [id]);
  return { client, pid: await pidOf(client) };
}

/** A session that waits for that lock. Its promise settles when the lock is free, or when it is ended. */
export async function startWaiter(database: Database, id = 1) {
  const client = await database.session('app');
  const pid = await pidOf(client);
  const done = client.query('UPDATE payments SET amount = 0 WHERE id = $1', [id]).then(
    () => 'done',
    (error: { code?: string }) => error.code ?? 'failed',
  );
  await until(async () => {
    const admin = await database.session('admin');
    const { rows } = await admin.query('SELECT 1 FROM pg_locks WHERE pid = $1 AND NOT granted', [pid]);
    await admin.end();
    return rows.length > 0;
  });
  return { client, pid, done };
}

/** True while the session lives. */
export async function lives(database: Database, pid: number): Promise<boolean> {
  const admin = await database.session('admin');
  const { rows } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid]);
  await admin.end();
  return rows.length > 0;
}

export async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid as number;
}

export async function until(test: () => Promise<boolean>, msMax = 5_000): Promise<void> {
  const end = Date.now() + msMax;
  while (!(await test())) {
    if (Date.now() > end) throw new Error('expected it to become true in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
