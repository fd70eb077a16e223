import { ApplicationFailure } from '@temporalio/common';
import { codeOf, type ErrorCode } from '../../contracts/errors.ts';
import { redact } from '../../policies/redaction/redact.ts';

/** What another moment may mend: someone was away or busy. Everything else is a refusal, and stays one. */
const retryable: ReadonlySet<ErrorCode> = new Set([
  'RECORDER_AWAY',
  'BROKER_AWAY',
  'FENCE_UNREACHABLE',
  'TARGET_AWAY',
  'TARGET_BUSY',
  'TEMPORAL_AWAY',
  'STANDING_STALE',
  'CARD_STALE',
]);

/**
 * An error as Temporal carries it: its code is the type, and whether a retry can help is said. An error nobody classified
 * is `INTERNAL`, without its message: it may quote what must not enter a history.
 */
export function toFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const code = codeOf(error);
  // A target's own words may be in it, and it goes into a history.
  const message = code === 'INTERNAL' || !(error instanceof Error) ? 'an unexpected error' : redact(error.message).text;
  return ApplicationFailure.create({ type: code, message, nonRetryable: !retryable.has(code) });
}

/** Runs an activity's body so that whatever it throws has a code. */
export async function withCodes<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toFailure(error);
  }
}
