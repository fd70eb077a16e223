import type { ErrorCode } from '../../contracts/errors.ts';
import { HoldpointError } from '../../contracts/errors.ts';

/** A refusal with the step that helps, printed as a line `next: …`. Exit status 1. */
export class Refusal extends HoldpointError {
  constructor(
    code: ErrorCode,
    message: string,
    readonly next: string,
  ) {
    super(code, message);
  }
}

/** The command was called in a way that has no meaning. Exit status 2. */
export class WrongUse extends Error {
  override readonly name = 'WrongUse';
  constructor(
    message: string,
    readonly next: string,
  ) {
    super(message);
  }
}

export const exitDone = 0;
export const exitRefused = 1;
export const exitWrongUse = 2;
export type ExitStatus = typeof exitDone | typeof exitRefused | typeof exitWrongUse;

export type ShownError = {
  readonly code: string;
  readonly message: string;
  readonly next: string;
  readonly status: ExitStatus;
};

/** What a person is told of an error, whatever was thrown. Never a stack trace: an expected error has a next step instead. */
export function showError(error: unknown): ShownError {
  if (error instanceof WrongUse)
    return { code: 'WRONG_USE', message: error.message, next: error.next, status: exitWrongUse };
  if (error instanceof Refusal)
    return { code: error.code, message: error.message, next: error.next, status: exitRefused };
  if (error instanceof HoldpointError)
    return { code: error.code, message: error.message, next: nextByCode(error.code), status: exitRefused };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'INTERNAL',
    message: message === '' ? 'unknown error' : message,
    next: 'run again with HOLDPOINT_DEBUG=1 to see where it came from, and report it',
    status: exitRefused,
  };
}

function nextByCode(code: ErrorCode): string {
  switch (code) {
    case 'TEMPORAL_AWAY':
    case 'FENCE_UNREACHABLE':
      return 'start it with `holdpoint dev`, or point TEMPORAL_ADDRESS at a running server';
    case 'STORE_AWAY':
      return 'check --endpoint and --region, and that the store can be reached';
    case 'STORE_UNFIT':
      return 'give AWS credentials that may list and read the bucket, as deploy/aws/auditor-policy.json says';
    case 'RECORDER_AWAY':
      return 'check that the recorder runs, and `recorderUrl` in holdpoint.json';
    case 'SERVER_MISSING':
      return 'install the server that the message names, or name its path in the environment variable';
    case 'MANIFEST_EXPIRED':
    case 'MANIFEST_UNSIGNED':
    case 'MANIFEST_ROLLED_BACK':
      return 'sign a newer manifest with `holdpoint manifest sign`';
    case 'RUNBOOK_INVALID':
      return 'mend the named line, then `holdpoint runbook lint FILE`';
    case 'STATEMENT_STALE':
    case 'STATEMENT_BEFORE_RESUME':
    case 'HOLD_EXPIRED':
      return 'look at `holdpoint show` for a hold that waits now, and sign that one';
    case 'STATEMENT_NOT_POWERED':
    case 'STATEMENT_UNKNOWN_PERSON':
      return 'have a person sign whom the approver directory gives this power';
    case 'NOT_FOUND':
      return 'copy it whole: `holdpoint runbook status` and `holdpoint incidents` list what there is';
    case 'QUORUM_MISSING':
      return 'have a colleague run the same with --print, and run yours again with --with FILE';
    case 'NOT_EARNED':
      return 'see what is missing with `holdpoint runbook status RUNBOOK_ID`; only a signed waiver goes without';
    case 'STATEMENT_REPLAYED':
      return 'it is in the log already: look with `holdpoint runbook status RUNBOOK_ID`; else another person signs';
    case 'RATE_LIMITED':
      return 'wait a moment and run it again';
    default:
      return `docs/errors.md explains ${code}`;
  }
}
