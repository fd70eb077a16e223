import type { ChildProcess } from 'node:child_process';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { DemoEvent } from '../../cli/demo/events.ts';
import type { DevEvent } from '../../cli/dev/run-dev.ts';

const bin = join(import.meta.dirname, '..', '..', 'bin', 'holdpoint.js');
type Told<T> = T & { readonly at: string };
type EventOf<T, E> = Extract<T, { readonly event: E }>;

export type Running<T extends { readonly event: string }> = {
  readonly child: ChildProcess;
  readonly events: readonly Told<T>[];
  /** The first event of a kind, once it has been told. Rejects when the command ends without it. */
  next<E extends T['event']>(event: E): Promise<EventOf<T, E>>;
  /** The pids that this demo has started and that run now, whoever their parent is by now. */
  pids(): readonly number[];
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
};

/** Starts the built demo as a process of its own and reads its events. */
export const startDemo = (argv: readonly string[], temporalBin: string): Running<DemoEvent> =>
  startTelling(['demo', '--json', ...argv], { HOLDPOINT_TEMPORAL_BIN: temporalBin });

/** The same for `dev`, with its home and runbooks below `cwd`. */
export const startDev = (argv: readonly string[], temporalBin: string, cwd: string): Running<DevEvent> =>
  startTelling(['dev', '--json', ...argv], { HOLDPOINT_TEMPORAL_BIN: temporalBin }, cwd);

function startTelling<T extends { readonly event: string }>(
  argv: readonly string[],
  env: Record<string, string>,
  cwd: string = tmpdir(),
): Running<T> {
  const child = spawn(process.execPath, [bin, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
  });
  const events: Told<T>[] = [];
  const waiting = new Set<() => void>();
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push(JSON.parse(line) as Told<T>);
    for (const wake of waiting) wake();
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) =>
    child.once('close', (code) => {
      resolve({ code, stderr });
      for (const wake of waiting) wake();
    }),
  );
  const next = <E extends T['event']>(event: E): Promise<EventOf<T, E>> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = events.find((told) => told.event === event);
        if (found === undefined && child.exitCode === null && child.signalCode === null) return;
        waiting.delete(look);
        if (found !== undefined) resolve(found as unknown as EventOf<T, E>);
        else reject(new Error(`it ended without \`${event}\`: ${JSON.stringify(events.at(-2))} ${stderr}`));
      };
      waiting.add(look);
      look();
    });
  const seen = new Set<number>();
  return { child, events, next, ended, pids: () => descendants(child.pid ?? 0, seen) };
}

/** Every process below `root`, and every one that was below it at an earlier look and still runs. */
function descendants(root: number, seen: Set<number>): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , stat]) => !stat?.startsWith('Z'))
    .map(([pid, parent]) => ({ pid: Number(pid), parent: Number(parent) }));
  const below = new Set([root]);
  for (let before = 0; before !== below.size; ) {
    before = below.size;
    for (const { pid, parent } of rows) if (below.has(parent)) below.add(pid);
  }
  below.delete(root);
  for (const pid of below) seen.add(pid);
  return rows.map(({ pid }) => pid).filter((pid) => seen.has(pid));
}

export type Ended = { readonly status: number; readonly out: string; readonly err: string };

/** Runs the built command, or any other, to its end. */
export function runToEnd(command: string, argv: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const options = { env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env }, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((resolve) => {
    execFile(command, [...argv], options, (error, out, err) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
      resolve({ status, out: out.trim(), err });
    });
  });
}

export const holdpointAt = (home: string, argv: readonly string[]): Promise<Ended> =>
  runToEnd(process.execPath, [bin, ...argv], { HOLDPOINT_HOME: home });
