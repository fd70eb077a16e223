import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { PostgresHere } from './servers.ts';
import { serverOf } from './skips.ts';

/** The run's Postgres, with an administrator's login. Roles are shared by its databases: give yours names of their own. */
export const sharedPostgres = (): PostgresHere => serverOf('postgres');

export type FreshDatabase = {
  readonly name: string;
  /** Administrator's login to this database. */
  readonly url: string;
  /** The same database with another login. */
  as(user: string, password: string): string;
  /** Ends its sessions and drops it. */
  drop(): Promise<void>;
};

async function asAdmin(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: sharedPostgres().adminUrl });
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** An empty database that nobody else uses. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`;
  await asAdmin((client) => client.query(`CREATE DATABASE ${name}`));
  const withLogin = (user?: string, password?: string): string => {
    const url = new URL(sharedPostgres().adminUrl);
    url.pathname = `/${name}`;
    if (user !== undefined) url.username = encodeURIComponent(user);
    if (password !== undefined) url.password = encodeURIComponent(password);
    return url.href;
  };
  return {
    name,
    url: withLogin(),
    as: withLogin,
    drop: () => asAdmin((client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)),
  };
}
