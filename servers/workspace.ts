import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import type { ConfigOf, ModelProvider, PostgresAddress, PostgresTarget, SecretsOf } from '../contracts/config.ts';
import { type NotifyChannel, PinnedKeys, PrivateKey, ProcessConfig, ProcessSecrets } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import type { KubernetesTarget } from '../contracts/kubernetes-cluster.ts';
import type { ManifestFile } from '../contracts/manifest.ts';
import type { ProcessId } from '../contracts/signed.ts';
import type { Signer } from '../policies/signing.ts';
import { createSigner, firstIssue } from '../policies/signing.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { judgeBuild, keepBundle } from './build-info.ts';
import type { SignInSecrets, WebhookSecrets } from './keys.ts';
import { keptSecret, newDevelopmentKey, newToken, newWebhookSecrets, publicHalf } from './keys.ts';
import { freePorts, loopback } from './ports.ts';
import type { ManifestParts } from './publish.ts';
import { publishManifest } from './publish.ts';

export const processNames = ['recorder', 'gateway', 'orchestrator', 'reasoner', 'executor', 'broker'] as const;
export type ProcessName = (typeof processNames)[number];
/** Health ports by process, and the doors that others call. */
export type Ports = Readonly<Record<'gateway' | 'recorder' | 'broker' | `health.${ProcessName}`, number>>;

/** The reasoner's model; with a provider behind it, that one's settings and key. */
export type ModelChoice = {
  readonly model: ConfigOf<'reasoner'>['model'];
  readonly provider?: ModelProvider | undefined;
  readonly providerKey?: string | undefined;
};
export type WorkspaceOptions = ManifestParts &
  ModelChoice & {
    readonly dir: string;
    readonly mode: 'development';
    /** The executor's role; the runbooks' `identity.role` must name it. */
    readonly role: string;
    readonly targets: readonly PostgresTarget[];
    /** The cluster that the role acts on, where it acts on one. */
    readonly kubernetes?: KubernetesTarget;
    /** Where pages go. */
    readonly notify: readonly z.input<typeof NotifyChannel>[];
    /** File of the scripted model. */
    readonly script?: string;
    /** Free ports where none are given. */
    readonly ports?: Partial<Ports>;
    /** Keep keys and webhook secrets in files (0600) under `dir/keys`, and start from them again. */
    readonly persistent?: boolean;
    /** False: no link signs in to the console, only the token. */
    readonly signInLink?: boolean;
    /** What the console's command lines name, where other shells would not find this installation. */
    readonly commands?: { readonly home: string | null; readonly temporalAddress: string | null };
    /** Settings of single processes, such as the recorder's polling, on top of the usual ones. */
    readonly settings?: { readonly [P in ProcessName]?: Partial<ConfigOf<P>> };
  };

export type Workspace = {
  readonly dir: string;
  readonly role: string;
  readonly configFiles: Readonly<Record<ProcessName, string>>;
  readonly configs: { readonly [P in ProcessName]: ConfigOf<P> };
  readonly secrets: { readonly [P in ProcessName]: SecretsOf<P> };
  readonly keys: PinnedKeys;
  /** Signs manifests; development only, production signs elsewhere. */
  readonly platform: Signer;
  readonly urls: { readonly gateway: string; readonly recorder: string; readonly broker: string };
  readonly webhooks: WebhookSecrets;
  /** How the person at this machine signs in to the console: a token, and the word of a link that works once. */
  readonly signIn: SignInSecrets;
  readonly manifestDir: string;
  readonly archiveDir: string;
  readonly bundleDir: string;
  readonly logDir: string;
  /** A Temporal configuration file with an empty default profile. */
  readonly temporalProfile: string;
  /** The newest manifest when the workspace was prepared. */
  readonly manifest: ManifestFile;
  /** Signs changed parts as the next version; the processes load it by themselves. Throws `RUNBOOK_INVALID`. */
  publish(parts: ManifestParts): ManifestFile;
};

const folders = ['config', 'logs', 'manifests', 'archive', 'outbox', 'bundles'] as const;

/**
 * Everything that the six processes of one machine need: keys, configuration files, secrets (in memory), a signed
 * development manifest, the workflow bundle. Throws `RUNBOOK_INVALID`, `MANIFEST_*`, or `BAD_INPUT` naming a setting.
 */
