import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { Credential } from '../../contracts/broker-api.ts';
import type { PostgresAddress } from '../../contracts/config.ts';
import type { PaymentsPlace } from '../../servers/payments/database.ts';

const accesses = ['monitor', 'terminate'] as const;
export type BareLogins = {
  readonly address: PostgresAddress;
  readonly credentials: Record<(typeof accesses)[number], Credential>;
};

/** What a worker without governance has: a login for each power, that lasts. */
export async function makeBareLogins({ target, adminUrl }: PaymentsPlace): Promise<BareLogins> {
  const { database } = target;
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  const make = async (access: (typeof accesses)[number]): Promise<Credential> => {
    const [user, password] = [`bench_${access}`, randomBytes(24).toString('hex')];
    await admin.query(`CREATE ROLE ${user} LOGIN PASSWORD '${password}' IN ROLE holdpoint_${access}`);
    return { system: 'postgres', database, access, user, password };
  };
  try {
    const url = new URL(adminUrl);
    url.username = '';
    url.password = '';
    const credentials = { monitor: await make('monitor'), terminate: await make('terminate') };
    return { address: { database, url: url.href }, credentials };
  } finally {
    await admin.end();
  }
}
