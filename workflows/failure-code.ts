import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import type { ErrorCode } from '../contracts/errors.ts';

/** `TIMED_OUT`: an attempt was lost, so nobody can say from here how far it got. */
export type FailureCode = ErrorCode | 'TIMED_OUT';

/** The code of what an activity threw, from the whole chain of causes: one lost attempt outweighs any later refusal. */
export function failureCode(error: unknown): FailureCode {
  let code: FailureCode = 'INTERNAL';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof TimeoutFailure) return 'TIMED_OUT';
    if (cause instanceof ApplicationFailure && code === 'INTERNAL') code = (cause.type ?? 'INTERNAL') as ErrorCode;
  }
  return code;
}

/** The message of the innermost cause, bounded: what an activity said when it refused. */
export function failureReason(error: unknown): string {
  let reason = 'expected no failure';
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof ActivityFailure)) reason = cause.message;
  }
  return reason.slice(0, 500);
}
