import type { Credential } from '../../../contracts/broker-api.ts';
import type { PostgresAddress } from '../../../contracts/config.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import { type PostgresAccess, postgresRolePrefix } from '../../../contracts/tools/postgres-access.ts';
import type { JsonValue } from '../../../contracts/values.ts';
import { checkLoginUrl, type Login } from './session.ts';

/** One database, without any login: what can be done there is what the broker issues for the call at hand. */
export type Target = {
  readonly database: string;
  /** The login of a credential. Throws `TARGET_REFUSED` for one that was issued for another database or power. */
  login(access: PostgresAccess, credential: Credential): Login;
};
export type Targets = {
  /** Throws `TARGET_REFUSED` for a database that this executor is not configured with. */
  of(database: JsonValue | undefined): Target;
};

/** Throws `BAD_INPUT` at load for an address that cannot be used. */
export function createTargets(postgres: readonly PostgresAddress[]): Targets {
  const byName = new Map(postgres.map((one) => [one.database, targetOf(one)]));
  if (byName.size !== postgres.length) throw new HoldpointError('BAD_INPUT', 'targets: expected each database once');
  return {
    of(database) {
      const found = typeof database === 'string' ? byName.get(database) : undefined;
      if (found === undefined)
        throw new HoldpointError('TARGET_REFUSED', 'target: this executor is not configured with the database');
      return found;
    },
  };
}

function targetOf({ database, url }: PostgresAddress): Target {
  checkLoginUrl(url);
  return {
    database,
    login(access, credential) {
      const fits = credential.system === 'postgres' && credential.database === database && credential.access === access;
      if (!fits)
        throw new HoldpointError('TARGET_REFUSED', `target: expected a credential to ${access} \`${database}\``);
      const whole = new URL(url);
      whole.username = credential.user;
      whole.password = credential.password;
      return { url: whole.href, database, timeouts: access === 'query' ? 'server-role' : 'client' };
    },
  };
}

/** Whether a session is, or may be, one of ours: every role of ours begins so, and no application's may. */
export const isOurs = (user: string | null): boolean => user?.startsWith(postgresRolePrefix) ?? false;
