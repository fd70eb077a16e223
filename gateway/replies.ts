import type { FastifyReply } from 'fastify';
import type { ErrorCode } from '../contracts/errors.ts';
import { HoldpointError } from '../contracts/errors.ts';
import type { Admission } from './admission.ts';
import type { RejectedAlert } from './webhooks/delivery.ts';

const retryAfterSeconds = 5;

const statusOf: Partial<Readonly<Record<ErrorCode, number>>> = {
  BAD_INPUT: 400,
  TOO_DEEP: 400,
  REPLAYED_REQUEST: 400,
  UNAUTHENTICATED: 401,
  BAD_SIGNATURE: 401,
  STALE_REQUEST: 401,
  NOT_PERMITTED: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  TEMPORAL_AWAY: 503,
  RECORDER_AWAY: 503,
};

export type Answer = { readonly status: number; readonly body: object };

const refusal = (status: number, code: ErrorCode, message: string): Answer => ({
  status,
  body: { error: { code, message } },
});

/** What an error is answered with. One that nobody classified says nothing of itself: it may quote a request. */
export function answerOf(error: unknown): Answer {
  if (error instanceof HoldpointError) return refusal(statusOf[error.code] ?? 500, error.code, error.message);
  const { statusCode } = (typeof error === 'object' && error !== null ? error : {}) as { statusCode?: unknown };
  switch (statusCode) {
    case 413:
      return refusal(413, 'TOO_LARGE', 'body: expected at most 1 MiB');
    case 400:
    case 415:
      return refusal(400, 'BAD_INPUT', 'expected a well-formed HTTP request');
    case 503:
      return refusal(503, 'RATE_LIMITED', 'the gateway is too busy, or is stopping');
    default:
      return refusal(500, 'INTERNAL', 'the gateway failed');
  }
}

/**
 * 202 when something was handed over, 200 when it all was known before or needs nothing, 503 when Temporal did not take
 * all of it: the sender repeats the whole delivery, and what was accepted is then a duplicate or joins.
 */
export function answerTo({ accepted, failed }: Admission, rejected: readonly RejectedAlert[]): Answer {
  if (failed > 0) {
    const total = accepted.length + failed;
    const message = `temporal: expected to take ${total} alerts, took ${accepted.length}; send the delivery again`;
    return { status: 503, body: { error: { code: 'TEMPORAL_AWAY', message }, accepted, rejected } };
  }
  const nothingNew = accepted.every(({ result }) => result === 'duplicate' || result === 'ignored');
  return { status: nothingNew ? 200 : 202, body: { accepted, rejected } };
}

export function send(reply: FastifyReply, { status, body }: Answer): FastifyReply {
  if (status === 503 || status === 429) reply.header('retry-after', String(retryAfterSeconds));
  return reply.code(status).type('application/json; charset=utf-8').send(body);
}
