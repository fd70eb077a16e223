import { z } from 'zod';
import { clustersMax, KubernetesAddress, KubernetesTarget } from './kubernetes-cluster.ts';
import { channelsMax, PageAbout, Severity } from './page.ts';
import { ProcessId } from './signed.ts';
import { Base64Url, Name } from './values.ts';

/** On a key that `dev` or `demo` made; production refuses it. */
const kid = z.literal('development').optional();
/** Ed25519 keys as JSON Web Keys (RFC 8037). */
export const PublicKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: Base64Url.length(43),
  kid,
});
export type PublicKey = z.infer<typeof PublicKey>;
export const PrivateKey = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: Base64Url.length(43),
  d: Base64Url.length(43),
  kid,
});
export type PrivateKey = z.infer<typeof PrivateKey>;

/** Pinned public keys by signer: more than one while a key is being rotated. */
export const PinnedKeys = z.record(ProcessId, z.array(PublicKey).min(1).max(4));
export type PinnedKeys = z.infer<typeof PinnedKeys>;

const Listen = z.strictObject({ host: z.string().min(1).max(255), port: z.number().int().min(0).max(65_535) });

/**
 * The web console. It is served only where this is, and where the gateway's secrets name somebody who may see it. `origin`
 * is the only address that it answers to: a name that somebody else made point here is answered with nothing.
 */
const ConsoleConfig = z.strictObject({
  origin: z
    .url({ protocol: /^https?$/ })
    .refine((url) => new URL(url).origin === url, 'expected an origin, with no path'),
  /** What the printed command lines name, where a reader's own shell would not find the installation by itself. */
  commands: z
    .strictObject({ home: z.string().max(255).nullable(), temporalAddress: z.string().max(255).nullable() })
    .default({ home: null, temporalAddress: null }),
});
export type ConsoleConfig = z.infer<typeof ConsoleConfig>;

const shared = {
  v: z.literal(1),
  mode: z.enum(['development', 'production']),
  keys: PinnedKeys,
  /** Folder that holds `manifest-<version>.json` files; each process loads its own copy. */
  manifestDir: z.string().min(1),
  recorderUrl: z.url(),
  /** `/healthz` and `/metrics`. */
  health: Listen,
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
};

/** What goes to this address must be encrypted on its way; only this very machine may be spoken to in the clear. */
const SecretUrl = z.url().refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url?.hostname ?? '');
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && loopback);
}, 'expected https');
/** Questions about an incident are asked long after it: locked for less than this, a record may be gone by then. */
export const retentionDaysMin = 90;
/**
 * Where the log is kept. A `directory` can be changed by whoever owns the disk; an object in `s3` by nobody while its lock
 * lasts. Credentials come from AWS's own chain (environment, web identity, instance role), never from a file of ours.
 */
export const ArchiveConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('directory'), dir: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('s3'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'expected the name of a bucket'),
    region: z.string().regex(/^[a-z0-9-]{1,32}$/, 'expected the name of a region'),
    /** Another server than AWS's own. */
    endpoint: SecretUrl.optional(),
    /** Words that every key begins with, without a slash at either end. */
    prefix: z
      .string()
      .max(255)
      .regex(
        /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/,
        'expected words with slashes between them',
      )
      .optional(),
    retentionDays: z.number().int().min(retentionDaysMin).max(36_500).default(400),
  }),
]);
export type ArchiveConfig = z.infer<typeof ArchiveConfig>;
export type S3Archive = Extract<ArchiveConfig, { kind: 's3' }>;

const HttpUrl = z.url({ protocol: /^https?$/ });
/** Where a database is: nobody's login is in it, whoever connects brings the one that the broker issued. */
export const PostgresAddress = z.strictObject({
  database: Name,
  url: z
    .string()
    .min(1)
    .refine((text) => URL.canParse(text) && new URL(text).username === '' && new URL(text).password === '', {
      message: 'expected an address without a login',
    }),
});
export type PostgresAddress = z.infer<typeof PostgresAddress>;
const tokens = (fallback: number) => z.number().int().min(1).max(1_000_000_000).default(fallback);
const price = z.number().min(0).max(100_000);
/**
 * A model that answers over a network: how it is reached, how long it may take, and what it may cost. A price is that of a
 * million tokens, in any one currency; 0 where nobody is paid. What one incident may cost is counted over all of its turns and runs.
 */
