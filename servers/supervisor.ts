import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { HoldpointError } from '../contracts/errors.ts';
import { builtProcess } from './build-info.ts';
import { endOf, until, within } from './child.ts';
import { cleanEnvironment } from './project.ts';
import type { ProcessName, Workspace } from './workspace.ts';
import { processNames } from './workspace.ts';

export type ProcessEnd = { readonly code: number | null; readonly signal: string | null; readonly expected: boolean };
export type SupervisorOptions = {
  readonly workspace: Workspace;
  readonly temporal: {
    readonly address: string;
    readonly namespace: string;
    /** More of Temporal's own environment configuration, for a server that wants TLS or an API key. */
    readonly environment?: Readonly<Record<string, string>>;
  };
  readonly only?: readonly ProcessName[];
  readonly failpoints?: Partial<Record<ProcessName, string>>;
  /** Start a process again that ended unasked, a little later each time. */
  readonly restartOnCrash?: boolean;
  readonly onExit?: (name: ProcessName, end: ProcessEnd) => void;
  readonly log?: (line: string) => void;
};
export type Supervisor = {
  /** Starts it unless it runs, and waits for its `/healthz`. Throws `INTERNAL` with its last words. */
  start(name: ProcessName): Promise<void>;
  /** Asks it to stop and waits until it ended; never restarted by this. */
  stop(name: ProcessName): Promise<void>;
  kill(name: ProcessName, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void;
  /** Null while it does not run. */
  pid(name: ProcessName): number | null;
  /** Resolves when the life it now has is over; at once when it has none. */
  ended(name: ProcessName): Promise<void>;
  restartOnCrash: boolean;
  /** Ends all of them, and may be called again. */
  stopAll(): Promise<void>;
};

type Life = {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly begunAt: number;
  expected: boolean;
};

const healthyWithinMs = 90_000;
const graceMs = 10_000;
const steadyMs = 10_000;
const backoffMs = (crashes: number): number => Math.min(5_000, 200 * 2 ** crashes);

/** Starts the processes as real operating-system processes, each with its own secrets, and waits until all are healthy. */
export async function startProcesses(options: SupervisorOptions): Promise<Supervisor> {
  const supervisor = createSupervisor(options);
  try {
    await Promise.all((options.only ?? processNames).map((name) => supervisor.start(name)));
  } catch (error) {
    await supervisor.stopAll();
    throw error;
  }
  return supervisor;
}

function createSupervisor(options: SupervisorOptions): Supervisor {
  const lives = new Map<ProcessName, Life>();
  const crashes = new Map<ProcessName, number>();
  const timers = new Set<NodeJS.Timeout>();
  let stopping = false;

  const restart = (name: ProcessName): void => {
    const count = crashes.get(name) ?? 0;
    crashes.set(name, count + 1);
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!stopping) start(name).catch((error: Error) => options.log?.(error.message));
    }, backoffMs(count));
    timers.add(timer);
  };
  const onEnd = (name: ProcessName, life: Life): void => {
    if (lives.get(name) === life) lives.delete(name);
    const { exitCode: code, signalCode: signal } = life.child;
    options.onExit?.(name, { code, signal, expected: life.expected });
    if (life.expected || stopping) return;
    options.log?.(`${name} ended unasked (${signal ?? `status ${code}`})`);
    if (performance.now() - life.begunAt > steadyMs) crashes.delete(name);
    if (supervisor.restartOnCrash) restart(name);
  };
  const start = async (name: ProcessName): Promise<void> => {
    if (stopping) throw new HoldpointError('INTERNAL', `${name}: not started, everything is stopping`);
    if (lives.has(name)) return;
    const child = spawnProcess(name, options);
    const life: Life = { child, ended: endOf(child), begunAt: performance.now(), expected: false };
    lives.set(name, life);
    void life.ended.then(() => onEnd(name, life));
    await untilHealthy(name, life, options.workspace);
    options.log?.(`${name} runs (pid ${child.pid})`);
  };
  const stop = async (name: ProcessName): Promise<void> => {
    const life = lives.get(name);
    if (life !== undefined) await end(life);
  };
  const supervisor: Supervisor = {
    restartOnCrash: options.restartOnCrash ?? false,
    start,
    stop,
    kill: (name, signal) => {
      lives.get(name)?.child.kill(signal);
    },
    pid: (name) => lives.get(name)?.child.pid ?? null,
    ended: (name) => lives.get(name)?.ended ?? Promise.resolve(),
    stopAll: async () => {
      stopping = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all([...lives.keys()].map(stop));
    },
  };
  return supervisor;
}

async function end(life: Life): Promise<void> {
  life.expected = true;
  life.child.kill('SIGTERM');
  life.child.kill('SIGCONT'); // a process frozen by a test hears the first signal only when it goes on
  if (await within(graceMs, life.ended)) return;
  life.child.kill('SIGKILL');
  await life.ended;
}

/**
 * INVARIANT: no secret is in the environment, in an argument or in a file: only in a pipe that the process reads once.
 * Descriptor 4 is its lifeline: it ends when this process does, and then so does the child.
 */
function spawnProcess(name: ProcessName, { workspace, temporal, failpoints }: SupervisorOptions): ChildProcess {
  const log = openSync(join(workspace.logDir, `${name}.log`), 'a', 0o600);
  const child = spawn(process.execPath, ['--enable-source-maps', builtProcess(name)], {
    stdio: ['ignore', log, log, 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches only us: we stop them in order
    cwd: workspace.dir,
    env: cleanEnvironment({
      // Without this a profile in the user's home would be mixed into the settings of the server that we started.
      ...(temporal.environment ?? { TEMPORAL_CONFIG_FILE: workspace.temporalProfile }),
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      HOLDPOINT_CONFIG: workspace.configFiles[name],
      HOLDPOINT_SECRETS_FD: '3',
      HOLDPOINT_LIFELINE_FD: '4',
      ...(failpoints?.[name] === undefined ? {} : { HOLDPOINT_FAILPOINTS: failpoints[name] }),
    }),
  });
  closeSync(log);
  child.on('error', () => {}); // it also never becomes healthy, which is what is reported
  const [, , , secrets, lifeline] = child.stdio as unknown as [null, null, null, Duplex, Duplex & { unref?(): void }];
  for (const pipe of [secrets, lifeline]) pipe.on('error', () => {}); // it died before it read
  secrets.end(JSON.stringify(workspace.secrets[name]));
  lifeline.unref?.();
  return child;
}

function lastWords(name: ProcessName, { logDir }: Workspace): string {
  const lines = readFileSync(join(logDir, `${name}.log`), 'utf8')
    .trim()
    .split('\n');
  return lines.at(-1)?.slice(0, 600) ?? '';
}

async function untilHealthy(name: ProcessName, life: Life, workspace: Workspace): Promise<void> {
  const { host, port } = workspace.configs[name].health;
  const late = (): Error =>
    new HoldpointError('INTERNAL', `${name} did not become healthy: ${lastWords(name, workspace)}`);
  const ask = async (): Promise<true | null> => {
    if (life.child.exitCode !== null || life.child.signalCode !== null) throw late();
    try {
      const response = await fetch(`http://${host}:${port}/healthz`, { signal: AbortSignal.timeout(1_000) });
      return response.ok ? true : null;
    } catch {
      return null;
    }
  };
  try {
    await until(ask, { forMs: healthyWithinMs, everyMs: 50, late });
  } catch (error) {
    await end(life);
    throw error;
  }
}
