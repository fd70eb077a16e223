import { HoldpointError } from '../../../contracts/errors.ts';
import { bounded } from '../bounded.ts';
import type { Aim, Predicted, ReadContext } from '../implement.ts';
import { type Row, withSession } from './session.ts';
import type { Target } from './targets.ts';

// One statement, so that state, locks and waiters are of one moment. Relation names are the database's own, quoted by it.
const sql = `WITH waits AS MATERIALIZED (
    SELECT l.pid, pg_blocking_pids(l.pid) AS blockers FROM pg_locks l WHERE NOT l.granted AND l.pid <> $1::int
  )
  SELECT a.usename::text AS "user", a.state, a.backend_start::text AS backend_start, a.xact_start::text AS xact_start,
    a.state_change::text AS state_change, a.backend_type,
    greatest(0, floor(extract(epoch FROM clock_timestamp() - a.xact_start)))::bigint::text AS age_s,
    (SELECT count(*)::text FROM pg_locks l WHERE l.pid = a.pid AND l.granted) AS locks,
    (SELECT string_agg(held.what, ', ') FROM (
      SELECT DISTINCT l.mode || ' on ' || l.relation::regclass::text AS what FROM pg_locks l
      JOIN pg_class c ON c.oid = l.relation
      JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
      WHERE l.pid = a.pid AND l.granted AND l.database = a.datid ORDER BY 1 LIMIT 5) held) AS held,
    (SELECT count(DISTINCT w.pid)::text FROM waits w WHERE a.pid = ANY (w.blockers)) AS waiting
  FROM pg_stat_activity a WHERE a.pid = $1::int AND a.datname = current_database()`;

/**
 * What the signal would do, from the target as it is now. Throws `TARGET_MOVED` when the session is no longer the one
 * that was seen, `TARGET_REFUSED` when the role may not see it, `TARGET_AWAY`.
 */
export async function predictSignal(
  target: Target,
  verb: 'terminate' | 'cancel',
  aim: Aim,
  { signal, credential }: ReadContext,
): Promise<Predicted> {
  const pid = aim.preconditions.pid ?? '';
  const [row] = await withSession(
    target.login('monitor', await credential()),
    { signal, doing: 'predict' },
    (session) => session.rows(sql, [pid]),
  );
  mustBeAsSeen(row, aim);
  const facts = { pid, database: target.database, row };
  return verb === 'terminate' ? predictTerminate(facts) : predictCancel(facts);
}

function mustBeAsSeen(row: Row | undefined, { preconditions }: Aim): asserts row is Row {
  if (row === undefined) throw new HoldpointError('TARGET_MOVED', 'predict: the session is gone');
  if (row.backend_start === null || row.backend_type === null)
    throw new HoldpointError('TARGET_REFUSED', 'predict: the role may not see the session');
  const { backendStart, xactStart, stateChange } = preconditions;
  const same =
    row.backend_start === backendStart &&
    (row.xact_start ?? 'null') === xactStart &&
    (stateChange === undefined || row.state_change === stateChange) &&
    row.backend_type === 'client backend';
  if (!same) throw new HoldpointError('TARGET_MOVED', 'predict: the session is no longer the one that was seen');
}

type Facts = { readonly pid: string; readonly database: string; readonly row: Row };

const targetLine = ({ pid, database, row }: Facts): string =>
  bounded(`session ${pid} of user ${row.user ?? '?'} in database ${database}, connected ${row.backend_start}`, 500);

function changesOf({ row }: Facts): string[] {
  const open = row.xact_start === null ? 'no transaction is open' : `its transaction is open for ${row.age_s} s`;
  const locks = row.held === null ? `locks held: ${row.locks}` : `locks held: ${row.locks}, among them ${row.held}`;
  return [`state: ${row.state ?? 'unknown'}; ${open}`, locks, `sessions that wait for it now: ${row.waiting}`].map(
    (line) => bounded(line, 500),
  );
}

const predictTerminate = (facts: Facts): Predicted => ({
  dryRun: false,
  does: `end session ${facts.pid} of database ${facts.database}: its open transaction is rolled back and its locks are released`,
  target: targetLine(facts),
  changes: changesOf(facts),
  blastRadius: [
    'exactly this one session; its client gets SQLSTATE 57P01 and loses its connection',
    'what its open transaction wrote is lost and has to be done again by its client',
    `${facts.row.waiting} waiting sessions are then free to go on`,
  ],
});

const predictCancel = (facts: Facts): Predicted => ({
  dryRun: false,
  does: `cancel the statement that session ${facts.pid} of database ${facts.database} runs; the connection stays`,
  target: targetLine(facts),
  changes: changesOf(facts),
  blastRadius: [
    'exactly this one statement; its client gets SQLSTATE 57014',
    'an open transaction is aborted, and keeps its connection until its client ends it',
  ],
});