export const ModelProvider = z.strictObject({
  /** The model as its provider calls it. */
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:/@-]{0,127}$/, 'expected the name of a model'),
  /** Where it answers; the provider's own address where none is given. */
  baseUrl: SecretUrl.optional(),
  outputTokensMax: z.number().int().min(256).max(32_768).default(4_096),
  /** For all requests of one turn, within the activity's own time. */
  turnMsMax: z.number().int().min(1_000).max(600_000).default(90_000),
  /** A request in which so long nothing arrives is given up. */
  silenceMsMax: z.number().int().min(200).max(600_000).default(30_000),
  /** Requests for one answer, and the pause before the second of them, which doubles for each other. */
  triesMax: z.number().int().min(1).max(8).default(4),
  pauseMs: z.number().int().min(10).max(60_000).default(500),
  prices: z.strictObject({ inputPerMillion: price, outputPerMillion: price }),
  budget: z
    .strictObject({
      inputTokensMax: tokens(400_000),
      outputTokensMax: tokens(40_000),
      costMax: z.number().positive().max(100_000).default(5),
    })
    .prefault({}),
});
export type ModelProvider = z.infer<typeof ModelProvider>;
/** It goes into one header line. */
export const ProviderKey = z.string().regex(/^[\x21-\x7e]{8,512}$/, 'expected 8 to 512 visible ASCII characters');
/** What the log's checkpoints say (C2SP tlog-checkpoint), and where they are kept beside the archive. */
export const CheckpointsConfig = z
  .strictObject({
    /** What the log calls itself, for ever: another log has another one. Best a name under a domain of yours. */
    origin: z
      .string()
      .max(127)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a name like log.example.com/holdpoint')
      .default('holdpoint/log'),
    /** How often one is published where the log grew; after each seal one is as well. */
    everyMs: z.number().int().min(50).max(3_600_000).default(60_000),
    /** A folder that whoever keeps the archive cannot change: without one, and without a webhook, none is published. */
    dir: z.string().min(1).optional(),
  })
  .prefault({});
export type CheckpointsConfig = z.infer<typeof CheckpointsConfig>;

/**
 * What is not secret, one JSON file for each process, at `HOLDPOINT_CONFIG`. Temporal's address, namespace, TLS and API
 * key come from Temporal's own environment configuration (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, …).
 */
export const ProcessConfig = z.discriminatedUnion('process', [
  z.strictObject({ process: z.literal('gateway'), ...shared, listen: Listen, console: ConsoleConfig.optional() }),
  z.strictObject({
    process: z.literal('orchestrator'),
    ...shared,
    bundleDir: z.string().min(1),
    maxCachedWorkflows: z.number().int().min(1).max(10_000).default(200),
  }),
  z.strictObject({
    process: z.literal('reasoner'),
    ...shared,
    model: z.enum(['rules', 'anthropic', 'openai', 'demo', 'hijacked', 'scripted']).default('rules'),
    script: z.string().optional(),
    /** Of `anthropic`, and of `openai`, which is any server that speaks its chat completions. */
    provider: ModelProvider.optional(),
  }),
  z.strictObject({
    process: z.literal('executor'),
    ...shared,
    role: z.string().min(1).max(63),
    outboxDir: z.string().min(1),
    brokerUrl: HttpUrl,
    postgres: z.array(PostgresAddress).max(32).default([]),
    kubernetes: z.array(KubernetesAddress).max(clustersMax).default([]),
  }),
  z.strictObject({ process: z.literal('broker'), ...shared, listen: Listen }),
  z.strictObject({
    process: z.literal('recorder'),
    ...shared,
    listen: Listen,
    archive: ArchiveConfig,
    checkpoints: CheckpointsConfig,
    bundleDir: z.string().min(1),
    pollMs: z.number().int().min(50).max(60_000).default(2_000),
    fencePollMs: z.number().int().min(50).max(10_000).default(1_000),
    unknownAfterMs: z.number().int().min(1_000).max(3_600_000).default(60_000),
  }),
]);
export type ProcessConfig = z.infer<typeof ProcessConfig>;
export type ConfigOf<P extends ProcessConfig['process']> = Extract<ProcessConfig, { process: P }>;

