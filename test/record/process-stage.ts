import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { createRecorderClient } from '../../activities/record/client.ts';
import type { ArchiveConfig } from '../../contracts/config.ts';
import { openManifest } from '../../policies/manifest.ts';
import { freePort } from '../../servers/ports.ts';
import { recorder } from '../policies/support/rules.ts';
import type { Probe } from '../support/probe.ts';
import { sharedTemporal } from '../support/temporal.ts';
import { keys, manifestAt, type Stage, type World } from './stage.ts';

export type ProcessStage = {
  /** For the story of `incident.ts`: a stage whose recorder is a process of its own, under the real clock. */
  readonly stage: Stage;
  readonly archive: string;
  /** Starts the process, to die at this failpoint the first time it is reached. Resolves when it serves, or has died. */
  start(failpoint?: string): Promise<void>;
  /** True once the failpoint of the last start was reached. */
  reached(): boolean;
  ended(): Promise<string | null>;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<void>;
};

const serveMsMax = 20_000;

/** Where the process keeps its archive, when that is not a directory, and how it may reach it. */
export type Elsewhere = { readonly archive: ArchiveConfig; readonly env: Readonly<Record<string, string>> };

/** The real recorder process over a real archive, made to die by SIGKILL at a named place. */
export async function openProcessStage(world: World, probe: Probe, elsewhere?: Elsewhere): Promise<ProcessStage> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-crash-'));
  const archive = join(dir, 'archive');
  for (const folder of ['archive', 'manifests', 'bundles']) mkdirSync(join(dir, folder));
  const file = manifestAt(1, {});
  writeFileSync(join(dir, 'manifests', 'manifest-1.json'), JSON.stringify(file));
  const [port, health] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const config = {
    v: 1,
    process: 'recorder',
    mode: 'development',
    keys,
    manifestDir: join(dir, 'manifests'),
    recorderUrl: url,
    health: { host: '127.0.0.1', port: health },
    listen: { host: '127.0.0.1', port },
    archive: elsewhere?.archive ?? { kind: 'directory', dir: archive },
    checkpoints: { dir: join(dir, 'checkpoints'), everyMs: 200 },
    bundleDir: join(dir, 'bundles'),
    pollMs: 60_000,
    fencePollMs: 10_000,
  };
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  let offsetMs = 0;
  let child: ChildProcess | null = null;
  let marker = join(dir, 'never');
  let starts = 0;
  const now = () => Date.now() + offsetMs;
  const stage = {
    recorder: { url },
    world,
    rules: openManifest({ raw: file, keys, mode: 'development', now: Date.now() }),
    now,
    at: (ms = 0) => new Date(now() + ms).toISOString(),
    pass: (ms: number) => {
      offsetMs += ms;
    },
    as: ({ signer }: { signer: never }) => createRecorderClient({ url, signer, keys, clock: now, timeoutMs: 5_000 }),
  } as unknown as Stage;
  return {
    stage,
    archive,
    reached: () => existsSync(marker),
    kill: (signal) => void child?.kill(signal),
    async start(failpoint) {
      marker = join(dir, `marker-${++starts}`);
      child = spawnRecorder(probe, dir, world, {
        ...elsewhere?.env,
        ...(failpoint === undefined ? {} : { HOLDPOINT_FAILPOINTS: `${failpoint}=kill@${marker}` }),
      });
      await untilServing(`http://127.0.0.1:${health}/healthz`, child);
    },
    async ended() {
      if (child !== null && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child?.signalCode ?? null;
    },
    async close() {
      child?.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function spawnRecorder(
  probe: Probe,
  dir: string,
  { namespace }: World,
  env: Readonly<Record<string, string>>,
): ChildProcess {
  const child = spawn(process.execPath, [probe.file], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: {
      PATH: process.env.PATH ?? '',
      HOLDPOINT_CONFIG: join(dir, 'config.json'),
      HOLDPOINT_SECRETS_FD: '3',
      TEMPORAL_ADDRESS: sharedTemporal().address,
      TEMPORAL_NAMESPACE: namespace,
      ...env,
    },
  });
  (child.stdio[3] as Writable).end(JSON.stringify({ process: 'recorder', key: recorder.key, notify: [] }));
  return child;
}

async function untilServing(url: string, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + serveMsMax; Date.now() < end; ) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const healthy = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the recorder did not come up');
}
