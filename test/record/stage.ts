import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import pino from 'pino';
import { Registry } from 'prom-client';
import type { Page } from '../../activities/notify/page.ts';
import { createRecorderClient, type RecorderClient } from '../../activities/record/client.ts';
import { type Recorder, type RecorderDeps, startRecorder } from '../../activities/record/recorder.ts';
import { createTemporalView } from '../../activities/record/temporal-view.ts';
import { CheckpointsConfig, type PinnedKeys } from '../../contracts/config.ts';
import { type FenceScope, fenceId, fenceQueue, fenceWorkflowType } from '../../contracts/queues.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import type { Rules } from '../../policies/manifest.ts';
import { openManifest } from '../../policies/manifest.ts';
import {
  executor,
  makeProcess,
  manifestOf,
  platform,
  preflight,
  type RulesChange,
  recorder as recorderProcess,
} from '../policies/support/rules.ts';
import { notifierInto } from '../support/notifier.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';

export { executor, preflight };
export const gateway = makeProcess('gateway');
export const orchestrator = makeProcess('orchestrator');
export const reasoner = makeProcess('reasoner');
/** An executor of another role, and a process whose key nobody pins. */
export const otherExecutor = makeProcess('executor.billing-db');
export const stranger = makeProcess('executor.payments-db');
export const broker = makeProcess('broker');
export const processes = {
  broker,
  gateway,
  orchestrator,
  reasoner,
  executor,
  otherExecutor,
  recorder: recorderProcess,
};
export const keys: PinnedKeys = Object.assign(
  {},
  platform.keys,
  preflight.keys,
  ...Object.values(processes).map((one) => one.keys),
);
export const dayMs = 86_400_000;

export type World = { readonly client: Client; readonly namespace: string; close(): Promise<void> };

/** A namespace of its own on the shared server: fences have fixed names. */
export async function openWorld(): Promise<World> {
  const namespace = await freshNamespace();
  const connection = await Connection.connect({ address: sharedTemporal().address, connectTimeout: '60s' });
  const client = new Client({ connection, namespace });
  return { client, namespace, close: () => connection.close() };
}

/** A fence as `holdpoint resume` starts it: whatever stood there is terminated. Answers its run id. */
export async function raiseFence({ client }: World, scope: FenceScope): Promise<string> {
  const handle = await client.workflow.start(fenceWorkflowType, {
    workflowId: fenceId(scope),
    taskQueue: fenceQueue,
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'TERMINATE_EXISTING',
  });
  return handle.firstExecutionRunId;
}

export type Stage = {
  readonly dir: string;
  readonly archive: string;
  readonly world: World;
  readonly recorder: Recorder;
  readonly rules: Rules;
  readonly pages: Page[];
  /** The recorder's metrics as Prometheus reads them. */
  metrics(): Promise<string>;
  /** The clock of this stage, in ms; `pass` moves it on. */
  now(): number;
  at(offsetMs?: number): string;
  pass(ms: number): void;
  as(process: { signer: { as: ProcessId } }): RecorderClient;
  /** Signs the next version of the manifest and lets the recorder load it. */
  publish(change: RulesChange): Promise<Rules>;
  /** Takes the newest manifest file away and starts the recorder again. */
  rollBack(): Promise<void>;
  restart(change?: Partial<RecorderDeps['config']>): Promise<void>;
  close(): Promise<void>;
};
export type StageOptions = {
  readonly world: World;
  readonly config?: Partial<RecorderDeps['config']>;
  readonly doorPerMinute?: number;
  readonly manifest?: RulesChange;
  /** What the stage's clock starts from, in ms: the machine's own, when left out. */
  readonly clock?: () => number;
};

export const manifestAt = (version: number, change: RulesChange) =>
  manifestOf({
    ...change,
    source: {
      mode: 'development',
      version,
      issuedAt: new Date(Date.now() - dayMs).toISOString(),
      notAfter: new Date(Date.now() + 2 * dayMs).toISOString(),
      ...change.source,
    },
  });

/** A real recorder over a real directory, served by real HTTP, in this process; polls only when a test asks it to. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-recorder-'));
  const archive = join(dir, 'archive');
  const manifestDir = join(dir, 'manifests');
  for (const folder of [archive, manifestDir, join(dir, 'bundles')]) mkdirSync(folder);
  let offsetMs = 0;
  let version = 0;
  const now = (): number => (options.clock ?? Date.now)() + offsetMs;
  const publish = (change: RulesChange): Rules => {
    const file = manifestAt(++version, change);
    writeFileSync(join(manifestDir, `manifest-${version}.json`), JSON.stringify(file));
    return openManifest({ raw: file, keys, mode: 'development', now: now() });
  };
  const rules = publish(options.manifest ?? {});
  const pages: Page[] = [];
  let registry = new Registry();
  const start = (change: Partial<RecorderDeps['config']> = {}): Promise<Recorder> => {
    registry = new Registry();
    return startRecorder({
      ...(options.doorPerMinute === undefined ? {} : { doorPerMinute: options.doorPerMinute }),
      config: {
        archive: { kind: 'directory', dir: archive },
        checkpoints: CheckpointsConfig.parse({}),
        bundleDir: join(dir, 'bundles'),
        manifestDir,
        mode: 'development',
        keys,
        listen: { host: '127.0.0.1', port: 0 },
        pollMs: 3_600_000,
        fencePollMs: 3_600_000,
        unknownAfterMs: 1_000,
        ...options.config,
        ...change,
      },
      signer: recorderProcess.signer,
      clock: now,
      logger: pino({ level: 'silent' }),
      registry,
      notifier: notifierInto(pages),
      namespace: options.world.namespace,
      temporal: createTemporalView(options.world.client, options.world.namespace),
    });
  };
  let recorder = await start();
  return {
    dir,
    archive,
    world: options.world,
    rules,
    pages,
    metrics: () => registry.metrics(),
    now,
    at: (ms = 0) => new Date(now() + ms).toISOString(),
    pass: (ms) => {
      offsetMs += ms;
    },
    get recorder() {
      return recorder;
    },
    as: ({ signer }) => createRecorderClient({ url: recorder.url, signer: signer as never, keys, clock: now }),
    async publish(change) {
      const next = publish(change);
      await recorder.look('manifests');
      return next;
    },
    async rollBack() {
      rmSync(join(manifestDir, `manifest-${version}.json`));
      await recorder.stop();
      recorder = await start();
    },
    async restart(change) {
      await recorder.stop();
      recorder = await start(change);
    },
    async close() {
      await recorder.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const freshRunId = (): string => randomUUID();
export const freshWorkflowId = (): string => `incident/alertmanager/${randomBytes(8).toString('hex')}`;
export const freshText = (): string => randomBytes(18).toString('base64url');