/** Which pages a channel takes; without a word of it, all. */
const takes = {
  /** What runbooks call it under `escalation.page`, and what the record calls it. */
  name: Name,
  about: z.array(PageAbout).min(1).optional(),
  severityMin: Severity.optional(),
  /** Takes pages of those runbooks alone that name it. */
  escalationOnly: z.boolean().default(false),
};
export const pagerDutyUrl = 'https://events.pagerduty.com/v2/enqueue';
export const NotifyChannel = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('pagerduty'),
    ...takes,
    /** The integration key of an Events API v2 integration. */
    routingKey: z.string().regex(/^[A-Za-z0-9]{32}$/, 'expected 32 letters and digits'),
    url: SecretUrl.default(pagerDutyUrl),
  }),
  /** The address of an incoming webhook is its secret. */
  z.strictObject({ kind: z.literal('slack'), ...takes, url: SecretUrl }),
  /** Any receiver, signed by the Standard Webhooks scheme. */
  z.strictObject({ kind: z.literal('webhook'), ...takes, url: HttpUrl, secret: z.string().min(24).max(256) }),
]);
export type NotifyChannel = z.infer<typeof NotifyChannel>;
/** Where pages go. Empty: nobody is told, and the record says so. */
export const Notify = z
  .array(NotifyChannel)
  .max(channelsMax)
  .refine((channels) => new Set(channels.map(({ name }) => name)).size === channels.length, 'expected each name once');
export type Notify = z.infer<typeof Notify>;

/** A database, and the one login at it that lasts: it may have short-lived ones made and withdrawn, and nothing else. */
export const PostgresTarget = z.strictObject({ database: Name, mintUrl: z.string().min(1) });
export type PostgresTarget = z.infer<typeof PostgresTarget>;

export const consoleRoles = ['viewer', 'on-call'] as const;
export type ConsoleRole = (typeof consoleRoles)[number];
/** Who may see the console: a viewer reads, whoever is on call may stop things too. `once`: a development sign-in link's word. */
const ConsoleSecrets = z.strictObject({
  tokens: z
    .array(z.strictObject({ name: Name, role: z.enum(consoleRoles), token: z.string().min(32).max(512) }))
    .min(1)
    .max(256)
    .refine((all) => new Set(all.map(({ token }) => token)).size === all.length, 'expected each token once')
    .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'expected each name once'),
  once: z.string().min(32).max(512).optional(),
});
export type ConsoleSecrets = z.infer<typeof ConsoleSecrets>;

/**
 * Secrets, one JSON document for each process: from an inherited descriptor (`HOLDPOINT_SECRETS_FD`) or a mounted file
 * (`HOLDPOINT_SECRETS_FILE`), never from the environment, which every child inherits and every crash dump shows.
 */
export const ProcessSecrets = z.discriminatedUnion('process', [
  z.strictObject({
    process: z.literal('gateway'),
    key: PrivateKey,
    alertmanager: z.discriminatedUnion('scheme', [
      z.strictObject({ scheme: z.literal('bearer'), token: z.string().min(24).max(512) }),
      z.strictObject({
        scheme: z.literal('basic'),
        username: z.string().min(1).max(128),
        password: z.string().min(16).max(512),
      }),
    ]),
    /** Standard Webhooks secret, `whsec_` and base64. */
    generic: z.string().regex(/^whsec_[A-Za-z0-9+/=]{24,}$/),
    console: ConsoleSecrets.optional(),
  }),
  z.strictObject({ process: z.literal('orchestrator'), key: PrivateKey, notify: Notify }),
  z.strictObject({ process: z.literal('reasoner'), key: PrivateKey, providerKey: ProviderKey.optional() }),
  z.strictObject({ process: z.literal('executor'), key: PrivateKey }),
  z.strictObject({
    process: z.literal('broker'),
    key: PrivateKey,
    postgres: z.array(PostgresTarget).max(32),
    kubernetes: z.array(KubernetesTarget).max(clustersMax).default([]),
  }),
  z.strictObject({
    process: z.literal('recorder'),
    key: PrivateKey,
    notify: Notify,
    /** Gets every checkpoint that is published, signed by the Standard Webhooks scheme. */
    checkpointHook: z.strictObject({ url: HttpUrl, secret: z.string().min(24).max(256) }).optional(),
  }),
]);
export type CheckpointHook = NonNullable<Extract<ProcessSecrets, { process: 'recorder' }>['checkpointHook']>;
export type ProcessSecrets = z.infer<typeof ProcessSecrets>;
export type SecretsOf<P extends ProcessSecrets['process']> = Extract<ProcessSecrets, { process: P }>;
