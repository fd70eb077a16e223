import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { PostgresTarget } from '../../contracts/config.ts';
import type { ManifestFile } from '../../contracts/manifest.ts';
import type { PaymentsPlace } from '../../servers/payments/database.ts';
import { startPaymentsScene } from '../../servers/payments/scene.ts';
import type { ProcessEnd } from '../../servers/supervisor.ts';
import type { ProcessName } from '../../servers/workspace.ts';
import type { Approver } from '../local/approver.ts';
import { makeApprover } from '../local/approver.ts';
import type { Cleanup } from '../local/cleanup.ts';
import { createCleanup } from '../local/cleanup.ts';
import { resumeForTheFirstTime, waiveDryRun } from '../local/genesis.ts';
import type { Installation } from '../local/installation.ts';
import { consoleLink, startInstallation, startServer } from '../local/installation.ts';
import { readModelFile } from '../local/model-file.ts';
import { readNotifyFile } from '../local/notify-file.ts';
import { startPaymentsDatabase } from '../local/payments-database.ts';
import type { KeptPorts } from '../local/ports.ts';
import { keptPorts } from '../local/ports.ts';
import { loadRunbookFiles } from '../local/runbook-files.ts';
import { personHere, policiesDir, readParts, readTargets } from './files.ts';
import { watchRunbooks } from './reload.ts';

export type DevOptions = {
  readonly home: string;
  readonly runbooksDir: string;
  readonly role: string;
  readonly scene: boolean;
  readonly waive: boolean;
};
/** What `dev` tells as it goes: `--json` prints one a line. */
export type DevEvent =
  | { readonly event: 'progress'; readonly what: string }
  | {
      readonly event: 'ready';
      readonly home: string;
      readonly gatewayUrl: string;
      /** Signs one browser in, once. */
      readonly console: string;
      readonly temporal: string;
      readonly temporalUi: string | null;
      readonly person: string;
      readonly sshKey: string;
      readonly manifest: number;
    }
  | { readonly event: 'resumed'; readonly scope: string; readonly record: number }
  | { readonly event: 'waived'; readonly runbook: string; readonly until: string; readonly record: number }
  | { readonly event: 'manifest'; readonly version: number }
  | { readonly event: 'ended'; readonly process: string; readonly how: string }
  | { readonly event: 'stopped' };
export type DevEmit = (event: DevEvent) => void;

const waiverMs = 8 * 3_600_000;

/** Runs everything until the interrupt. What is kept in the home folder makes the next start go on where this one stopped. */
export async function runDev(options: DevOptions, emit: DevEmit, interrupted: Promise<unknown>): Promise<void> {
  const cleanup = createCleanup();
  const cut = interrupted.then(() => 'cut' as const);
  try {
    const started = start(options, emit, cleanup);
    if ((await Promise.race([started, cut])) === 'cut') started.catch(() => undefined);
    else await keepOpen(cut);
  } finally {
    for (const failed of await cleanup.run()) emit({ event: 'progress', what: `could not stop ${failed}` });
    emit({ event: 'stopped' });
  }
}

async function keepOpen(until: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => undefined, 60_000);
  await until.finally(() => clearInterval(timer));
}

async function start(options: DevOptions, emit: DevEmit, cleanup: Cleanup): Promise<void> {
  const { home, runbooksDir } = options;
  const progress = (what: string): void => emit({ event: 'progress', what });
  await mkdir(home, { recursive: true, mode: 0o700 });
  const ports = await keptPorts(home);
  const approver = await makeApprover(personHere(), join(home, 'keys', 'id_ed25519'));
  const { others, ...parts } = await readParts(options, approver);
  for (const id of others) progress(`left out: runbook \`${id}\` is of another role than \`${options.role}\``);
  const notify = await readNotifyFile(join(home, 'notify.json'));
  const model = await readModelFile(join(home, 'model.json'));
  const server = await startServer(
    { home, dbFile: join(home, 'temporal.db'), port: ports.temporal, uiPort: ports.temporalUi, progress },
    cleanup,
  );
  const { targets, place } = await findTargets(home, ports, progress, cleanup);
  const installation = await startInstallation(
    server,
    {
      home,
      archiveDir: join(home, 'archive'),
      persistent: true,
      parts,
      runbooksDir,
      role: options.role,
      targets,
      notify,
      model,
      approver,
      ports: { gateway: ports.gateway, recorder: ports.recorder },
      progress,
      onExit: (name, end) => tellEnd(emit, name, end),
    },
    cleanup,
  );
  await openForBusiness(options, installation, approver, installation.workspace.manifest, emit);
  const watching = reloadOnChange(options, installation, approver, emit);
  cleanup.add('watcher', async () => watching.stop());
  if (options.scene && place !== null) await addScene(place, cleanup, progress);
  tellReady(emit, home, installation, approver);
}

