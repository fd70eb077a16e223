import type { ErrorCode } from '../contracts/errors.ts';

// What these codes mean to a held write is said here and nowhere else; that they exist, by the one list in
// `contracts/errors.ts`. Its type alone is imported: the sandbox takes no values of `contracts`, and `satisfies` lets
// nothing be named here that is no code. A code that is not named counts as an unknown outcome.

/** Refusals after which judging anew may help: the world, the standing or the persons changed since the hold began. */
const again = [
  'VERDICT_NOT_HOLD',
  'NOT_GRANTED',
  'RECEIPT_REFUSED',
  'RECEIPT_EXPIRED',
  'CARD_MISMATCH',
  'QUORUM_MISSING',
  'STATEMENT_STALE',
  'STATEMENT_BEFORE_RESUME',
] as const satisfies readonly ErrorCode[];
/** Refusals that the executor makes only while nothing has happened. */
const refusals = [
  ...again,
  'BAD_INPUT',
  'BAD_SIGNATURE',
  'NOT_FOUND',
  'NOT_PERMITTED',
  'DIGEST_MISMATCH',
  'RUNBOOK_MISMATCH',
  'MANIFEST_UNSIGNED',
  'MANIFEST_EXPIRED',
  'MANIFEST_ROLLED_BACK',
  'MANIFEST_MISMATCH',
  'MANIFEST_UNKNOWN',
  'MANIFEST_DEVELOPMENT',
  'RELEASE_MISSING',
  'HOLD_EXPIRED',
  'REJECTED',
  'STATEMENT_MALFORMED',
  'STATEMENT_WRONG_TYPE',
  'STATEMENT_WRONG_SUBJECT',
  'STATEMENT_WRONG_CARD',
  'STATEMENT_BAD_PROOF',
  'STATEMENT_UNKNOWN_PERSON',
  'STATEMENT_NOT_POWERED',
  'STATEMENT_FROM_FUTURE',
  'STATEMENT_NOT_APPROVING',
  'STATEMENT_REPLAYED',
  'LIMIT_REACHED',
  'BREAKER_OPEN',
  'STOPPED',
  'FENCE_UNREACHABLE',
  'TOOL_UNKNOWN',
  'INVENTORY_INVALID',
  'TARGET_MOVED',
  'TARGET_REFUSED',
  'RECORD_REFUSED',
  'SEALED',
] as const satisfies readonly ErrorCode[];

export const againCodes: ReadonlySet<string> = new Set(again);
export const refusalCodes: ReadonlySet<string> = new Set(refusals);
