import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../servers/lock.ts';
import type { Supervisor, SupervisorOptions } from '../../servers/supervisor.ts';
import { startProcesses } from '../../servers/supervisor.ts';
import type { Workspace } from '../../servers/workspace.ts';
import { processNames } from '../../servers/workspace.ts';
import { runProbe } from '../support/probe.ts';
import { describeWith } from '../support/skips.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { plainWorkspace } from './plain-workspace.ts';

let dir: string;
let workspace: Workspace;
const supervisors: Supervisor[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'holdpoint-supervisor-'));
  workspace = await plainWorkspace(dir);
});
afterEach(async () => {
  for (const supervisor of supervisors.splice(0)) await supervisor.stopAll();
  rmSync(dir, { recursive: true, force: true });
});

const temporal = () => ({ address: sharedTemporal().address, namespace: 'default' });
async function starting(options: Partial<SupervisorOptions> = {}): Promise<Supervisor> {
  const supervisor = await startProcesses({ workspace, temporal: temporal(), only: ['reasoner'], ...options });
  supervisors.push(supervisor);
  return supervisor;
}
async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries > 300) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describeWith('temporal', 'the supervisor', () => {
  it('starts the six processes, gives none a secret in its environment, and leaves none behind', async () => {
    const supervisor = await starting({ only: processNames });
    const pids = processNames.map((name) => supervisor.pid(name) ?? 0);
    const hidden = processNames.map((name) => workspace.secrets[name].key.d);
    for (const pid of pids) {
      const seen = readFileSync(`/proc/${pid}/environ`, 'utf8') + readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      expect(hidden.filter((secret) => seen.includes(secret))).toEqual([]);
      expect(seen).not.toContain('PGPASSWORD');
    }
    await supervisor.stopAll();
    await supervisor.stopAll();
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('writes what a process says to a file of its own, without its secrets', async () => {
    await starting();
    const log = readFileSync(join(workspace.logDir, 'reasoner.log'), 'utf8');
    expect(log).toContain('"process":"reasoner"');
    expect(log).not.toContain(workspace.secrets.reasoner.key.d);
  });

  it('starts a process again that was killed, when asked to, and tells of it', async () => {
    const ends: unknown[] = [];
    const supervisor = await starting({ restartOnCrash: true, onExit: (name, end) => ends.push({ name, ...end }) });
    const first = supervisor.pid('reasoner') ?? 0;
    supervisor.kill('reasoner', 'SIGKILL');
    await until(() => ![null, first].includes(supervisor.pid('reasoner')), 'a new reasoner');
    expect(ends).toEqual([{ name: 'reasoner', code: null, signal: 'SIGKILL', expected: false }]);
  });

  it('does not start one again that was stopped, or killed without that', async () => {
    const supervisor = await starting({ restartOnCrash: true });
    await supervisor.stop('reasoner');
    supervisor.restartOnCrash = false;
    await supervisor.start('reasoner');
    supervisor.kill('reasoner', 'SIGKILL');
    await supervisor.ended('reasoner');
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(supervisor.pid('reasoner')).toBeNull();
  });

  it('stops a frozen process as well', async () => {
    const supervisor = await starting();
    const pid = supervisor.pid('reasoner') ?? 0;
    supervisor.kill('reasoner', 'SIGSTOP');
    await supervisor.stopAll();
    expect(isAlive(pid)).toBe(false);
  });

  it('repeats the last words of a process that does not start, and leaves nothing running', async () => {
    writeFileSync(workspace.configFiles.reasoner, '{"process":"reasoner"}');
    await expect(starting({ only: ['reasoner', 'gateway'] })).rejects.toThrow(/reasoner.*HOLDPOINT_CONFIG/);
  });

  it('is missed by its processes when it is killed itself: none outlives it', async () => {
    const { pids, kill } = await runProbe('test/servers/supervisor-probe.ts', [dir, temporal().address]);
    try {
      expect(pids.map((pid) => pid > 0 && isAlive(pid))).toEqual([true]);
      kill();
      await until(() => !pids.some(isAlive), 'its process ended');
    } finally {
      kill();
    }
  });
});
