import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { PostgresTarget } from '../../contracts/config.ts';
import { projectRoot } from '../project.ts';

export const paymentsDatabase = 'payments';
const applicationRole = 'payments_app';
const brokerRole = 'holdpoint_broker';
const rowsSeeded = 200;

export type PaymentsPlace = {
  /** What the broker is given: the login that has others made. */
  readonly target: PostgresTarget;
  /** The payments service's own login. */
  readonly applicationUrl: string;
  readonly adminUrl: string;
};
/** A superuser's URL of the given database, or of `postgres`. */
export type AdminUrl = (database?: string) => string;

/** `roles.sql` makes the tools' groups and what mints their logins; `strict` takes from PUBLIC what a READ ONLY SELECT could still call. */
export async function readRolesSql(): Promise<{ readonly roles: string; readonly strict: string }> {
  const read = (name: string): Promise<string> =>
    readFile(join(projectRoot(), 'activities', 'tools', 'postgres', name), 'utf8');
  return { roles: await read('roles.sql'), strict: await read('roles-strict.sql') };
}

/**
 * Makes the payments database, its table and its logins where they do not exist yet, and gives every login a fresh
 * password: nothing secret has to be kept between two starts. Throws what Postgres throws.
 */
export async function preparePayments(adminUrl: AdminUrl): Promise<PaymentsPlace> {
  const { roles, strict } = await readRolesSql();
  await withAdmin(adminUrl(), async (admin) => {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [paymentsDatabase]);
    if (rowCount === 0) await admin.query(`CREATE DATABASE ${paymentsDatabase}`);
  });
  return withAdmin(adminUrl(paymentsDatabase), async (admin) => {
    await makeApplication(admin);
    await admin.query(roles);
    await admin.query(strict);
    const urlOf = async (role: string): Promise<string> => {
      const password = randomBytes(24).toString('hex');
      await admin.query(`ALTER ROLE ${role} LOGIN PASSWORD '${password}'`);
      return loginUrl(adminUrl(paymentsDatabase), role, password);
    };
    return {
      target: { database: paymentsDatabase, mintUrl: await urlOf(brokerRole) },
      applicationUrl: await urlOf(applicationRole),
      adminUrl: adminUrl(paymentsDatabase),
    };
  });
}

/** The service's login owns its table, as it does in most installations. */
async function makeApplication(admin: Client): Promise<void> {
  const { rowCount } = await admin.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [applicationRole]);
  if (rowCount === 0) await admin.query(`CREATE ROLE ${applicationRole} NOINHERIT`);
  await admin.query(`
    CREATE TABLE IF NOT EXISTS payments (
      id bigint PRIMARY KEY,
      amount_cents bigint NOT NULL,
      status text NOT NULL DEFAULT 'new',
      touched bigint NOT NULL DEFAULT 0,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    GRANT USAGE, CREATE ON SCHEMA public TO ${applicationRole};
    ALTER TABLE payments OWNER TO ${applicationRole};
    INSERT INTO payments (id, amount_cents)
      SELECT n, 100 + n FROM generate_series(1, ${rowsSeeded}) AS n ON CONFLICT DO NOTHING;
  `);
}

/** True when the table is there with every row: nothing that was planted got its way. */
export async function paymentsAreWhole(place: PaymentsPlace): Promise<boolean> {
  return withAdmin(place.adminUrl, async (admin) => {
    const found = await admin.query<{ exists: boolean }>("SELECT to_regclass('public.payments') IS NOT NULL AS exists");
    if (found.rows[0]?.exists !== true) return false;
    const counted = await admin.query<{ count: string }>('SELECT count(*) AS count FROM payments');
    return Number(counted.rows[0]?.count ?? 0) === rowsSeeded;
  });
}

async function withAdmin<T>(url: string, use: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url, application_name: 'payments-setup' });
  admin.on('error', () => undefined);
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.end();
  }
}

function loginUrl(template: string, role: string, password: string): string {
  const url = new URL(template);
  url.username = role;
  url.password = password;
  return url.href;
}
