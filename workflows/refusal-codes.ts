import type { FailureCode } from './failure-code.ts';

/** Refusals after which judging anew may help: the world, the standing or the persons changed since the hold began. */
const again = [
  'VERDICT_NOT_HOLD',
  'RECEIPT_REFUSED',
  'RECEIPT_EXPIRED',
  'CARD_MISMATCH',
  'QUORUM_MISSING',
  'STATEMENT_STALE',
  'STATEMENT_BEFORE_RESUME',
] as const satisfies readonly FailureCode[];
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
  'STOPPED',
  'FENCE_UNREACHABLE',
  'TOOL_UNKNOWN',
  'INVENTORY_INVALID',
  'TARGET_MOVED',
  'TARGET_REFUSED',
  'RECORD_REFUSED',
  'SEALED',
] as const satisfies readonly FailureCode[];

export const againCodes: ReadonlySet<string> = new Set(again);
export const refusalCodes: ReadonlySet<string> = new Set(refusals);
