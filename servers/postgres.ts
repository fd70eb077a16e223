import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { HoldpointError } from '../contracts/errors.ts';
import { startServer, until } from './child.ts';
import { isAlive } from './lock.ts';
import { freePort, loopback } from './ports.ts';
import type { Binaries, Owner } from './postgres-binaries.ts';
import { openPlace, postgresBinaries, postgresOwner, runsAs } from './postgres-binaries.ts';
import { cleanEnvironment } from './project.ts';

export type PostgresOptions = {
  /** Folder for its data; made when missing. */
  readonly dir: string;
  readonly port?: number;
  /** Keep the data when it stops, and start from it again. */
  readonly persistent?: boolean;
  readonly logFile?: string;
};
export type PostgresServer = {
  readonly host: string;
  readonly port: number;
  /** A login as the database administrator, with its password: for setting a demo or a test up, never for a process. */
  adminUrl(database?: string): string;
  readonly pid: number | null;
  stop(): Promise<void>;
};

type Home = { readonly data: string; readonly owner: Owner | null };

/** As root the data may have to live elsewhere: `postgres` cannot enter a folder below root's own home. */
function homeOf(dir: string, persistent: boolean): Home {
  const owner = postgresOwner();
  const wanted = resolve(dir, 'data');
  mkdirSync(resolve(dir), { recursive: true, mode: 0o755 });
  if (owner === null) return { data: wanted, owner };
  // Only passing through is granted, and only on the folder that was given to us for this.
  chmodSync(resolve(dir), 0o711);
  if (runsAs(owner, 'test', ['-x', resolve(dir)])) return { data: wanted, owner };
  const place = openPlace('postgres-data');
  dropAbandoned(place);
  const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  return { data: join(place, persistent ? name : `${name}-${randomBytes(6).toString('hex')}`), owner };
}

const abandonedAfterMs = 3_600_000;

/** Data of a run that was killed before it could delete it: not persistent, no server on it, and an hour old. */
function dropAbandoned(place: string): void {
  for (const name of readdirSync(place).filter((entry) => entry.includes('-'))) {
    const data = join(place, name);
    try {
      const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
      if (isAlive(pid)) continue;
    } catch {
      // no server is on it, or it went away meanwhile
    }
    const old = Date.now() - (statSync(data, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > abandonedAfterMs;
    if (old) rmSync(data, { recursive: true, force: true });
  }
}

/** Made beside its place and renamed into it: an interrupted `initdb` leaves nothing that looks like a database. */
function initialise(bin: Binaries, { data, owner }: Home, password: string): void {
  const draft = `${data}.draft`;
  const passwordFile = `${data}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (owner !== null) for (const path of [draft, passwordFile]) chownSync(path, owner.uid, owner.gid);
  const args = [
    '-D',
    draft,
    '-U',
    'postgres',
    '-A',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '-E',
    'UTF8',
    '--locale=C',
  ];
  const env = cleanEnvironment({ LC_ALL: 'C' });
  const made = spawnSync(bin.initdb, [...args, '--no-sync'], { ...(owner ?? {}), env, cwd: '/', encoding: 'utf8' });
  unlinkSync(passwordFile);
  if (made.status === 0) {
    renameSync(draft, data);
    return;
  }
  rmSync(draft, { recursive: true, force: true });
  const reason = (made.error?.message ?? made.stderr).trim().slice(-400);
  throw new HoldpointError('SERVER_MISSING', `postgres: cannot make a database in \`${data}\` (${reason})`);
}

/** The administrator's password: kept beside persistent data, and known before there is any data to lose. */
function passwordFor(dir: string, persistent: boolean): string {
  const file = join(dir, 'admin-password');
  if (persistent && existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(24).toString('base64url');
  if (persistent) writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}

const settings = (port: number, persistent: boolean): string[] =>
  [
    `port=${port}`,
    `listen_addresses=${loopback}`,
    'unix_socket_directories=',
    'shared_buffers=32MB',
    'max_connections=120',
    'password_encryption=scram-sha-256',
    ...(persistent ? [] : ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off']),
  ].flatMap((setting) => ['-c', setting]);

async function accepts(url: string): Promise<true | null> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return true;
  } catch {
    return null;
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Starts a real Postgres on loopback, from npm's binaries, as an unprivileged user. Data of a server that is not
 * persistent is deleted when it stops. Throws `SERVER_MISSING` or `TARGET_AWAY`.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const persistent = options.persistent ?? false;
  const home = homeOf(options.dir, persistent);
  const bin = await postgresBinaries(home.owner);
  const password = passwordFor(options.dir, persistent);
  if (!existsSync(join(home.data, 'PG_VERSION'))) initialise(bin, home, password);
  const port = options.port ?? (await freePort());
  const server = await startServer({
    command: bin.postgres,
    args: ['-D', home.data, ...settings(port, persistent)],
    env: cleanEnvironment({ LC_ALL: 'C' }),
    cwd: '/',
    owner: home.owner,
    stopSignal: 'SIGINT', // fast shutdown: ends sessions instead of waiting for them
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
  });
  const adminUrl = (database = 'postgres'): string =>
    `postgres://postgres:${password}@${loopback}:${port}/${encodeURIComponent(database)}`;
  const stop = async (): Promise<void> => {
    await server.stop();
    if (!persistent) rmSync(home.data, { recursive: true, force: true });
  };
  const late = (): Error => new HoldpointError('TARGET_AWAY', `postgres on port ${port} did not start`);
  const ready = async (): Promise<true | null> => {
    if (server.hasExited()) throw late();
    return accepts(adminUrl());
  };
  await until(ready, { forMs: 60_000, everyMs: 50, late }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { host: loopback, port, adminUrl, pid: server.pid, stop };
}
