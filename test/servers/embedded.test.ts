import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../servers/lock.ts';
import type { PostgresServer } from '../../servers/postgres.ts';
import { startPostgres } from '../../servers/postgres.ts';
import { createCommand, ensureSearchAttributes } from '../../servers/search-attributes.ts';
import { startTemporal } from '../../servers/temporal.ts';
import { runProbe } from '../support/probe.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';

let dir: string;
const running: { stop(): Promise<void> }[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'holdpoint-embedded-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function postgres(persistent: boolean): Promise<PostgresServer> {
  const server = await startPostgres({ dir: join(dir, 'postgres'), persistent });
  running.push(server);
  return server;
}
async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describeWith('postgres', 'embedded Postgres', () => {
  it('keeps what it holds over a restart when persistent, below a folder that is closed to others', async () => {
    chmodSync(dir, 0o700);
    const first = await postgres(true);
    await ask(first.adminUrl(), 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    const again = await postgres(true);
    expect(await ask(again.adminUrl(), 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('listens on loopback alone, wants a password, and does not run as root', async () => {
    const server = await postgres(false);
    const url = new URL(server.adminUrl());
    url.password = 'wrong';
    await expect(ask(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    expect(await ask(server.adminUrl(), 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).not.toMatch(/^Uid:\s+0\s/m);
  });

  it('stops twice without harm', async () => {
    const server = await postgres(false);
    await server.stop();
    await server.stop();
    expect(isAlive(server.pid ?? 0)).toBe(false);
  });
});

describeWith(['temporal', 'postgres'], 'embedded servers', () => {
  it('end when the process that started them is killed', async () => {
    const { pids, kill } = await runProbe('test/servers/servers-probe.ts', [dir, sharedTemporal().bin]);
    try {
      expect(pids.map(isAlive)).toEqual([true, true]);
      kill();
      for (let tries = 0; pids.some(isAlive) && tries < 200; tries++) await pause(50);
      expect(pids.map(isAlive)).toEqual([false, false]);
    } finally {
      kill();
    }
  });
});

describeWith('temporal', 'Temporal', () => {
  it('keeps its state in the file it is given', async () => {
    const dbFile = join(dir, 'temporal.db');
    const { bin } = sharedTemporal();
    const start = async () => {
      const server = await startTemporal({ bin, dbFile, uiPort: null });
      running.push(server);
      return { server, connection: await Connection.connect({ address: server.address, connectTimeout: '60s' }) };
    };
    const first = await start();
    await ensureSearchAttributes(first.connection, 'default');
    await first.connection.close();
    await first.server.stop();
    const again = await start();
    const query = "HoldpointState = 'open' AND HoldpointAwaiting > 0";
    const { count } = await again.connection.workflowService.countWorkflowExecutions({ namespace: 'default', query });
    await again.connection.close();
    expect(Number(count)).toBe(0);
  });

  it('that cannot be asked for search attributes is away, not ready', async () => {
    const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
    const asked = ensureSearchAttributes(connection, 'no-such-namespace');
    await expect(asked).rejects.toMatchObject({ code: 'TEMPORAL_AWAY' });
    await connection.close();
  });

  it('gets a command for the operator that holds no text from outside', () => {
    expect(createCommand('production')).toBe(
      'temporal operator search-attribute create --namespace production --name HoldpointRunbook --type Keyword ' +
        '--name HoldpointState --type Keyword --name HoldpointSeverity --type Keyword --name HoldpointAwaiting --type Int',
    );
    expect(createCommand('x; rm -rf ~')).toContain('--namespace NAMESPACE ');
  });
});
