import { parseSync } from 'libpg-query';
import { HoldpointError } from '../../../contracts/errors.ts';
import { explain, query } from '../../../contracts/tools/postgres.ts';
import { judgeReadSql } from '../../../policies/sql-read.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import { type Cells, type Session, withSession } from './session.ts';
import type { Targets } from './targets.ts';

const rowsMax = 200;
const columnsMax = 100;
const cellCharsMax = 2_048;
const fetchRows = 25;

/** One judged SELECT in a READ ONLY transaction of the query login, whose server role sets the timeout. */
export const readQuery = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: query,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const select = judgedSelect(args.sql);
    const data = await withSession(target.login('query', await credential()), { signal, doing: 'query' }, (session) =>
      readOnly(session, () => boundedRows(session, select, bytesMax)),
    );
    return { data, entities: [] };
  },
});

/** The plan of one judged SELECT. Plain EXPLAIN plans and does not run it. */
export const readPlan = (targets: Targets): ReadTool => ({
  kind: 'read',
  contract: explain,
  async read(args, { signal, credential, bytesMax }) {
    const target = targets.of(args.database);
    const select = judgedSelect(args.sql);
    const answer = await withSession(
      target.login('query', await credential()),
      { signal, doing: 'explain' },
      (session) => readOnly(session, () => session.cells(`EXPLAIN (FORMAT TEXT) ${select}`)),
    );
    const lines = answer.rows.map(([line]) => bounded(line ?? '', cellCharsMax));
    const { kept, truncated } = fitting(lines, { count: rowsMax, bytes: bytesMax }, jsonBytes);
    return { data: { plan: kept, truncated }, entities: [] };
  },
});

/**
 * The text of the one SELECT in it, without semicolon or what follows. The judge allowed it before; it is judged here
 * again, on the very text that runs. Throws `BAD_INPUT`.
 */
function judgedSelect(sql: unknown): string {
  if (typeof sql !== 'string') throw new HoldpointError('BAD_INPUT', '`sql`: expected text');
  mustBeReadable(sql);
  const [statement] = parseSync(sql).stmts ?? [];
  const bytes = Buffer.from(sql, 'utf8');
  const start = statement?.stmt_location ?? 0;
  const length = statement?.stmt_len ?? bytes.length - start;
  const select = bytes.subarray(start, start + length).toString('utf8');
  mustBeReadable(select);
  return select;
}

function mustBeReadable(sql: string): void {
  const judged = judgeReadSql(sql);
  if (!judged.ok) throw new HoldpointError('BAD_INPUT', `\`sql\`: ${judged.reason} (${judged.rule})`);
}

async function readOnly<T>(session: Session, body: () => Promise<T>): Promise<T> {
  await session.rows('BEGIN TRANSACTION READ ONLY');
  try {
    return await body();
  } finally {
    await session.rows('ROLLBACK').catch(() => undefined);
  }
}

// A cursor, so that the server stops early; every cell is cut by the server, so that one value cannot fill this process.
async function boundedRows(session: Session, select: string, bytesMax: number) {
  const { columns } = await session.cells(`SELECT * FROM (${select}\n) AS q LIMIT 0`);
  if (columns.length === 0 || columns.length > columnsMax)
    throw new HoldpointError('BAD_INPUT', `\`sql\`: expected 1 to ${columnsMax} columns, got ${columns.length}`);
  const names = columns.map((_, index) => `c${index}`);
  const cells = names.map((name) => `left(q.${name}::text, ${cellCharsMax + 1})`).join(', ');
  const cut = `SELECT ${cells} FROM (${select}\n) AS q(${names.join(', ')}) LIMIT ${rowsMax + 1}`;
  await session.rows(`DECLARE holdpoint_rows NO SCROLL CURSOR WITHOUT HOLD FOR ${cut}`);
  const fetched = await fetchWithin(session, bytesMax);
  const rows = fetched.map((row) => row.map((cell) => (cell === null ? null : bounded(cell, cellCharsMax))));
  const { kept, truncated } = fitting(rows, { count: rowsMax, bytes: bytesMax }, jsonBytes);
  const cutCell = fetched.some((row) => row.some((cell) => cell !== null && cell.length > cellCharsMax));
  return { columns: columns.map((name) => bounded(name, 63)), rows: kept, truncated: truncated || cutCell };
}

async function fetchWithin(session: Session, bytesMax: number): Promise<readonly Cells[]> {
  const rows: Cells[] = [];
  for (let bytes = 0; rows.length <= rowsMax && bytes <= bytesMax; ) {
    const page = (await session.cells(`FETCH FORWARD ${fetchRows} FROM holdpoint_rows`)).rows;
    rows.push(...page);
    bytes += page.reduce((sum, row) => sum + jsonBytes(row), 0);
    if (page.length < fetchRows) break;
  }
  return rows;
}
