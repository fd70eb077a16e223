import { locks } from '../../../contracts/tools/postgres.ts';
import { bounded, boundedOrNull, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { withSession } from './session.ts';
import type { Targets } from './targets.ts';

const locksMax = 1_000;
// Only this database's relations have a name here; awaited locks come first, so that a cut list keeps them.
const sql = `SELECT l.pid::text AS pid, l.locktype AS type,
    CASE WHEN l.database = d.oid THEN l.relation::regclass::text END AS relation, l.mode, l.granted::text AS granted
  FROM pg_locks l
  JOIN pg_database d ON d.datname = current_database()
  JOIN pg_stat_activity a ON a.pid = l.pid AND a.datid = d.oid
  WHERE l.pid <> pg_backend_pid()
  ORDER BY l.granted, l.pid, l.locktype, l.mode LIMIT ${locksMax + 1}`;

/** Locks held and awaited by the sessions of one database. */
export const readLocks = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: locks,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const rows = await withSession(target.login('monitor', await credential()), { signal, doing: 'locks' }, (session) =>
      session.rows(sql),
    );
    const found = rows.map((row) => ({
      pid: Number(row.pid),
      type: bounded(row.type ?? '', 64),
      relation: boundedOrNull(row.relation, 256),
      mode: bounded(row.mode ?? '', 64),
      granted: row.granted === 'true',
    }));
    const { kept, truncated } = fitting(found, { count: locksMax, bytes: bytesMax }, jsonBytes);
    return { data: { locks: kept, truncated }, entities: [] };
  },
});
