/**
 * The closed union of error codes. Tests assert codes, never messages; `docs/errors.md` explains each to its reader.
 * A code names the refusal; whether a retry can help is said at every throw.
 */
export const errorCodes = [
  // input
  'BAD_INPUT',
  'TOO_LARGE',
  'TOO_DEEP',
  'RATE_LIMITED',
  'UNAUTHENTICATED',
  'BAD_SIGNATURE',
  'STALE_REQUEST',
  'REPLAYED_REQUEST',
  'NOT_PERMITTED',
  'NOT_FOUND',
  // manifest and runbooks
  'MANIFEST_UNSIGNED',
  'MANIFEST_EXPIRED',
  'MANIFEST_ROLLED_BACK',
  'MANIFEST_MISMATCH',
  'MANIFEST_UNKNOWN',
  'MANIFEST_DEVELOPMENT',
  'RUNBOOK_INVALID',
  'RUNBOOK_MISMATCH',
  'UNMATCHED',
  // the action's life
  'DIGEST_MISMATCH',
  'CARD_MISMATCH',
  'CARD_STALE',
  'VERDICT_NOT_HOLD',
  'RELEASE_MISSING',
  'NOT_GRANTED',
  'HOLD_EXPIRED',
  'REJECTED',
  // statements
  'STATEMENT_MALFORMED',
  'STATEMENT_WRONG_TYPE',
  'STATEMENT_WRONG_SUBJECT',
  'STATEMENT_WRONG_CARD',
  'STATEMENT_BAD_PROOF',
  'STATEMENT_UNKNOWN_PERSON',
  'STATEMENT_NOT_POWERED',
  'STATEMENT_STALE',
  'STATEMENT_FROM_FUTURE',
  'STATEMENT_BEFORE_RESUME',
  'STATEMENT_NOT_APPROVING',
  'STATEMENT_REPLAYED',
  'STATEMENT_EARLY',
  'QUORUM_MISSING',
  // receipts, fences, effect
  'RECEIPT_REFUSED',
  'RECEIPT_SPENT',
  'RECEIPT_EXPIRED',
  'LIMIT_REACHED',
  'BREAKER_OPEN',
  'TARGET_BUSY',
  'STOPPED',
  'FENCE_UNREACHABLE',
  'BROKER_AWAY',
  'TARGET_MOVED',
  'TARGET_AWAY',
  'TARGET_REFUSED',
  'OUTCOME_UNKNOWN',
  'TOOL_UNKNOWN',
  'INVENTORY_INVALID',
  // the record
  'RECORDER_AWAY',
  'RECORD_REFUSED',
  'RECORD_DAMAGED',
  'STORE_AWAY',
  'STORE_UNFIT',
  'STANDING_STALE',
  'NOT_EARNED',
  'SEALED',
  // reasoning and platform
  'PROPOSAL_INVALID',
  'MODEL_FAILED',
  'BUDGET_SPENT',
  'SERVER_MISSING',
  'TEMPORAL_AWAY',
  'SEARCH_ATTRIBUTES_MISSING',
  'INTERNAL',
] as const;
export type ErrorCode = (typeof errorCodes)[number];

/** A refusal with a code. Its message is safe to show: lower case, input in backticks, never a secret. */
export class HoldpointError extends Error {
  override readonly name = 'HoldpointError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, string | number>> = {},
  ) {
    super(message);
  }
}

/** The code of anything thrown; an error nobody classified is `INTERNAL`, and is treated as a refusal. */
export function codeOf(error: unknown): ErrorCode {
  return error instanceof HoldpointError ? error.code : 'INTERNAL';
}
