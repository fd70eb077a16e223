import { indexStats, tableStats } from '../../../contracts/tools/postgres.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { type Row, withSession } from './session.ts';
import type { Targets } from './targets.ts';

const listedMax = 200;
// Asking a relation's size waits for whoever holds ACCESS EXCLUSIVE on it, which in an incident may be for ever: such a
// relation shows the size of its last vacuum or analyze instead.
const bytesOf = (oid: string, size: string) => `CASE WHEN ${oid} IN (SELECT l.relation FROM pg_locks l
      WHERE l.mode = 'AccessExclusiveLock' AND l.relation IS NOT NULL)
    THEN (SELECT c.relpages::bigint * current_setting('block_size')::bigint FROM pg_class c WHERE c.oid = ${oid})
    ELSE ${size}(${oid}) END`;

const tables = `SELECT quote_ident(s.schemaname) || '.' || quote_ident(s.relname) AS "table",
    coalesce(${bytesOf('s.relid', 'pg_total_relation_size')}, 0)::text AS bytes, s.n_live_tup::text AS live,
    s.n_dead_tup::text AS dead, s.seq_scan::text AS seq_scans, coalesce(s.idx_scan, 0)::text AS index_scans,
    greatest(s.last_vacuum, s.last_autovacuum)::text AS last_vacuum,
    greatest(s.last_analyze, s.last_autoanalyze)::text AS last_analyze
  FROM pg_stat_user_tables s ORDER BY s.n_dead_tup DESC, 1 LIMIT ${listedMax + 1}`;

const indexes = `SELECT quote_ident(s.schemaname) || '.' || quote_ident(s.indexrelname) AS "index",
    quote_ident(s.schemaname) || '.' || quote_ident(s.relname) AS "table",
    coalesce(${bytesOf('s.indexrelid', 'pg_relation_size')}, 0)::text AS bytes, s.idx_scan::text AS scans,
    i.indisvalid::text AS valid
  FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
  ORDER BY i.indisvalid, s.idx_scan, 1 LIMIT ${listedMax + 1}`;

const nameOf = (text: string | null | undefined): string => bounded(text ?? '', 256);

const tableOf = (row: Row) => ({
  table: nameOf(row.table),
  bytes: Number(row.bytes),
  liveTuples: Number(row.live),
  deadTuples: Number(row.dead),
  seqScans: Number(row.seq_scans),
  indexScans: Number(row.index_scans),
  lastVacuum: row.last_vacuum ?? null,
  lastAnalyze: row.last_analyze ?? null,
});

const indexOf = (row: Row) => ({
  index: nameOf(row.index),
  table: nameOf(row.table),
  bytes: Number(row.bytes),
  scans: Number(row.scans),
  valid: row.valid === 'true',
});

/** Size, scans, dead tuples and vacuum times; the tables with most dead tuples first. */
export const readTableStats = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: tableStats,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const rows = await withSession(
      target.login('monitor', await credential()),
      { signal, doing: 'table statistics' },
      (session) => session.rows(tables),
    );
    const { kept, truncated } = fitting(rows.map(tableOf), { count: listedMax, bytes: bytesMax }, jsonBytes);
    return { data: { tables: kept, truncated }, entities: [] };
  },
});

/** Size, scans and validity; invalid and unused indexes first. */
export const readIndexStats = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: indexStats,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const rows = await withSession(
      target.login('monitor', await credential()),
      { signal, doing: 'index statistics' },
      (session) => session.rows(indexes),
    );
    const { kept, truncated } = fitting(rows.map(indexOf), { count: listedMax, bytes: bytesMax }, jsonBytes);
    return { data: { indexes: kept, truncated }, entities: [] };
  },
});
