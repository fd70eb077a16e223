import { HoldpointError } from '../../../contracts/errors.ts';

/** Five characters of Postgres' own (SQLSTATE), or a short name that Node gives a network failure. Never free text. */
export function sqlStateOf(error: unknown): string | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z0-9_]{2,32}$/.test(code) ? code : null;
}

/** True when Postgres itself answered with an error; false when the connection failed and nobody knows what it did. */
export const answeredByServer = (error: unknown): boolean => /^[0-9A-Z]{5}$/.test(sqlStateOf(error) ?? '');

/**
 * A driver error as one of ours. Only the code crosses: a driver's message may carry a connection string, and a server's
 * message carries text from outside.
 */
export function pgFailure(error: unknown, doing: string): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const state = sqlStateOf(error);
  if (state === null || !answeredByServer(error))
    return new HoldpointError('TARGET_AWAY', `${doing}: the target did not answer (${state ?? 'no code'})`);
  const found = classes.find(([prefix]) => state.startsWith(prefix));
  const [, code, what] = found ?? ['', 'TARGET_REFUSED', 'the target refused'];
  return new HoldpointError(code, `${doing}: ${what} (sqlstate ${state})`);
}

// First match wins. Connection (08), resources (53), shutdown (57P) and system (58) may be better soon: away.
const classes: readonly (readonly [string, 'TARGET_AWAY' | 'TARGET_REFUSED' | 'BAD_INPUT', string])[] = [
  ['08', 'TARGET_AWAY', 'the connection failed'],
  ['53', 'TARGET_AWAY', 'the target is out of resources'],
  ['57P', 'TARGET_AWAY', 'the target ended the session'],
  ['58', 'TARGET_AWAY', 'the target has a system error'],
  ['57014', 'TARGET_REFUSED', 'the statement ran out of time or was cancelled'],
  ['55P03', 'TARGET_REFUSED', 'a lock was not free in time'],
  ['28', 'TARGET_REFUSED', 'the login was refused'],
  ['42501', 'TARGET_REFUSED', 'the role lacks the privilege'],
  ['25', 'TARGET_REFUSED', 'the transaction may only read'],
  ['42', 'BAD_INPUT', 'the statement does not fit the database'],
  ['22', 'BAD_INPUT', 'a value does not fit the statement'],
];
