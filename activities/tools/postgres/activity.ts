import { activity } from '../../../contracts/tools/postgres.ts';
import { fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { backendColumns, backendEntity, backendOf, mustSee } from './backend.ts';
import { withSession } from './session.ts';
import type { Targets } from './targets.ts';

const backendsMax = 500;
const sql = `SELECT ${backendColumns} FROM pg_stat_activity a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  ORDER BY a.xact_start NULLS LAST, a.pid LIMIT ${backendsMax + 1}`;

/** Sessions of one database, the oldest transaction first, so that a cut list keeps what matters. */
export const readActivity = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: activity,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const rows = await withSession(
      target.login('monitor', await credential()),
      { signal, doing: 'activity' },
      (session) => session.rows(sql),
    );
    mustSee(rows);
    const place = { blockedCount: 0, role: null };
    const found = rows.map((row) => ({ backend: backendOf(row), entity: backendEntity(row, place) }));
    const { kept, truncated } = fitting(found, { count: backendsMax, bytes: bytesMax }, jsonBytes);
    return {
      data: { backends: kept.map(({ backend }) => backend), truncated },
      entities: kept.map(({ entity }) => entity),
    };
  },
});
