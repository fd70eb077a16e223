import type { ErrorCode } from '../../contracts/errors.ts';

// A retry can help after 503 and 429. 409: the log says otherwise by now. 422: what was sent can never be accepted.
const byCode: Readonly<Partial<Record<ErrorCode, number>>> = {
  UNAUTHENTICATED: 401,
  BAD_SIGNATURE: 401,
  STALE_REQUEST: 401,
  REPLAYED_REQUEST: 401,
  NOT_PERMITTED: 403,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  RECEIPT_SPENT: 409,
  RECEIPT_REFUSED: 409,
  TARGET_BUSY: 409,
  LIMIT_REACHED: 409,
  BREAKER_OPEN: 409,
  NOT_EARNED: 409,
  STOPPED: 409,
  REJECTED: 409,
  SEALED: 409,
  STATEMENT_REPLAYED: 409,
  STATEMENT_STALE: 409,
  STATEMENT_BEFORE_RESUME: 409,
  HOLD_EXPIRED: 409,
  MANIFEST_EXPIRED: 409,
  MANIFEST_ROLLED_BACK: 409,
  FENCE_UNREACHABLE: 503,
  TEMPORAL_AWAY: 503,
  RECORD_DAMAGED: 503,
  STORE_AWAY: 503,
  STORE_UNFIT: 503,
  INTERNAL: 500,
};

/** The HTTP status of a refusal. */
export const statusOf = (code: ErrorCode): number => byCode[code] ?? 422;
