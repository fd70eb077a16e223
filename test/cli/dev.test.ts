import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DevEvent } from '../../cli/dev/run-dev.ts';
import { freePorts } from '../../servers/ports.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import type { Running } from './demo-process.ts';
import { holdpointAt, startDev } from './demo-process.ts';

const runbookName = 'postgres-blocked-by-idle-transaction.yaml';

describeWith(['temporal', 'postgres'], 'holdpoint dev', () => {
  let dir: string;
  let home: string;
  let dev: Running<DevEvent> | null = null;
  let workflowId = '';
  const command = async <T>(...argv: string[]): Promise<T> =>
    JSON.parse((await holdpointAt(home, [...argv, '--json'])).out) as T;
  const until = async <T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> => {
    for (const end = Date.now() + 30_000; ; await new Promise((next) => setTimeout(next, 200))) {
      const answer = await ask();
      if (holds(answer) || Date.now() > end) return answer;
    }
  };
  const stop = async (): Promise<void> => {
    dev?.child.kill('SIGINT');
    expect((await dev?.ended)?.code).toBe(0);
    expect(dev?.pids()).toEqual([]);
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'holdpoint-dev-test-'));
    home = join(dir, '.holdpoint');
    await mkdir(join(dir, 'runbooks'));
    await mkdir(home);
    // Free ports, as the usual ones may be those of somebody's own `dev` on this machine.
    const [temporal, temporalUi, gateway, recorder, postgres] = await freePorts(5);
    await writeFile(join(home, 'ports.json'), JSON.stringify({ temporal, temporalUi, gateway, recorder, postgres }));
    await cp(join(import.meta.dirname, '..', '..', 'runbooks', runbookName), join(dir, 'runbooks', runbookName));
  });
  afterAll(async () => {
    dev?.child.kill('SIGINT');
    await dev?.ended;
    await rm(dir, { recursive: true, force: true });
  });

  it('starts everything, holds a write for the person here, and stops cleanly at Ctrl-C', {
    timeout: 90_000,
  }, async () => {
    dev = startDev(['--scene', '--waive'], sharedTemporal().bin, dir);
    await dev.next('ready');
    expect(dev.events.filter(({ event }) => event === 'resumed')).toHaveLength(2);
    const raised = await command<{ accepted: { workflowId: string; result: string }[] }>(
      ...['raise', 'PaymentsDatabaseBlocked', '-l', 'service=payments', '-l', 'severity=critical'],
    );
    expect(raised.accepted).toMatchObject([{ result: 'started' }]);
    workflowId = raised.accepted[0]?.workflowId ?? '';
    const shown = await until(
      () => command<{ pending: unknown[] }>('show', workflowId),
      ({ pending }) => pending.length > 0,
    );
    expect(shown.pending).toHaveLength(1);
  });

  it('keeps an open incident on the runbook that it started with while its file changes', {
    timeout: 60_000,
  }, async () => {
    const file = join(dir, 'runbooks', runbookName);
    const text = await readFile(file, 'utf8');
    const versions = () => dev?.events.flatMap((event) => (event.event === 'manifest' ? [event.version] : [])) ?? [];
    const { pending } = await command<{ pending: unknown[] }>('show', workflowId);
    await writeFile(file, `${text}# changed\n`);
    expect(
      await until(
        async () => versions(),
        (told) => told.includes(2),
      ),
    ).toEqual([2]);
    expect(await command('show', workflowId)).toMatchObject({ pending });
    await writeFile(file, text);
    expect(
      await until(
        async () => versions(),
        (told) => told.includes(3),
      ),
    ).toEqual([2, 3]);
    expect(await command('show', workflowId)).toMatchObject({ pending });
    await stop();
  });

  it('goes on with what is open when it is started again, and opens no scope a second time', {
    timeout: 90_000,
  }, async () => {
    dev = startDev([], sharedTemporal().bin, dir);
    await dev.next('ready');
    const { state, pending } = await command<{ state: unknown; pending: { digest: string }[] }>('show', workflowId);
    expect([state, pending]).toMatchObject([{ state: 'held', awaiting: 1 }, [{ tool: 'postgres.terminateBackend' }]]);
    expect(dev.events.filter(({ event }) => event === 'resumed')).toEqual([]);
    // The session that was to be ended went away with the database: the released write must find that it moved.
    const released = await holdpointAt(home, ['approve', workflowId, pending[0]?.digest ?? '', '--yes', '--json']);
    expect([released.status, JSON.parse(released.out)]).toMatchObject([
      1,
      { effect: { kind: 'counted', end: 'moved' } },
    ]);
  });

  it('signs a new manifest for a changed runbook, which starts at ring 0, and opens a new one', {
    timeout: 60_000,
  }, async () => {
    const file = join(dir, 'runbooks', runbookName);
    const text = await readFile(file, 'utf8');
    await appendFile(file, '# changed\n');
    await writeFile(
      join(dir, 'runbooks', 'second.yaml'),
      text.replace(/^id: .*$/m, 'id: second').replace('PaymentsDatabaseBlocked', 'Other'),
    );
    expect(await dev?.next('manifest')).toMatchObject({ version: 4 });
    expect(await dev?.next('resumed')).toMatchObject({ scope: 'fence/runbook/second' });
    const rows = await command<unknown[]>('runbook', 'status');
    expect(rows).toMatchObject([{ standing: { ring: 0 } }, { runbook: 'second', standing: { ring: 0 } }]);
  });

  it('keeps the last good manifest when a runbook is broken, and says where', { timeout: 60_000 }, async () => {
    await writeFile(join(dir, 'runbooks', 'third.yaml'), 'v: [');
    const told = await until(
      async () => dev?.events.filter((event) => event.event === 'progress' && event.what.includes('third.yaml:')) ?? [],
      (lines) => lines.length > 0,
    );
    expect(told).toMatchObject([{ what: expect.stringContaining('RUNBOOK_INVALID') }]);
    expect(await command('manifest', 'show')).toMatchObject({ version: 4 });
  });

  it('leaves a scope stopped that somebody stopped, over a restart', { timeout: 90_000 }, async () => {
    await rm(join(dir, 'runbooks', 'third.yaml'));
    expect(await command('kill', '--all', '--reason', 'a drill')).toMatchObject({ ok: true });
    await stop();
    dev = startDev([], sharedTemporal().bin, dir);
    await dev.next('ready');
    expect(dev.events.filter(({ event }) => event === 'resumed')).toEqual([]);
    await stop();
  });
});
