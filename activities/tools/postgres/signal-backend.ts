import type { Credential } from '../../../contracts/broker-api.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { ToolContract } from '../../../contracts/tools/contract.ts';
import { cancelBackend, terminateBackend } from '../../../contracts/tools/postgres.ts';
import type { Aim, Armed, Deadline, Effect, WriteTool } from '../implement.ts';
import { answeredByServer, pgFailure, sqlStateOf } from './pg-failure.ts';
import { awaitPostcondition } from './postcondition.ts';
import { predictSignal } from './predict-signal.ts';
import { openSession, type Row, type Session, withSession } from './session.ts';
import type { Target, Targets } from './targets.ts';

type Signal = { readonly contract: ToolContract; readonly call: string; readonly verb: 'terminate' | 'cancel' };
const signals = {
  terminate: { contract: terminateBackend, call: 'pg_terminate_backend(aim.pid)', verb: 'terminate' },
  cancel: { contract: cancelBackend, call: 'pg_cancel_backend(aim.pid)', verb: 'cancel' },
} as const satisfies Record<string, Signal>;

/**
 * INVARIANT: preconditions, deadline and effect are one autocommit statement. CASE evaluates the call only when all of
 * it holds; `clock_timestamp` is read then, so a process that slept before sending, or a server that was slow, has no effect.
 * The row is found by pid alone: a hidden start time tells a role that may not see from a session that is gone.
 */
const effectSql = (
  call: string,
) => `SELECT aim.seen::text AS seen, aim.same::text AS same, aim.in_time::text AS in_time,
    CASE WHEN aim.seen AND aim.same AND aim.in_time THEN ${call} END::text AS signalled
  FROM (
    SELECT a.pid, a.backend_start IS NOT NULL AND a.backend_type IS NOT NULL AS seen,
      coalesce(a.backend_start::text = $2 AND coalesce(a.xact_start::text, 'null') = $3 AND a.datname::text = $4
        AND a.backend_type = 'client backend' AND ($6 = '' OR a.state_change::text = $6), false) AS same,
      clock_timestamp() < $5::timestamptz AS in_time
    FROM pg_stat_activity a WHERE a.pid = $1::int AND a.pid <> pg_backend_pid() OFFSET 0
  ) aim`;

export const terminate = (targets: Targets): WriteTool => signalTool(targets, signals.terminate);
export const cancel = (targets: Targets): WriteTool => signalTool(targets, signals.cancel);

const signalTool = (targets: Targets, signal: Signal): WriteTool => ({
  kind: 'write',
  contract: signal.contract,
  predict: (aim, context) => predictSignal(targets.of(aim.target.attributes.database), signal.verb, aim, context),
  ready: async (aim, { signal: abort, credential }) => {
    const target = targets.of(aim.target.attributes.database);
    await withSession(target.login('monitor', await credential()), { signal: abort, doing: 'ready' }, databaseClock);
  },
  arm: async (aim, credential) => arm(targets.of(aim.target.attributes.database), credential, signal, aim),
  postcondition: (aim, waitMsMax, context) =>
    awaitPostcondition(targets.of(aim.target.attributes.database), signal.verb, aim, { ...context, waitMsMax }),
});

async function arm(target: Target, credential: Credential, signal: Signal, aim: Aim): Promise<Armed> {
  const session = await openSession(target.login(signal.verb, credential));
  try {
    const clock = await databaseClock(session);
    return {
      fire: (deadline, abort) => fire({ session, clock, target, signal, aim, deadline, abort }),
      disarm: () => session.close(),
    };
  } catch (error) {
    await session.close();
    throw pgFailure(error, signal.contract.name);
  }
}

type DatabaseClock = { readonly ms: number; readonly readAt: number };
async function databaseClock(session: Session): Promise<DatabaseClock> {
  const [row] = await session.rows('SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint::text AS ms');
  // Read after the answer: the target's clock is then at least this far, so the deadline below errs towards early.
  return { ms: Number(row?.ms), readAt: performance.now() };
}

/**
 * The deadline in the target's own time: what is left of the monotonic budget, counted from its clock, and never later
 * than the receipt's own time. A target whose clock is wrong is thus never written to later than the receipt says.
 */
export function deadlineAtTarget({ startBefore, leftMs }: Deadline, clock: DatabaseClock, now: number): string {
  const byBudget = clock.ms + (now - clock.readAt) + leftMs;
  const at = Math.floor(Math.min(byBudget, Date.parse(startBefore)));
  if (!Number.isFinite(at)) throw new HoldpointError('RECEIPT_EXPIRED', 'deadline: expected a time, got none');
  return new Date(at).toISOString();
}

type Firing = {
  readonly session: Session;
  readonly clock: DatabaseClock;
  readonly target: Target;
  readonly signal: Signal;
  readonly aim: Aim;
  readonly deadline: () => Deadline;
  readonly abort: AbortSignal;
};

async function fire({ session, clock, target, signal, aim, deadline, abort }: Firing): Promise<Effect> {
  const { pid, backendStart, xactStart, stateChange } = aim.preconditions;
  if (!pid || !backendStart || !xactStart) return noEffect('refused', 'TARGET_REFUSED: the action pins no session');
  const stop = () => session.cancel();
  abort.addEventListener('abort', stop, { once: true });
  try {
    if (abort.aborted) return noEffect('failed', 'cancelled before the effect');
    const until = deadlineAtTarget(deadline(), clock, performance.now());
    const values = [pid, backendStart, xactStart, target.database, until, stateChange ?? ''];
    const rows = await session.rows(effectSql(signal.call), values);
    return effectOf(rows, Number(pid), signal.verb);
  } catch (error) {
    return effectOfError(error, signal.verb);
  } finally {
    abort.removeEventListener('abort', stop);
  }
}

const noEffect = (status: 'moved' | 'refused' | 'failed', detail: string): Effect => ({ status, detail, result: null });

function effectOf(rows: readonly Row[], pid: number, verb: Signal['verb']): Effect {
  const [row] = rows;
  if (row === undefined) return noEffect('moved', 'TARGET_MOVED: the session is gone');
  if (row.seen !== 'true') return noEffect('refused', 'TARGET_REFUSED: the role may not see the session');
  if (row.same !== 'true') return noEffect('moved', 'TARGET_MOVED: the session is no longer the one that was seen');
  if (row.in_time !== 'true') return noEffect('failed', 'RECEIPT_EXPIRED: the statement began after its deadline');
  if (row.signalled === 'true')
    return { status: 'done', detail: `${verb} signal sent`, result: { pid, signalled: true } };
  // Postgres answers false when the process ended between its look-up and the signal.
  return { status: 'moved', detail: 'TARGET_MOVED: the session ended by itself', result: { pid, signalled: false } };
}

// The one call comes last in the one statement, so an error of class 42 (privilege, shape) or 22 came before any signal.
function effectOfError(error: unknown, verb: Signal['verb']): Effect {
  const state = sqlStateOf(error) ?? 'no code';
  if (state === '42501') return noEffect('refused', `TARGET_REFUSED: the role may not ${verb} it (sqlstate ${state})`);
  if (error instanceof HoldpointError) return noEffect('failed', `${error.code}: ${error.message}`);
  if (answeredByServer(error) && /^(22|42)/.test(state)) return noEffect('failed', `the statement failed (${state})`);
  return { status: 'unknown', detail: `the target gave no clear answer (${state})`, result: null };
}
