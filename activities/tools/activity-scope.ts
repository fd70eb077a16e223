import { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import { Sha256 } from '../../contracts/values.ts';
import type { Place } from '../../policies/digest.ts';
import { toFailure } from '../judge/failure.ts';
import type { RecorderClient } from '../record/client.ts';
import { bounded } from './bounded.ts';

const beatMs = 300;

/** Where an activity stands, from its own context: never from what it was told. */
export type Scope = {
  readonly place: Place;
  readonly activityId: string;
  readonly attempt: number;
  /** Aborts on cancellation, which arrives by heartbeat, and when the worker stops. */
  readonly signal: AbortSignal;
};
export type ScopeDeps = {
  readonly recorder: Pick<RecorderClient, 'append'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** One finished call: its activity type and `ok` or the code it failed with. */
  readonly observe: (activity: string, end: string, ms: number) => void;
};

export type Doing = { readonly name: string; readonly digest: string | null };

/**
 * Runs an activity's body: heartbeats all the while, gives every failure its code, and has a refusal recorded. A refusal
 * that cannot be recorded is still a refusal: nothing has happened.
 */
export async function inScope<T>(doing: Doing, deps: ScopeDeps, body: (scope: Scope) => Promise<T>): Promise<T> {
  const context = Context.current();
  const scope = scopeOf(context);
  const beat = setInterval(() => context.heartbeat(), beatMs);
  const began = performance.now();
  const observe = (end: string) => deps.observe(doing.name, end, performance.now() - began);
  try {
    const value = await body(scope);
    observe('ok');
    return value;
  } catch (error) {
    if (isCancellation(error, scope.signal)) {
      observe('cancelled');
      throw error instanceof CancelledFailure ? error : new CancelledFailure('cancelled before it ended');
    }
    const failure = toFailure(error);
    const code = failure.type ?? 'INTERNAL';
    observe(code);
    if (code === 'INTERNAL') deps.log.error({ activity: doing.name, error: nameOf(error) }, 'unexpected error');
    if (failure.nonRetryable)
      await recordRefusal(doing, { code, message: failure.message, rule: ruleOf(error) }, scope, deps);
    throw failure;
  } finally {
    clearInterval(beat);
  }
}

/** A cancelled statement fails with the target's own error: that is the cancellation, not a refusal. */
const isCancellation = (error: unknown, signal: AbortSignal): boolean =>
  error instanceof CancelledFailure ||
  (reasonOf(signal) === 'CANCELLED' && ['TARGET_AWAY', 'TARGET_REFUSED'].includes(codeOf(error)));

function scopeOf({ info, cancellationSignal }: Context): Scope {
  const run = info.workflowExecution;
  if (run === undefined) throw toFailure(new HoldpointError('BAD_INPUT', 'expected a workflow to have scheduled this'));
  return {
    place: { namespace: info.namespace, workflowId: run.workflowId, runId: run.runId },
    activityId: info.activityId,
    attempt: info.attempt,
    signal: cancellationSignal,
  };
}

/** Throws when nothing may begin any more: cancelled, or this worker stops and another will go on. */
export function mustNotBeCancelled({ signal }: Scope): void {
  if (!signal.aborted) return;
  if (isStopping(signal)) throw new HoldpointError('TEMPORAL_AWAY', 'this executor is stopping');
  throw new CancelledFailure('cancelled before the effect');
}

/** True when the worker stops, not when anybody cancelled. */
const isStopping = (signal: AbortSignal): boolean => reasonOf(signal) === 'WORKER_SHUTDOWN';
/** True when nobody waits for this attempt any more: the worker stops, or the server has given the attempt up. */
export const isAbandoned = (signal: AbortSignal): boolean => signal.aborted && reasonOf(signal) !== 'CANCELLED';
const reasonOf = ({ aborted, reason }: AbortSignal): string =>
  aborted && reason instanceof Error ? reason.message : '';

// Class and stack only: a message may quote text from outside, or a connection string.
const nameOf = (error: unknown): string =>
  error instanceof Error ? `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}` : typeof error;

/** The rule of the gate that denied, where one did: what the fold of standing demotes by. */
const ruleOf = (error: unknown): string | undefined => {
  const rule = error instanceof HoldpointError ? error.details.rule : undefined;
  return typeof rule === 'string' ? rule : undefined;
};

type Refused = { readonly code: string; readonly message: string; readonly rule: string | undefined };
async function recordRefusal(
  { name, digest }: Doing,
  { code, message, rule }: Refused,
  { place }: Scope,
  deps: ScopeDeps,
): Promise<void> {
  const { workflowId, runId } = place;
  const about = { workflowId, runId, digest: Sha256.safeParse(digest).success ? digest : null };
  try {
    const reason = bounded(message, 500);
    const by = rule === undefined ? {} : { rule };
    await deps.recorder.append({ kind: 'refusal', ...about, what: name, code, reason, raw: null, ...by });
  } catch (error) {
    deps.log.warn({ activity: name, code, failed: codeOf(error) }, 'a refusal could not be recorded');
  }
}
