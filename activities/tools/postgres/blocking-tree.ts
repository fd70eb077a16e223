import { blockingTree } from '../../../contracts/tools/postgres.ts';
import { fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { backendColumns, backendEntity, backendOf, mustSee } from './backend.ts';
import { type Row, withSession } from './session.ts';
import type { Targets } from './targets.ts';

const rootsMax = 100;
const sessionsMax = 1_000;
// One autocommit statement: inside a transaction pg_stat_activity would be a snapshot from its first use.
const sql = `WITH waits AS MATERIALIZED (
    SELECT pid, min(waitstart) AS since FROM pg_locks WHERE NOT granted GROUP BY pid
  ), seen AS MATERIALIZED (
    SELECT a.*, w.since, CASE WHEN w.pid IS NULL THEN '{}'::int[] ELSE pg_blocking_pids(a.pid) END AS blockers
    FROM pg_stat_activity a LEFT JOIN waits w ON w.pid = a.pid
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
  )
  SELECT ${backendColumns}, array_to_string(a.blockers, ',') AS blockers,
    greatest(0, floor(extract(epoch FROM clock_timestamp() - coalesce(a.since, a.state_change)) * 1000))::bigint::text
      AS wait_ms
  FROM seen a
  WHERE cardinality(a.blockers) > 0 OR a.pid IN (SELECT unnest(b.blockers) FROM seen b)
  ORDER BY a.xact_start NULLS LAST, a.pid LIMIT ${sessionsMax + 1}`;

type Node = { readonly row: Row; readonly pid: number; readonly blockers: readonly number[]; readonly waitMs: number };

/** Who blocks whom. A root blocks others and waits for nobody; whoever waits is a waiter, also when it blocks others. */
export const readBlockingTree = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: blockingTree,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const rows = await withSession(
      target.login('monitor', await credential()),
      { signal, doing: 'blocking tree' },
      (session) => session.rows(sql),
    );
    mustSee(rows);
    const nodes = rows.slice(0, sessionsMax).map(nodeOf);
    const blocked = blockedByEach(nodes);
    const roots = rootsOf(nodes, blocked);
    const half = Math.floor(bytesMax / 2);
    const listed = fitting(roots, { count: rootsMax, bytes: half }, jsonBytes);
    // Roots first: where the list is cut, what a write could be aimed at stays.
    const inOrder = [...nodes.filter((node) => !waits(node)), ...nodes.filter(waits)];
    const entities = inOrder.map((node) =>
      backendEntity(node.row, {
        blockedCount: blocked.get(node.pid)?.size ?? 0,
        role: waits(node) ? 'waiter' : 'root',
      }),
    );
    const named = fitting(entities, { count: sessionsMax, bytes: bytesMax - half }, jsonBytes);
    const truncated = rows.length > sessionsMax || listed.truncated || named.truncated;
    return { data: { roots: listed.kept, waiting: nodes.filter(waits).length, truncated }, entities: named.kept };
  },
});

const waits = (node: Node): boolean => node.blockers.length > 0;

const nodeOf = (row: Row): Node => ({
  row,
  pid: Number(row.pid),
  blockers: (row.blockers ?? '').split(',').filter(Boolean).map(Number),
  waitMs: Number(row.wait_ms ?? 0),
});

/** For each session, everyone who waits for it, directly or behind another waiter. Safe on the cycle of a deadlock. */
export function blockedByEach(
  nodes: readonly { readonly pid: number; readonly blockers: readonly number[] }[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const blockersOf = new Map(nodes.map(({ pid, blockers }) => [pid, blockers]));
  const blocked = new Map<number, Set<number>>(nodes.map(({ pid }) => [pid, new Set()]));
  for (const { pid } of nodes) {
    const seen = new Set<number>([pid]);
    const open = [...(blockersOf.get(pid) ?? [])];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      blocked.get(next)?.add(pid);
      open.push(...(blockersOf.get(next) ?? []));
    }
  }
  return blocked;
}

function rootsOf(nodes: readonly Node[], blocked: ReadonlyMap<number, ReadonlySet<number>>) {
  const waitMsOf = new Map(nodes.map(({ pid, waitMs }) => [pid, waitMs]));
  return nodes
    .filter((node) => !waits(node))
    .map((node) => {
      const pids = [...(blocked.get(node.pid) ?? [])].sort((a, b) => a - b);
      return {
        backend: backendOf(node.row),
        blockedPids: pids.slice(0, sessionsMax),
        blockedCount: pids.length,
        longestWaitMs: Math.max(0, ...pids.map((pid) => waitMsOf.get(pid) ?? 0)),
      };
    })
    .sort((a, b) => b.blockedCount - a.blockedCount);
}
