import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PaymentsPlace } from '../../servers/payments/database.ts';
import { preparePayments } from '../../servers/payments/database.ts';
import { startPostgres } from '../../servers/postgres.ts';
import { projectRoot } from '../../servers/project.ts';
import type { Cleanup } from './cleanup.ts';

export type PaymentsDatabaseOptions = {
  readonly dir: string;
  readonly port?: number;
  readonly persistent: boolean;
  readonly progress: (line: string) => void;
};

/** A real Postgres with the payments database and the tools' three logins. */
export async function startPaymentsDatabase(
  { dir, port, persistent, progress }: PaymentsDatabaseOptions,
  cleanup: Cleanup,
): Promise<PaymentsPlace> {
  progress('starting Postgres');
  const postgres = await startPostgres({ dir, persistent, ...(port === undefined ? {} : { port }) });
  cleanup.add('postgres', () => postgres.stop());
  const rolesSql = await readFile(join(projectRoot(), 'activities', 'tools', 'postgres', 'roles.sql'), 'utf8');
  return preparePayments({ adminUrl: postgres.adminUrl, rolesSql });
}
