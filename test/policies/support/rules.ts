import { generateKeyPairSync } from 'node:crypto';
import type { PinnedKeys, PrivateKey } from '../../../contracts/config.ts';
import type { ManifestFile } from '../../../contracts/manifest.ts';
import type { ProcessId } from '../../../contracts/signed.ts';
import { buildManifest, type ManifestSource, openManifest, type Rules } from '../../../policies/manifest.ts';
import { createSigner, type Signer } from '../../../policies/signing.ts';
import { defaultPolicy } from '../../../servers/publish.ts';
import { makeKey, type TestKey } from './ssh-signer.ts';

export const now = Date.parse('2026-03-01T12:00:00.000Z');
export const at = (ms: number): string => new Date(ms).toISOString();
export const minute = 60_000;

export function makeProcess(as: ProcessId): { signer: Signer; keys: PinnedKeys; key: PrivateKey } {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  const key = { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '', d: jwk.d ?? '' } as const;
  return { key, signer: createSigner(as, key), keys: { [as]: [{ kty: 'OKP', crv: 'Ed25519', x: key.x }] } };
}
export const platform = makeProcess('platform');
export const executor = makeProcess('executor.payments-db');
export const recorder = makeProcess('recorder');
export const preflight = makeProcess('preflight');
export const pinned: PinnedKeys = { ...platform.keys, ...preflight.keys, ...executor.keys, ...recorder.keys };

/** Persons of the tests, one key each; `personA` holds two. */
export const people = {
  personA: makeKey('ssh-ed25519'),
  personAOther: makeKey('ecdsa-sha2-nistp256'),
  personB: makeKey('ssh-ed25519'),
  personC: makeKey('sk-ssh-ed25519@openssh.com'),
  /** In the directory, in no group that releases. */
  personD: makeKey('ssh-ed25519'),
  stranger: makeKey('ssh-ed25519'),
} satisfies Record<string, TestKey>;

export type DirectoryEntry = { person: string; groups: string[]; ssh: string[] };
export const directory: readonly DirectoryEntry[] = [
  { person: 'personA', groups: ['oncall', 'leads'], ssh: [people.personA.line, people.personAOther.line] },
  { person: 'personB', groups: ['oncall'], ssh: [people.personB.line] },
  { person: 'personC', groups: ['leads', 'managers'], ssh: [people.personC.line] },
  { person: 'personD', groups: ['readers'], ssh: [people.personD.line] },
];
const proofs = ['ssh'];
const power = (groups: string[], quorum = 1) => ({ groups, quorum, proofs });
export const powerTypes = {
  action: power(['oncall', 'leads', 'managers']),
  resume: power(['leads'], 2),
  waive: power(['leads', 'managers']),
  promote: power(['leads'], 2),
  demote: power(['oncall', 'leads']),
  revoke: power(['oncall', 'leads']),
  grade: power(['oncall', 'leads', 'managers']),
  grant: power(['leads', 'managers'], 2),
  'trip-reset': power(['leads', 'managers'], 2),
};

export const runbookId = 'postgres-blocked';
/** A runbook text; JSON is YAML, so a test changes it as data. */
export const runbookData = {
  v: 1,
  id: runbookId,
  title: 'Postgres blocked by an idle transaction',
  owner: 'payments',
  match: { labels: { alertname: 'PaymentsDatabaseBlocked' } },
  goal: 'let payments flow again',
  tools: [
    { tool: 'postgres.blockingTree', scopes: { databases: ['payments'] }, perIncidentMax: 20 },
    { tool: 'postgres.terminateBackend', scopes: { databases: ['payments'] }, perIncidentMax: 1 },
  ],
  action_boundary: { never_allow: [], require_human: ['postgres.terminateBackend'] },
  approvers: {
    groups: ['oncall', 'leads'],
    quorum: 1,
    expiryMs: 30 * minute,
    proofs: { low: ['ssh'], high: ['ssh'] },
    self_approval: false,
  },
  identity: { role: 'payments-db' },
  limits: { writesPerIncidentMax: 1, writesPerHourMax: 2 },
  dry_run_days: 14,
  playbook: [
    {
      id: 'look',
      when: { missing: 'postgres.blockingTree' },
      do: { calls: [{ tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'who blocks whom' }] },
    },
    {
      id: 'done',
      when: { none: { from: 'postgres.blockingTree', kind: 'backend' } },
      do: { conclude: 'nothing blocks' },
    },
  ],
  recovery: {
    reads: [{ tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'is the queue gone' }],
    healthy: { none: { from: 'postgres.blockingTree', kind: 'backend' } },
    settleMsMax: 5_000,
  },
  escalation: { page: 'payments-oncall' },
};

export type RulesChange = {
  readonly people?: readonly DirectoryEntry[];
  readonly powers?: Record<string, unknown>;
  readonly limits?: Record<string, unknown>;
  readonly approvers?: Partial<(typeof runbookData)['approvers']>;
  readonly runbooks?: readonly { readonly text: string }[];
  readonly source?: Partial<ManifestSource>;
};

export function sourceOf(change: RulesChange = {}): ManifestSource {
  const runbook = { ...runbookData, approvers: { ...runbookData.approvers, ...change.approvers } };
  return {
    mode: 'production',
    version: 3,
    issuedAt: at(now - 60 * minute),
    notAfter: at(now + 24 * 60 * minute),
    runbooks: change.runbooks ?? [{ text: JSON.stringify(runbook) }],
    policies: [defaultPolicy()],
    approvers: JSON.stringify({ v: 1, people: change.people ?? directory }),
    powers: JSON.stringify({ v: 1, types: { ...powerTypes, ...change.powers } }),
    limits: JSON.stringify({ ...change.limits }),
    bundle: 'b'.repeat(64),
    judgeBuild: 'c'.repeat(64),
    ...change.source,
  };
}

export const manifestOf = (change: RulesChange = {}): ManifestFile => buildManifest(sourceOf(change), platform.signer);
export const rulesOf = (change: RulesChange = {}): Rules =>
  openManifest({ raw: JSON.parse(JSON.stringify(manifestOf(change))), keys: pinned, mode: 'production', now });