export async function prepareWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const dir = resolve(options.dir);
  for (const folder of folders) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  chmodSync(join(dir, 'config'), 0o700);
  const privateKeys = makeKeys(options, dir);
  const keys = PinnedKeys.parse(Object.fromEntries([...privateKeys].map(([as, key]) => [as, [publicHalf(key)]])));
  const webhooks = makeWebhookSecrets(options, dir);
  const signIn = makeSignIn(options, dir);
  const platform = createSigner('platform', keyOf(privateKeys, 'platform'));
  const build = { bundle: keepBundle(join(dir, 'bundles')).sha256, judgeBuild: judgeBuild() };
  const publish = (parts: ManifestParts): ManifestFile =>
    publishManifest(join(dir, 'manifests'), parts, build, platform, Date.now());
  await loadSqlParser();
  const manifest = publish(options);
  const ports = await choosePorts(options.ports ?? {});
  const configs = makeConfigs(options, dir, keys, ports);
  return {
    dir,
    role: options.role,
    configs,
    configFiles: writeConfigs(dir, configs),
    secrets: makeSecrets(options, privateKeys, webhooks, signIn),
    keys,
    platform,
    urls: {
      gateway: `http://${loopback}:${ports.gateway}`,
      recorder: `http://${loopback}:${ports.recorder}`,
      broker: `http://${loopback}:${ports.broker}`,
    },
    webhooks,
    signIn,
    manifestDir: join(dir, 'manifests'),
    archiveDir: archiveDirOf(configs.recorder),
    bundleDir: join(dir, 'bundles'),
    logDir: join(dir, 'logs'),
    temporalProfile: writeProfile(dir),
    manifest,
    publish,
  };
}

/** A workspace keeps its log on this machine, where the commands that work in it look for it. */
function archiveDirOf({ archive }: ConfigOf<'recorder'>): string {
  if (archive.kind === 'directory') return archive.dir;
  throw new HoldpointError('BAD_INPUT', 'settings of recorder: expected an archive in a directory');
}

function writeProfile(dir: string): string {
  const file = join(dir, 'config', 'temporal.toml');
  writeFileSync(file, '[profile.default]\n', { mode: 0o600 });
  return file;
}

type KeyRing = ReadonlyMap<ProcessId, PrivateKey>;

function makeKeys({ role, persistent }: WorkspaceOptions, dir: string): KeyRing {
  const ids = ['platform', 'gateway', 'orchestrator', 'reasoner', 'recorder', 'broker', `executor.${role}`];
  const keyFor = (id: string): PrivateKey =>
    persistent
      ? keptSecret(join(dir, 'keys', `${id}.json`), newDevelopmentKey, (raw) => PrivateKey.parse(raw))
      : newDevelopmentKey();
  return new Map(ids.map((id) => [id, keyFor(id)]));
}

function keyOf(keys: KeyRing, id: ProcessId): PrivateKey {
  const key = keys.get(id);
  if (key === undefined) throw new HoldpointError('INTERNAL', `no key for \`${id}\``);
  return key;
}

const Webhooks = z.strictObject({ alertmanagerToken: z.string().min(24), generic: z.string().min(30) });
const makeWebhookSecrets = ({ persistent }: WorkspaceOptions, dir: string): WebhookSecrets =>
  persistent
    ? keptSecret(join(dir, 'keys', 'webhooks.json'), newWebhookSecrets, (raw) => Webhooks.parse(raw))
    : newWebhookSecrets();

/** The token is kept, so that a second browser can use it; the link is new at each start. */
function makeSignIn({ persistent }: WorkspaceOptions, dir: string): SignInSecrets {
  const file = join(dir, 'keys', 'console.json');
  const token = persistent ? keptSecret(file, newToken, (raw) => z.string().min(32).parse(raw)) : newToken();
  return { token, once: newToken() };
}

async function choosePorts(given: Partial<Ports>): Promise<Ports> {
  const names = ['gateway', 'recorder', 'broker', ...processNames.map((name) => `health.${name}` as const)] as const;
  const free = await freePorts(names.length);
  return Object.fromEntries(names.map((name, at) => [name, given[name] ?? free[at]])) as Ports;
}

