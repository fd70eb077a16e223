import type { PaymentsPlace } from '../../servers/payments/database.ts';
import { preparePayments } from '../../servers/payments/database.ts';
import { startPostgres } from '../../servers/postgres.ts';
import type { Cleanup } from './cleanup.ts';

export type PaymentsDatabaseOptions = {
  readonly dir: string;
  readonly port?: number;
  readonly persistent: boolean;
  readonly progress: (line: string) => void;
};

/** A real Postgres with the payments database and the login that mints the tools'. */
export async function startPaymentsDatabase(
  { dir, port, persistent, progress }: PaymentsDatabaseOptions,
  cleanup: Cleanup,
): Promise<PaymentsPlace> {
  progress('starting Postgres');
  const postgres = await startPostgres({ dir, persistent, ...(port === undefined ? {} : { port }) });
  cleanup.add('postgres', () => postgres.stop());
  return preparePayments(postgres.adminUrl);
}
