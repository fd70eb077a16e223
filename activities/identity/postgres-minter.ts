import { randomBytes } from 'node:crypto';
import type { PostgresTarget } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { postgresAccessOf, postgresLook } from '../../contracts/tools/postgres-access.ts';
import { checkLoginUrl, type Login, withSession } from '../tools/postgres/session.ts';
import type { Minter } from './minter.ts';
import { scramVerifier } from './scram-verifier.ts';

const loginPrefix = 'holdpoint_c_';
/** Begins every password that is issued: whoever searches logs and archives for one that got out finds it by this. */
export const passwordPrefix = 'holdpoint-issued-password-';
const callMsMax = 5_000;

/**
 * Login roles of Postgres, made by the functions that `roles.sql` gives to the one login of the broker: they take a name of
 * ours, one of the known groups and at most ten minutes, so that the broker itself cannot make anything else.
 * `VALID UNTIL` is asked only when somebody signs in by password; a session that is open stays, until it is withdrawn.
 */
export function createPostgresMinter(postgres: readonly PostgresTarget[]): Minter {
  const logins = new Map<string, Login>(
    postgres.map(({ database, mintUrl }) => {
      checkLoginUrl(mintUrl);
      return [database, { url: mintUrl, database, timeouts: 'client' }];
    }),
  );
  if (logins.size !== postgres.length) throw new HoldpointError('BAD_INPUT', 'targets: expected each database once');
  const call = (place: string, doing: string, texts: readonly string[], values: readonly string[] = []) =>
    withSession(loginOf(logins, place), { signal: AbortSignal.timeout(callMsMax), doing }, async (session) => {
      // Each is a transaction of its own: nobody can sign in any more before sessions are looked for.
      const answers = [];
      for (const text of texts) answers.push(await session.rows(text, values));
      return answers.at(-1) ?? [];
    });
  return {
    places: [...logins.keys()],
    accessOf(kind, tool) {
      const access = postgresAccessOf(tool);
      if (access === null) throw new HoldpointError('TOOL_UNKNOWN', 'credential: expected a tool of Postgres');
      return kind === 'predict' || kind === 'observe' ? postgresLook : access;
    },
    placeOf(scopes) {
      const [database, ...others] = scopes.filter(({ kind }) => kind === 'databases');
      if (database === undefined || others.length > 0 || !logins.has(database.value))
        throw new HoldpointError('TARGET_REFUSED', 'credential: expected one database that this broker mints at');
      return database.value;
    },
    async mint({ id, access, place, lifeMs, note }) {
      const password = passwordPrefix + randomBytes(24).toString('base64url');
      const values = [`${loginPrefix}${id}`, scramVerifier(password), access, String(Math.ceil(lifeMs / 1_000)), note];
      await call(place, 'mint', ['SELECT holdpoint.mint($1, $2, $3, $4::int, $5)::text'], values);
      return { system: 'postgres', database: place, access, user: `${loginPrefix}${id}`, password };
    },
    async withdraw(place, id) {
      const texts = ['SELECT holdpoint.close($1)::text', 'SELECT holdpoint.remove($1)::text'];
      await call(place, 'withdraw', texts, [`${loginPrefix}${id}`]);
    },
    async issued(place) {
      const rows = await call(place, 'issued', ['SELECT login FROM holdpoint.issued() AS login']);
      return rows.map(({ login }) => (login ?? '').slice(loginPrefix.length));
    },
  };
}

function loginOf(logins: ReadonlyMap<string, Login>, place: string): Login {
  const login = logins.get(place);
  if (login === undefined) throw new HoldpointError('TARGET_REFUSED', 'credential: this broker mints elsewhere');
  return login;
}
