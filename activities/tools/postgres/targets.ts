import type { PostgresTarget } from '../../../contracts/config.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { JsonValue } from '../../../contracts/values.ts';
import { checkLoginUrl, type Login } from './session.ts';

/** One database with its three logins, and their names. */
export type Target = {
  readonly database: string;
  readonly monitor: Login;
  readonly query: Login;
  readonly act: Login;
  readonly ownLogins: ReadonlySet<string>;
};
export type Targets = {
  /** Throws `TARGET_REFUSED` for a database that this executor holds no login for. */
  of(database: JsonValue | undefined): Target;
};

/** Throws `BAD_INPUT` at load for a connection string that cannot be used, or one login used for two powers. */
export function createTargets(postgres: readonly PostgresTarget[]): Targets {
  const byName = new Map(postgres.map((one) => [one.database, targetOf(one)]));
  if (byName.size !== postgres.length) throw new HoldpointError('BAD_INPUT', 'targets: expected each database once');
  return {
    of(database) {
      const found = typeof database === 'string' ? byName.get(database) : undefined;
      if (found === undefined)
        throw new HoldpointError('TARGET_REFUSED', 'target: this executor has no login for the database');
      return found;
    },
  };
}

function targetOf({ database, monitorUrl, queryUrl, actUrl }: PostgresTarget): Target {
  const ownLogins = new Set(
    [monitorUrl, queryUrl, actUrl].map((url) => decodeURIComponent(checkLoginUrl(url).username)),
  );
  // A role may end the sessions of its own login: one login for two powers would join them.
  if (ownLogins.size !== 3 || ownLogins.has(''))
    throw new HoldpointError('BAD_INPUT', `target \`${database}\`: expected three different logins`);
  return {
    database,
    monitor: { url: monitorUrl, database, timeouts: 'client' },
    query: { url: queryUrl, database, timeouts: 'server-role' },
    act: { url: actUrl, database, timeouts: 'client' },
    ownLogins,
  };
}
