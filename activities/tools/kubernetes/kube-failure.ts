import { z } from 'zod';
import { HoldpointError } from '../../../contracts/errors.ts';

/** The status that the API server answered with; null where it did not answer. */
export function statusOf(error: unknown): number | null {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'number' && Number.isInteger(code) && code >= 100 && code <= 599 ? code : null;
}

const Refusal = z.object({ details: z.object({ causes: z.array(z.object({ reason: z.string() })).max(100) }) });
/** The API server may mean by one status that it is busy, or that a disruption budget forbids an eviction. */
export function isByBudget(error: unknown): boolean {
  const body = statusOf(error) === 429 && error instanceof Error && 'body' in error ? error.body : null;
  try {
    const { causes } = Refusal.parse(typeof body === 'string' ? JSON.parse(body) : body).details;
    return causes.some(({ reason }) => reason === 'DisruptionBudget');
  } catch {
    return false;
  }
}

/** A short name that Node gives a network failure. Never free text. */
const networkCode = (error: unknown): string => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z0-9_]{2,40}$/.test(code) ? code : 'no code';
};

/** The connection was never made, so the request was never sent. */
export const wasNeverSent = (error: unknown): boolean =>
  ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'].includes(networkCode(error)) ||
  /^(CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/.test(networkCode(error));

type Code = 'TARGET_AWAY' | 'TARGET_REFUSED' | 'TARGET_MOVED' | 'TARGET_BUSY' | 'NOT_FOUND' | 'BAD_INPUT';
const meanings: ReadonlyMap<number, readonly [Code, string]> = new Map([
  [400, ['BAD_INPUT', 'the request does not fit the cluster']],
  [401, ['TARGET_REFUSED', 'the login was refused']],
  [403, ['TARGET_REFUSED', 'the identity lacks the permission']],
  [404, ['NOT_FOUND', 'there is no such thing']],
  [409, ['TARGET_MOVED', 'the object changed meanwhile']],
  [422, ['TARGET_MOVED', 'the object is no longer as it was seen, or does not take the change']],
  [429, ['TARGET_BUSY', 'the API server takes no more requests']],
]);

/** The network failed, time was up, or what came is not an API server's answer. Anything else is a mistake of our own. */
const isAway = (error: unknown): boolean =>
  networkCode(error) !== 'no code' ||
  (error instanceof Error && ['AbortError', 'TimeoutError', 'SyntaxError'].includes(error.name));

/**
 * An error of the client as one of ours. Only the status crosses: the client's message quotes headers and body, and an
 * answer of the server carries text from outside. Throws what is no error of the client.
 */
export function kubeFailure(error: unknown, doing: string): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const status = statusOf(error);
  if (status === null && !isAway(error)) throw error;
  if (status === null)
    return new HoldpointError('TARGET_AWAY', `${doing}: the target did not answer (${networkCode(error)})`);
  const [code, what] = meanings.get(status) ?? awayOrRefused(status);
  return new HoldpointError(code, `${doing}: ${what} (status ${status})`);
}

const awayOrRefused = (status: number): readonly [Code, string] =>
  status >= 500 ? ['TARGET_AWAY', 'the API server has a fault'] : ['TARGET_REFUSED', 'the API server refused'];