function tellReady(emit: DevEmit, home: string, { workspace, server }: Installation, approver: Approver): void {
  emit({
    event: 'ready',
    home: resolve(home),
    gatewayUrl: workspace.urls.gateway,
    console: consoleLink(workspace),
    temporal: server.address,
    temporalUi: server.uiUrl,
    person: approver.person,
    sshKey: approver.keyFile,
    manifest: workspace.manifest.manifest.payload.version,
  });
}

function tellEnd(emit: DevEmit, process: ProcessName, { expected, signal, code }: ProcessEnd): void {
  if (!expected) emit({ event: 'ended', process, how: signal ?? `status ${code}` });
}

type Targets = { readonly targets: readonly PostgresTarget[]; readonly place: PaymentsPlace | null };

async function findTargets(
  home: string,
  ports: KeptPorts,
  progress: (line: string) => void,
  cleanup: Cleanup,
): Promise<Targets> {
  const own = await readTargets(home);
  if (own !== null) return { targets: own, place: null };
  const dir = join(home, 'postgres');
  const place = await startPaymentsDatabase({ dir, port: ports.postgres, persistent: true, progress }, cleanup);
  return { targets: [place.target], place };
}

async function addScene(place: PaymentsPlace, cleanup: Cleanup, progress: (line: string) => void): Promise<void> {
  const scene = await startPaymentsScene(place);
  cleanup.add('payments clients', () => scene.stop());
  progress(`payments are blocked by session ${scene.holderPid}`);
}

/** Each scope is resumed when it is first seen: at the first start, and when a new runbook comes. */
async function openForBusiness(
  { waive }: DevOptions,
  { workspace, temporal }: Installation,
  approver: Approver,
  manifest: ManifestFile,
  emit: DevEmit,
): Promise<void> {
  const reason = 'first start of a development installation';
  const { archiveDir, keys, urls } = workspace;
  const deps = { temporal, recorderUrl: urls.recorder, archiveDir, keys, approver, reason };
  const texts = Object.entries(manifest.files).filter(([name]) => name.startsWith('runbooks/'));
  const runbooks = await loadRunbookFiles(texts.map(([file, text]) => ({ file, text })));
  const resumed = await resumeForTheFirstTime(
    deps,
    runbooks.map(({ id }) => id),
  );
  for (const { scope, record } of resumed) emit({ event: 'resumed', scope, record });
  if (!waive) return;
  const until = new Date(Date.now() + waiverMs).toISOString();
  for (const runbook of runbooks)
    emit({ event: 'waived', runbook: runbook.id, until, record: await waiveDryRun(deps, runbook, 2, until) });
}

function reloadOnChange(
  options: DevOptions,
  installation: Installation,
  approver: Approver,
  emit: DevEmit,
): { stop(): void } {
  const { workspace } = installation;
  let version = workspace.manifest.manifest.payload.version;
  return watchRunbooks({
    dirs: [options.runbooksDir, options.home, policiesDir(options.home)],
    publish: async () => workspace.publish(await readParts(options, approver)),
    published: async (file) => {
      const now = file.manifest.payload.version;
      if (now === version) return;
      version = now;
      emit({ event: 'manifest', version });
      await openWhenLoaded(() => openForBusiness({ ...options, waive: false }, installation, approver, file, emit));
    },
    log: (what) => emit({ event: 'progress', what }),
  });
}

const attemptsMax = 20;

/** A new runbook's scope can be resumed once the recorder has loaded the manifest that names it. */
async function openWhenLoaded(open: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (attempt === attemptsMax) throw error;
      await new Promise((next) => setTimeout(next, 500));
    }
  }
}
