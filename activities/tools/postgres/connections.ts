import type { Entity } from '../../../contracts/tools/contract.ts';
import { connections } from '../../../contracts/tools/postgres.ts';
import { boundedOrNull, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { backendColumns, backendEntity, mustSee } from './backend.ts';
import { type Row, withSession } from './session.ts';
import type { Targets } from './targets.ts';

const groupsMax = 200;
// Connections are of the whole server, whichever database they are in, so all of them count. One whose type is hidden from the
// role is kept, so that its answer is refused and never taken for an emptier server.
const usage = `SELECT a.datname::text AS database, a.usename::text AS "user", a.application_name AS application, a.state,
    a.backend_type, count(*)::text AS count, sum(count(*)) OVER ()::text AS used, current_setting('max_connections') AS max,
    max(greatest(0, floor(extract(epoch FROM clock_timestamp() - a.state_change) * 1000)))::bigint::text AS longest_ms
  FROM pg_stat_activity a
  WHERE (a.backend_type = 'client backend' OR a.backend_type IS NULL) AND a.pid <> pg_backend_pid()
  GROUP BY 1, 2, 3, 4, 5 ORDER BY count(*) DESC, 1, 2, 3, 4 LIMIT ${groupsMax + 1}`;

// Outside a transaction: a session that is idle in one holds locks or a snapshot, and is another runbook's business.
const longestIdle = `SELECT ${backendColumns} FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
    AND a.state = 'idle' AND a.xact_start IS NULL
  ORDER BY a.state_change, a.pid LIMIT 1`;

/**
 * How full the server is, and by whom. Entities: the `connection-pool` as a whole, and the one session of this database
 * that has been idle longest, with how full the server was when it was seen.
 */
export const readConnections = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: connections,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const [groups, idle] = await withSession(
      target.login('monitor', await credential()),
      { signal, doing: 'connections' },
      async (session) => [await session.rows(usage), await session.rows(longestIdle)],
    );
    mustSee([...groups, ...idle]);
    const { used, max, usedPercent } = fullnessOf(groups[0]);
    const { kept, truncated } = fitting(groups.map(groupOf), { count: groupsMax, bytes: bytesMax }, jsonBytes);
    const pool: Entity = {
      kind: 'connection-pool',
      id: `connection-pool/${target.database}`,
      attributes: { database: target.database, used, max, usedPercent },
    };
    const place = { blockedCount: 0, role: 'longest-idle' } as const;
    const sessions = idle.map((row) => backendEntity(row, place));
    const seen = sessions.map((entity) => ({ ...entity, attributes: { ...entity.attributes, usedPercent } }));
    return { data: { used, max, usedPercent, groups: kept, truncated }, entities: [pool, ...seen] };
  },
});

/** No row means that ours is the only connection. */
function fullnessOf(row: Row | undefined): {
  readonly used: number;
  readonly max: number;
  readonly usedPercent: number;
} {
  if (row === undefined) return { used: 0, max: 0, usedPercent: 0 };
  const [used, max] = [Number(row.used), Number(row.max)];
  return { used, max, usedPercent: Math.floor((used / max) * 100) };
}

const groupOf = (row: Row) => ({
  database: boundedOrNull(row.database, 63),
  user: boundedOrNull(row.user, 63),
  application: boundedOrNull(row.application, 256),
  state: boundedOrNull(row.state, 64),
  count: Number(row.count),
  longestMs: row.longest_ms === null || row.longest_ms === undefined ? null : Number(row.longest_ms),
});
