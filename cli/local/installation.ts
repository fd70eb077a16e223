import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { PostgresTarget } from '../../contracts/config.ts';
import { resolveTemporal } from '../../servers/resolve-temporal.ts';
import type { ProcessEnd, Supervisor } from '../../servers/supervisor.ts';
import { startProcesses } from '../../servers/supervisor.ts';
import type { TemporalServer } from '../../servers/temporal.ts';
import { ensureSearchAttributes, startTemporal } from '../../servers/temporal.ts';
import type { ModelChoice, Ports, ProcessName, Workspace, WorkspaceOptions } from '../../servers/workspace.ts';
import { prepareWorkspace } from '../../servers/workspace.ts';
import { writeClientConfig } from '../client-config.ts';
import type { Temporal } from '../connect/temporal.ts';
import type { Approver } from './approver.ts';
import type { Cleanup } from './cleanup.ts';

export const namespace = 'default';

export type InstallationOptions = {
  readonly home: string;
  /** Where the log is written. */
  readonly archiveDir: string;
  readonly persistent: boolean;
  readonly parts: Pick<WorkspaceOptions, 'runbooks' | 'approvers' | 'powers' | 'limits'>;
  readonly runbooksDir: string | null;
  readonly role: string;
  readonly targets: readonly PostgresTarget[];
  readonly notify: WorkspaceOptions['notify'];
  readonly model: ModelChoice;
  readonly approver: Approver;
  readonly ports?: Partial<Ports>;
  readonly progress: (line: string) => void;
  readonly onExit: (name: ProcessName, end: ProcessEnd) => void;
};
export type Installation = {
  readonly workspace: Workspace;
  readonly supervisor: Supervisor;
  readonly server: OurServer;
  readonly temporal: Temporal;
};

/**
 * Starts the six processes beside a running Temporal server and leaves a `holdpoint.json` for every other command.
 * Whatever was started is in `cleanup` before the next step begins, so that a failure leaves nothing running.
 */
export async function startInstallation(
  server: OurServer,
  options: InstallationOptions,
  cleanup: Cleanup,
): Promise<Installation> {
  const workspace = await prepareWorkspace({
    dir: options.home,
    mode: 'development',
    ...options.parts,
    role: options.role,
    targets: options.targets,
    notify: options.notify,
    ...options.model,
    persistent: options.persistent,
    commands: { home: resolve(options.home), temporalAddress: server.address },
    ...(options.ports === undefined ? {} : { ports: options.ports }),
    settings: { recorder: { archive: { kind: 'directory', dir: options.archiveDir } } },
  });
  const temporal = await connectTo(server.address, cleanup);
  await ensureSearchAttributes(temporal.connection, namespace);
  await leaveClientConfig(server, workspace, options);
  options.progress('starting six processes');
  const supervisor = await startProcesses({
    workspace,
    temporal: { address: server.address, namespace },
    restartOnCrash: options.persistent,
    onExit: options.onExit,
    ...(options.persistent ? { log: options.progress } : {}),
  });
  cleanup.add('processes', () => supervisor.stopAll());
  return { workspace, supervisor, server, temporal };
}

export type ServerOptions = {
  readonly home: string;
  readonly dbFile?: string;
  readonly port?: number;
  readonly uiPort?: number;
  readonly progress: (line: string) => void;
};

/** The server, and the CLI that it is part of. */
export type OurServer = TemporalServer & { readonly bin: string };

/** Finds or builds Temporal, which the first time takes minutes, and starts it with its UI. */
export async function startServer(options: ServerOptions, cleanup: Cleanup): Promise<OurServer> {
  await mkdir(join(options.home, 'logs'), { recursive: true, mode: 0o700 });
  const bin = await resolveTemporal({ log: options.progress });
  options.progress('starting Temporal');
  const server = await startTemporal({
    bin,
    logFile: join(options.home, 'logs', 'temporal.log'),
    ...(options.dbFile === undefined ? {} : { dbFile: options.dbFile }),
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.uiPort === undefined ? {} : { uiPort: options.uiPort }),
  });
  cleanup.add('temporal', () => server.stop());
  return { ...server, bin };
}

/** The link that signs one browser in to the console, once. */
export const consoleLink = ({ urls, signIn }: Workspace): string =>
  `${urls.gateway}/console/sign-in?once=${signIn.once}`;

async function connectTo(address: string, cleanup: Cleanup): Promise<Temporal> {
  const connection = await Connection.connect({ address, connectTimeout: 10_000 });
  const close = (): Promise<void> => connection.close();
  cleanup.add('connection', close);
  return { client: new Client({ connection, namespace }), connection, namespace, address, close };
}

async function leaveClientConfig(
  server: TemporalServer,
  workspace: Workspace,
  { home, archiveDir, approver, runbooksDir }: InstallationOptions,
): Promise<void> {
  const alertTokenFile = join(home, 'keys', 'alertmanager-token');
  await mkdir(join(home, 'keys'), { recursive: true, mode: 0o700 });
  await writeFile(alertTokenFile, `${workspace.webhooks.alertmanagerToken}\n`, { mode: 0o600 });
  await writeFile(join(home, 'keys', 'console-token'), `${workspace.signIn.token}\n`, { mode: 0o600 });
  await writeClientConfig(home, {
    v: 1,
    temporal: { address: server.address, namespace },
    temporalUi: server.uiUrl,
    recorderUrl: workspace.urls.recorder,
    gatewayUrl: workspace.urls.gateway,
    keys: workspace.keys,
    manifestDir: workspace.manifestDir,
    archiveDir,
    runbooksDir,
    alertTokenFile,
    sshKey: approver.keyFile,
    person: approver.person,
  });
}
