import { generateKeyPairSync } from 'node:crypto';
import type { Action } from '../../contracts/action.ts';
import type { Card } from '../../contracts/card.ts';
import type { PinnedKeys, PrivateKey } from '../../contracts/config.ts';
import { digestOf } from '../../policies/digest.ts';
import { createSigner } from '../../policies/signing.ts';

const at = '2026-01-31T09:30:00.000Z';
const workflowId = 'incident/alertmanager/abc';
const runId = '3f1c0f0e-0000-4000-8000-000000000000';

function newKey(): PrivateKey {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { kty: 'OKP', crv: 'Ed25519', x: x ?? '', d: d ?? '' };
}

const executorKey = newKey();
export const keys: PinnedKeys = { 'executor.payments-db': [{ kty: 'OKP', crv: 'Ed25519', x: executorKey.x }] };
export const executor = createSigner('executor.payments-db', executorKey);
/** A signer with the executor's name and another key: what a thief of the name alone could make. */
export const impostor = createSigner('executor.payments-db', newKey());

export const action: Action = {
  v: 1,
  namespace: 'default',
  workflowId,
  runId,
  step: { step: 4, index: 0 },
  runbook: { id: 'postgres-blocked-by-idle-transaction', digest: 'a'.repeat(64) },
  manifest: 'b'.repeat(64),
  tool: 'postgres.terminateBackend',
  args: { target: { entity: 'backend/42/1', resultHash: 'c'.repeat(64) } },
  preconditions: { pid: '42', backendStart: '2026-01-31 09:00:00+00' },
  expiresAt: '2026-01-31T09:45:00.000Z',
  nonce: 'n'.repeat(22),
};
const digest = digestOf(action);

export const predictionOf = (more: object = {}) => ({
  v: 1 as const,
  workflowId,
  runId,
  activityId: '7',
  digest,
  at,
  dryRun: false,
  does: 'end session 42 of database payments',
  target: 'session 42 of user payments_app',
  changes: ['locks held: 4'],
  blastRadius: ['exactly this one session'],
  ...more,
});

/** A card that a signer may trust, or one with some part changed. */
export const cardOf = (more: Partial<Card> = {}): Card => ({
  v: 1,
  digest,
  action,
  runbookTitle: 'Payments are blocked by an idle transaction',
  risk: 'high',
  effect: 'conditional',
  why: 'this session is the one root of the lock queue',
  prediction: executor.sign('prediction', predictionOf()),
  provenance: {
    ref: { entity: 'backend/42/1', resultHash: 'c'.repeat(64) },
    tool: 'postgres.blockingTree',
    readAt: at,
    entity: { kind: 'backend', id: 'backend/42/1', attributes: { pid: 42, application: 'nightly-report' } },
  },
  inverse: { tool: null, note: 'cannot be undone' },
  quorum: 1,
  groups: ['oncall'],
  expiresAt: action.expiresAt,
  ...more,
});

export const askedFor = (card: unknown, more: object = {}) => ({
  namespace: 'default',
  workflowId,
  digest,
  cardDigest: digestOf(card),
  ...more,
});