function makeConfigs(options: WorkspaceOptions, dir: string, keys: PinnedKeys, ports: Ports): Workspace['configs'] {
  const shared = {
    v: 1,
    mode: 'development',
    keys,
    manifestDir: join(dir, 'manifests'),
    recorderUrl: `http://${loopback}:${ports.recorder}`,
  };
  const own: Record<ProcessName, object> = {
    gateway: {
      listen: { host: loopback, port: ports.gateway },
      console: {
        origin: `http://${loopback}:${ports.gateway}`,
        ...(options.commands && { commands: options.commands }),
      },
    },
    orchestrator: { bundleDir: join(dir, 'bundles') },
    reasoner: { model: options.model, provider: options.provider, script: options.script },
    executor: {
      role: options.role,
      outboxDir: join(dir, 'outbox'),
      brokerUrl: `http://${loopback}:${ports.broker}`,
      postgres: options.targets.map(addressOf),
      kubernetes: listOf(options.kubernetes).map(({ cluster, url, ca }) => ({ cluster, url, ca })),
    },
    broker: { listen: { host: loopback, port: ports.broker } },
    recorder: {
      listen: { host: loopback, port: ports.recorder },
      archive: { kind: 'directory', dir: join(dir, 'archive') },
      bundleDir: join(dir, 'bundles'),
    },
  };
  const entries = processNames.map((name) => {
    const health = { host: loopback, port: ports[`health.${name}`] };
    const raw = { process: name, ...shared, health, ...own[name], ...options.settings?.[name] };
    const parsed = ProcessConfig.safeParse(raw);
    if (!parsed.success) throw new HoldpointError('BAD_INPUT', `settings of ${name}: ${firstIssue(parsed.error)}`);
    return [name, parsed.data];
  });
  return Object.fromEntries(entries) as Workspace['configs'];
}

const listOf = (cluster: KubernetesTarget | undefined) => (cluster === undefined ? [] : [cluster]);

/** Where the database is, without the login that only the broker holds. Throws `BAD_INPUT`, and never shows the login. */
function addressOf({ database, mintUrl }: PostgresTarget): PostgresAddress {
  if (!URL.canParse(mintUrl))
    throw new HoldpointError('BAD_INPUT', `target \`${database}\`: expected a connection string`);
  const url = new URL(mintUrl);
  url.username = '';
  url.password = '';
  return { database, url: url.href };
}

function writeConfigs(dir: string, configs: Workspace['configs']): Workspace['configFiles'] {
  const entries = processNames.map((name) => {
    const file = join(dir, 'config', `${name}.json`);
    writeFileSync(file, `${JSON.stringify(configs[name], null, 2)}\n`, { mode: 0o600 });
    return [name, file];
  });
  return Object.fromEntries(entries) as Workspace['configFiles'];
}

function makeSecrets(
  { targets, kubernetes, notify, role, providerKey, signInLink = true }: WorkspaceOptions,
  keys: KeyRing,
  webhooks: WebhookSecrets,
  sign: SignInSecrets,
): Workspace['secrets'] {
  const own: Record<ProcessName, object> = {
    gateway: {
      alertmanager: { scheme: 'bearer', token: webhooks.alertmanagerToken },
      generic: webhooks.generic,
      console: {
        tokens: [{ name: 'this-machine', role: 'on-call', token: sign.token }],
        ...(signInLink ? { once: sign.once } : {}),
      },
    },
    orchestrator: { notify },
    reasoner: { providerKey },
    executor: {},
    broker: { postgres: targets, kubernetes: listOf(kubernetes) },
    recorder: { notify },
  };
  const entries = processNames.map((name) => {
    const key = keyOf(keys, name === 'executor' ? `executor.${role}` : name);
    const parsed = ProcessSecrets.safeParse({ process: name, key, ...own[name] });
    if (parsed.success) return [name, parsed.data];
    throw new HoldpointError(
      'BAD_INPUT',
      `secrets of ${name}: \`${parsed.error.issues[0]?.path.join('.')}\` is not as expected`,
    );
  });
  return Object.fromEntries(entries) as Workspace['secrets'];
}
