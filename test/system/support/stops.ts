import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ProcessName } from '../../../servers/workspace.ts';
import { eventually, type System } from './system.ts';

export type Stops<N extends string> = {
  /** For `startSystem({ failpoints })`. */
  readonly spec: string;
  /** From now on the process stops itself (SIGSTOP) when it gets there, once. */
  arm(name: N): void;
  /** Resolves as soon as it stands still there. */
  reached(name: N, pid: number | null): Promise<void>;
  remove(): void;
};

/** Failpoints that are armed one at a time while the process runs: a marker that is there disarms its failpoint. */
export function createStops<N extends string>(names: readonly N[]): Stops<N> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-stops-'));
  const marker = (name: N): string => join(dir, name);
  for (const name of names) writeFileSync(marker(name), '');
  return {
    spec: names.map((name) => `${name}=stop@${marker(name)}`).join(','),
    arm: (name) => rmSync(marker(name)),
    reached: async (name, pid) => {
      const until = Date.now() + 30_000;
      // The marker comes a moment before the stop: a SIGCONT in between would be lost. Looked at often, because whoever
      // waits for the stopped process gives it up after two seconds without a heartbeat.
      while (!existsSync(marker(name)) || !standsStill(pid)) {
        if (Date.now() > until) throw new Error(`expected to stop at ${name}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** True when the system says that the process is stopped. */
const standsStill = (pid: number | null): boolean => / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Kills a process and waits until it is gone; nothing restarts it. */
export async function crash({ supervisor }: System, name: ProcessName): Promise<void> {
  const ended = supervisor.ended(name);
  supervisor.kill(name, 'SIGKILL');
  await ended;
}

/** Type of the failure that a pending activity of a run was last retried for, as the Temporal UI shows it; null without one. */
export async function lastFailureOf(system: System, workflowId: string, activity: string): Promise<string | null> {
  const { raw } = await system.handle(workflowId).describe();
  const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
  return pending?.lastFailure?.applicationFailureInfo?.type ?? null;
}

export const untilLastFailure = (system: System, workflowId: string, activity: string, code: string) =>
  eventually(
    `${activity} to be tried again for ${code}`,
    async () => (await lastFailureOf(system, workflowId, activity).catch(() => null)) === code,
    40_000,
  );
