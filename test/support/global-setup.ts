import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import type { TestProject } from 'vitest/node';
import { startPostgres } from '../../servers/postgres.ts';
import { resolveKubernetes } from '../../servers/resolve-kubernetes.ts';
import { resolveTemporal } from '../../servers/resolve-temporal.ts';
import { resolveTestServer } from '../../servers/resolve-test-server.ts';
import { resolveVersitygw } from '../../servers/resolve-versitygw.ts';
import { ensureSearchAttributes, startTemporal } from '../../servers/temporal.ts';
import type { Found, PostgresHere, TemporalHere } from './servers.ts';

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const stops: (() => Promise<void>)[] = [];

async function find<T>(start: () => Promise<T>): Promise<Found<T>> {
  try {
    return { kind: 'here', at: await start() };
  } catch (error) {
    return { kind: 'missing', reason: error instanceof Error ? error.message : String(error) };
  }
}

async function temporal(): Promise<TemporalHere> {
  const bin = await resolveTemporal({ log });
  // Suites make namespaces of their own, and a new one is of use only once every cache has heard of it.
  const dynamicConfig = { 'system.namespaceCacheRefreshInterval': '1s' };
  const server = await startTemporal({ bin, dynamicConfig });
  stops.push(server.stop);
  const connection = await Connection.connect({ address: server.address, connectTimeout: '60s' });
  await ensureSearchAttributes(connection, 'default').finally(() => connection.close());
  return { address: server.address, uiUrl: server.uiUrl ?? '', bin };
}

async function postgres(dir: string): Promise<PostgresHere> {
  const { host, port, adminUrl, stop } = await startPostgres({ dir: join(dir, 'postgres') });
  stops.push(stop);
  return { host, port, adminUrl: adminUrl() };
}

/** It is not built here: `.ci/run` installs Debian's. */
async function findChromium(): Promise<string> {
  const places = [process.env.HOLDPOINT_CHROMIUM_BIN, '/usr/bin/chromium'];
  const found = places.find((place) => place !== undefined && place !== '' && existsSync(place));
  if (found === undefined) throw new Error('no chromium at HOLDPOINT_CHROMIUM_BIN or /usr/bin/chromium');
  return found;
}

/** One Temporal and one Postgres for the whole run, on free ports: they take two seconds, and every suite shares them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-test-'));
  // Whatever a test leaves behind, also one that was killed, lies in here and goes with the run.
  process.env.TMPDIR = dir;
  const skipsFile = join(dir, 'skipped');
  const none = process.env.HOLDPOINT_TEST_SERVERS === 'none';
  const wanted = <T>(start: () => Promise<T>) =>
    find(none ? () => Promise.reject(new Error('HOLDPOINT_TEST_SERVERS is `none`')) : start);
  const [foundTemporal, foundPostgres, timeSkipping, versitygw, kubernetes, chromium] = await Promise.all([
    wanted(temporal),
    wanted(() => postgres(dir)),
    wanted(() => resolveTestServer({ log })),
    wanted(() => resolveVersitygw({ log })),
    wanted(() => resolveKubernetes({ log })),
    wanted(findChromium),
  ]);
  project.provide('servers', {
    temporal: foundTemporal,
    postgres: foundPostgres,
    timeSkipping,
    versitygw,
    kubernetes,
    chromium,
    skipsFile,
  });
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
    reportSkips(skipsFile);
    rmSync(dir, { recursive: true, force: true });
  };
}

/** A suite that quietly does not run proves nothing: name each, and fail where a machine decides. */
function reportSkips(skipsFile: string): void {
  if (!existsSync(skipsFile)) return;
  const lines = [...new Set(readFileSync(skipsFile, 'utf8').trim().split('\n'))];
  process.stdout.write(
    `\nskipped for a missing server (${lines.length}):\n${lines.map((line) => `  ${line}\n`).join('')}`,
  );
  if (process.env.CI) process.exitCode = 1;
}
