import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writeClientConfig } from '../cli/client-config.ts';
import { makeApprover, soleApprover, solePowers } from '../cli/local/approver.ts';
import { readNotifyFile } from '../cli/local/notify-file.ts';
import { readRunbooksOf } from '../cli/local/runbook-files.ts';
import { PostgresTarget } from '../contracts/config.ts';
import { prepareWorkspace, processNames, type Workspace } from '../servers/workspace.ts';

/** Where things are inside the containers; `docker-compose.yml` mounts them there. */
const inside = {
  manifestDir: '/etc/holdpoint/manifests',
  bundleDir: '/app/dist/workflows',
  archive: { kind: 'directory' as const, dir: '/var/lib/holdpoint/archive' },
  outboxDir: '/var/lib/holdpoint/outbox',
  recorderUrl: 'http://recorder:7702',
  brokerUrl: 'http://broker:7703',
};
const everywhere = '0.0.0.0';
const health = { host: everywhere, port: 7710 };

/** The settings of each process as the containers need them; every key here is one that the process reads. */
const settings = {
  gateway: {
    health,
    manifestDir: inside.manifestDir,
    recorderUrl: inside.recorderUrl,
    listen: { host: everywhere, port: 7701 },
    console: { origin: 'http://127.0.0.1:7701', commands: { home: null, temporalAddress: null } },
  },
  orchestrator: {
    health,
    manifestDir: inside.manifestDir,
    recorderUrl: inside.recorderUrl,
    bundleDir: inside.bundleDir,
  },
  reasoner: { health, manifestDir: inside.manifestDir, recorderUrl: inside.recorderUrl },
  executor: {
    health,
    manifestDir: inside.manifestDir,
    recorderUrl: inside.recorderUrl,
    outboxDir: inside.outboxDir,
    brokerUrl: inside.brokerUrl,
  },
  broker: {
    health,
    manifestDir: inside.manifestDir,
    recorderUrl: inside.recorderUrl,
    listen: { host: everywhere, port: 7703 },
  },
  recorder: {
    health,
    manifestDir: inside.manifestDir,
    recorderUrl: inside.recorderUrl,
    bundleDir: inside.bundleDir,
    archive: inside.archive,
    listen: { host: everywhere, port: 7702 },
  },
} as const;

export type ComposeInit = {
  readonly dir: string;
  readonly runbooksDir: string;
  readonly targetsFile: string | null;
  /** Where pages go; a file that is not there is nobody. */
  readonly notifyFile: string;
  readonly person: string;
};

/** The one executor that the file has. */
const role = 'payments-db';

/**
 * Writes what `docker-compose.yml` mounts: keys and secrets (one file for each service), configuration, a signed
 * development manifest, and the client file of whoever operates it. Run again, it keeps the keys and signs what changed.
 */
export async function initCompose({
  dir,
  runbooksDir,
  targetsFile,
  notifyFile,
  person,
}: ComposeInit): Promise<Workspace> {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { files: runbooks, loaded: own } = await readRunbooksOf(role, runbooksDir);
  const loaded = own.map(({ runbook }) => runbook);
  const approver = await makeApprover(person, join(dir, 'keys', 'person'));
  const targets =
    targetsFile === null ? [] : PostgresTarget.array().parse(JSON.parse(readFileSync(targetsFile, 'utf8')));
  const workspace = await prepareWorkspace({
    dir,
    mode: 'development',
    runbooks,
    approvers: soleApprover(approver, loaded),
    powers: solePowers(loaded),
    role,
    targets,
    notify: await readNotifyFile(notifyFile),
    model: 'rules',
    persistent: true,
    // The secrets lie in a file: such a link would work again at every start.
    signInLink: false,
    settings,
  });
  // Compose mounts single files, which the containers' own user has to read: the folder is what keeps others out.
  mkdirSync(join(dir, 'secrets'), { recursive: true, mode: 0o700 });
  for (const name of processNames) {
    chmodSync(workspace.configFiles[name], 0o444);
    const file = join(dir, 'secrets', `${name}.json`);
    if (existsSync(file)) chmodSync(file, 0o600);
    writeFileSync(file, `${JSON.stringify(workspace.secrets[name])}\n`);
    chmodSync(file, 0o444);
  }
  const alertTokenFile = join(dir, 'keys', 'alertmanager-token');
  writeFileSync(alertTokenFile, `${workspace.webhooks.alertmanagerToken}\n`, { mode: 0o600 });
  writeFileSync(join(dir, 'keys', 'console-token'), `${workspace.signIn.token}\n`, { mode: 0o600 });
  await writeClientConfig(dir, {
    v: 1,
    temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    temporalUi: 'http://127.0.0.1:8233',
    recorderUrl: 'http://127.0.0.1:7702',
    gatewayUrl: 'http://127.0.0.1:7701',
    keys: workspace.keys,
    manifestDir: workspace.manifestDir,
    archiveDir: null,
    runbooksDir: resolve(runbooksDir),
    alertTokenFile,
    sshKey: approver.keyFile,
    person,
  });
  return workspace;
}
