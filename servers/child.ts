import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { HoldpointError } from '../contracts/errors.ts';

type ServerSpec = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its output is appended here; without a file it is thrown away. */
  readonly logFile?: string;
  readonly cwd?: string;
  readonly owner?: { readonly uid: number; readonly gid: number } | null;
  /** The signal that makes it stop in order. */
  readonly stopSignal: 'SIGTERM' | 'SIGINT';
};
export type ServerProcess = {
  readonly pid: number;
  /** Resolves when it has ended, however it ended. */
  readonly exited: Promise<void>;
  hasExited(): boolean;
  /** Asks it to stop, and kills it after the grace. May be called twice. */
  stop(graceMs?: number): Promise<void>;
};

/**
 * Ends a server whose starter died without stopping it: it reads from a pipe that nobody writes to, which ends with the
 * starter. Only the one pid is ever signalled.
 */
function watch(pid: number, stopSignal: 'SIGTERM' | 'SIGINT'): ChildProcess {
  const script = 'read -r _; kill -s "$0" "$1" 2>/dev/null';
  const watcher = spawn('/bin/sh', ['-c', script, stopSignal.slice(3), String(pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C in a terminal reaches a whole process group: this one must outlive it
    env: { PATH: '/usr/bin:/bin' },
  });
  watcher.on('error', () => {});
  watcher.unref();
  (watcher.stdin as unknown as { unref?(): void } | null)?.unref?.();
  return watcher;
}

export const endOf = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

/** True when the promise settled within the time; the timer never keeps the program alive. */
export async function within(ms: number, done: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const inTime = await Promise.race([done.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}

/** Starts a server in a process group of its own. Throws `SERVER_MISSING` when it cannot be started at all. */
export async function startServer(spec: ServerSpec): Promise<ServerProcess> {
  const out = spec.logFile === undefined ? 'ignore' : openSync(spec.logFile, 'a', 0o600);
  const child = spawn(spec.command, spec.args, {
    stdio: ['ignore', out, out],
    env: spec.env,
    detached: true,
    ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
    ...(spec.owner ?? {}),
  });
  if (typeof out === 'number') closeSync(out);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(new HoldpointError('SERVER_MISSING', `\`${spec.command}\`: ${error.message}`)),
    );
  });
  const pid = child.pid ?? 0;
  const watcher = watch(pid, spec.stopSignal);
  const exited = endOf(child).then(() => {
    watcher.kill('SIGKILL');
  });
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    pid,
    exited,
    hasExited,
    stop: async (graceMs = 10_000) => {
      if (!hasExited()) child.kill(spec.stopSignal);
      if (!(await within(graceMs, exited))) {
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}

/** Asks again every `everyMs` until the answer is not null. Throws what `late` makes, when the time is over or it gave up. */
export async function until<T>(
  ask: () => Promise<T | null>,
  { forMs, everyMs = 100, late }: { forMs: number; everyMs?: number; late: () => Error },
): Promise<T> {
  const end = performance.now() + forMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > end) throw late();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
