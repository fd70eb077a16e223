import { HoldpointError } from '../../../contracts/errors.ts';
import type { Entity } from '../../../contracts/tools/contract.ts';
import { boundedOrNull } from '../bounded.ts';
import type { Row } from './session.ts';
import { isOurs } from './targets.ts';

/** Columns of a session as Postgres' own text. `a` is pg_stat_activity. */
export const backendColumns = `a.pid::text AS pid, a.datname::text AS database, a.usename::text AS "user",
  a.application_name AS application, host(a.client_addr) AS client, a.state,
  a.wait_event_type || ':' || a.wait_event AS wait_event, a.backend_start::text AS backend_start,
  a.xact_start::text AS xact_start, a.state_change::text AS state_change, a.backend_type,
  greatest(0, floor(extract(epoch FROM clock_timestamp() - a.xact_start) * 1000))::bigint::text AS xact_age_ms,
  greatest(0, floor(extract(epoch FROM clock_timestamp() - a.state_change) * 1000))::bigint::text AS state_age_ms,
  left(a.query, 1024) AS query`;

/** One session as the contract's `Backend` has it. Application name and query are whatever a client wrote there. */
export type BackendFacts = {
  readonly pid: number;
  readonly database: string | null;
  readonly user: string | null;
  readonly application: string | null;
  readonly client: string | null;
  readonly state: string | null;
  readonly waitEvent: string | null;
  readonly backendStart: string | null;
  readonly xactStart: string | null;
  readonly stateChange: string | null;
  readonly xactAgeMs: number | null;
  readonly stateAgeMs: number | null;
  readonly query: string | null;
};

export function backendOf(row: Row): BackendFacts {
  return {
    pid: Number(row.pid),
    database: boundedOrNull(row.database, 63),
    user: boundedOrNull(row.user, 63),
    application: boundedOrNull(row.application, 256),
    client: boundedOrNull(row.client, 64),
    state: boundedOrNull(row.state, 64),
    waitEvent: boundedOrNull(row.wait_event, 128),
    backendStart: row.backend_start ?? null,
    xactStart: row.xact_start ?? null,
    stateChange: row.state_change ?? null,
    xactAgeMs: numberOrNull(row.xact_age_ms),
    stateAgeMs: numberOrNull(row.state_age_ms),
    query: boundedOrNull(row.query, 1_024),
  };
}

const numberOrNull = (value: string | null | undefined): number | null =>
  value === null || value === undefined ? null : Number(value);

/**
 * Refuses to read on as a role that may not see: Postgres then hides a session's start times and shows the rest, and a
 * hidden session must never look like one that moved. Throws `TARGET_REFUSED`.
 */
export function mustSee(rows: readonly Row[]): void {
  if (rows.some((row) => row.backend_type === null || (row.pid !== null && row.backend_start === null)))
    throw new HoldpointError('TARGET_REFUSED', 'sessions: the role may not see them, expected pg_read_all_stats');
}

export type BackendPlace = {
  readonly blockedCount: number;
  readonly role: 'root' | 'waiter' | 'longest-idle' | null;
};

/** The one identity of a session: its pid and start. The same session has the same id in every read. */
export const backendId = ({ pid, backendStart }: BackendFacts): string =>
  `backend/${pid}/${(backendStart ?? '').replace(/\D/g, '')}`;

export function backendEntity(row: Row, place: BackendPlace): Entity {
  const facts = backendOf(row);
  return {
    kind: 'backend',
    id: backendId(facts),
    attributes: {
      ...facts,
      blockedCount: place.blockedCount,
      backendType: boundedOrNull(row.backend_type, 64),
      // No write is ever aimed at one of these.
      own: isOurs(facts.user),
      role: place.role,
    },
  };
}
