import { connect } from 'node:net';
import pg from 'pg';
import { HoldpointError } from '../../../contracts/errors.ts';
import { pgFailure } from './pg-failure.ts';

/** Every value is Postgres' own text: a JavaScript `Date` loses microseconds, and a `number` loses digits. */
export type Row = Readonly<Record<string, string | null>>;
export type Cells = readonly (string | null)[];

export type Session = {
  /** One statement in the extended protocol, where a second statement is impossible. Throws driver errors as they are. */
  rows(text: string, values?: readonly string[]): Promise<readonly Row[]>;
  cells(text: string): Promise<{ readonly columns: readonly string[]; readonly rows: readonly Cells[] }>;
  /** Asks the server to cancel what this session is running; best effort. */
  cancel(): void;
  close(): Promise<void>;
};

export type Login = {
  readonly url: string;
  readonly database: string;
  /** The query login leaves its timeouts to the server role: a client setting would override them. */
  readonly timeouts: 'client' | 'server-role';
};

const connectMsMax = 3_000;
const cancelMsMax = 2_000;
const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.ClientConfig['types'];
// INVARIANT: timestamps and literals have one spelling, whatever the role or the database sets.
const settings =
  '-c TimeZone=UTC -c DateStyle=ISO,MDY -c IntervalStyle=postgres -c standard_conforming_strings=on -c search_path=pg_catalog,public';
const clientTimeouts = ' -c statement_timeout=15000 -c lock_timeout=2000';

/** Refuses a connection string that would override the session settings. Throws `BAD_INPUT` without showing the string. */
export function checkLoginUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol))
    throw new HoldpointError('BAD_INPUT', 'target login: expected a postgres connection string');
  if (parsed.searchParams.has('options'))
    throw new HoldpointError('BAD_INPUT', 'target login: expected a connection string without `options`');
  return parsed;
}

/**
 * Opens one session and proves its settings. Throws `TARGET_AWAY`, or `TARGET_REFUSED` when the server did not take the
 * settings, the database is another one, or the query role has no limits of its own.
 */
export async function openSession(login: Login): Promise<Session> {
  checkLoginUrl(login.url);
  const client = new pg.Client({
    connectionString: login.url,
    connectionTimeoutMillis: connectMsMax,
    keepAlive: true,
    application_name: 'holdpoint',
    options: login.timeouts === 'client' ? settings + clientTimeouts : settings,
    types: asText,
  });
  // Without a listener a dropped connection would end the process; the statement that runs sees the failure itself.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const session = sessionOf(client);
    await proveSettings(session, login);
    return session;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw pgFailure(error, 'connect');
  }
}

/** Opens a session, runs `body`, and closes it. An abort cancels the running statement on the server. */
export async function withSession<T>(
  login: Login,
  { signal, doing }: { readonly signal: AbortSignal; readonly doing: string },
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(login);
  const cancel = () => session.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (signal.aborted) throw new HoldpointError('TARGET_AWAY', `${doing}: cancelled before it began`);
    return await body(session);
  } catch (error) {
    throw pgFailure(error, doing);
  } finally {
    signal.removeEventListener('abort', cancel);
    await session.close();
  }
}

function sessionOf(client: pg.Client): Session {
  return {
    async rows(text, values = []) {
      const answer = await client.query({ text, values: [...values], queryMode: 'extended' } as pg.QueryConfig);
      return answer.rows as Row[];
    },
    async cells(text) {
      const config = { text, rowMode: 'array', queryMode: 'extended' } as unknown as pg.QueryArrayConfig;
      const answer = await client.query(config);
      return { columns: answer.fields.map(({ name }) => name), rows: answer.rows as Cells[] };
    },
    cancel() {
      sendCancel(client);
      // A server that does not even answer the cancel keeps nobody waiting: ending a busy client drops its connection.
      setTimeout(() => void client.end().catch(() => undefined), cancelMsMax).unref();
    },
    close: () => client.end().catch(() => undefined),
  };
}

const proof = `SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS dates,
  current_setting('standard_conforming_strings') AS strings, current_setting('client_encoding') AS encoding,
  current_database() AS database, current_setting('statement_timeout') AS timeout,
  current_setting('default_transaction_read_only') AS read_only`;

// A pooler may drop start-up settings without a word; a timestamp in another zone would then never match again.
async function proveSettings(session: Session, { database, timeouts }: Login): Promise<void> {
  const [row] = await session.rows(proof);
  const taken =
    row?.zone === 'UTC' && row.dates === 'ISO, MDY' && row.strings === 'on' && row.encoding?.toUpperCase() === 'UTF8';
  if (!taken) throw new HoldpointError('TARGET_REFUSED', 'connect: the server did not take the session settings');
  if (row.database !== database)
    throw new HoldpointError('TARGET_REFUSED', `connect: expected database \`${database}\`, got another`);
  if (timeouts === 'server-role' && (row.timeout === '0' || row.read_only !== 'on'))
    throw new HoldpointError('TARGET_REFUSED', 'connect: the query role sets no statement timeout, or may write');
}

const cancelRequestCode = 80_877_102; // PostgreSQL frontend/backend protocol, CancelRequest

function sendCancel(client: pg.Client): void {
  const { processID, secretKey } = client as unknown as { processID: number | null; secretKey: number | null };
  if (processID === null || secretKey === null) return;
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(cancelRequestCode, 4);
  packet.writeInt32BE(processID, 8);
  packet.writeInt32BE(secretKey, 12);
  const socket = connect({ host: client.host, port: client.port });
  socket.on('error', () => socket.destroy());
  socket.setTimeout(connectMsMax, () => socket.destroy());
  socket.on('connect', () => socket.end(packet));
}
