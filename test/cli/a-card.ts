import type { Asked } from '../../cli/statements/open-card.ts';
import type { Action } from '../../contracts/action.ts';
import type { Card } from '../../contracts/card.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { makeProcess, executor as ofRole, pinned, rulesOf, runbookData, runbookId } from '../policies/support/rules.ts';

const at = '2026-01-31T09:30:00.000Z';
const workflowId = 'incident/alertmanager/abc';
const runId = '3f1c0f0e-0000-4000-8000-000000000000';

const ofAnotherRole = makeProcess('executor.orders-db');
export const keys: PinnedKeys = { ...pinned, ...ofAnotherRole.keys };
/** The executor of the runbook's own role, and one that is pinned for the runbooks of another. */
export const executor = ofRole.signer;
export const otherExecutor = ofAnotherRole.signer;
/** A signer with the executor's name and another key: what a thief of the name alone could make. */
export const impostor = makeProcess('executor.payments-db').signer;

export const rules = rulesOf();

export const action: Action = {
  v: 1,
  namespace: 'default',
  workflowId,
  runId,
  step: { step: 4, index: 0 },
  runbook: { id: runbookId, digest: rules.runbooks.get(runbookId)?.digest ?? '' },
  manifest: rules.digest,
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
  runbookTitle: runbookData.title,
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
  inverse: { tool: null, note: 'cannot be undone: the rolled-back work has to be done again by its client' },
  quorum: 1,
  groups: ['oncall', 'leads'],
  expiresAt: action.expiresAt,
  ...more,
});

export const askedFor = (card: unknown, more: Partial<Asked> = {}): Asked => ({
  namespace: 'default',
  workflowId,
  digest,
  cardDigest: digestOf(card),
  ...more,
});

/** The signer's own manifests: exactly the one that the action names. */
export async function ownRules(manifest: string): Promise<Rules> {
  if (manifest === rules.digest) return rules;
  throw new HoldpointError('MANIFEST_UNKNOWN', 'expected the manifest of the tests');
}
