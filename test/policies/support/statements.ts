import type { Action } from '../../../contracts/action.ts';
import type { SignedStatement, Statement, Subject } from '../../../contracts/statement.ts';
import { digestOf } from '../../../policies/digest.ts';
import type { Rules } from '../../../policies/manifest.ts';
import { sshNamespace, statementBytes } from '../../../policies/statement.ts';
import { at, minute, now, people, runbookId } from './rules.ts';
import { signSsh, type TestKey } from './ssh-signer.ts';

export const cardDigest = 'd'.repeat(64);
export const runId = '0f1e2d3c-4b5a-4678-9abc-def012345678';
export const workflowId = 'incident/alertmanager/ab12cd34';

export function actionOf(rules: Rules, change: Partial<Action> = {}): Action {
  return {
    v: 1,
    step: { step: 3, index: 0 },
    runbook: { id: runbookId, digest: rules.runbooks.get(runbookId)?.digest ?? '' },
    manifest: rules.digest,
    tool: 'postgres.terminateBackend',
    args: { target: { entity: 'backend:4711', resultHash: 'a'.repeat(64) } },
    preconditions: { pid: '4711', backendStart: '2026-03-01 11:50:00+00', xactStart: '2026-03-01 11:51:00+00' },
    expiresAt: at(now + 20 * minute),
    nonce: 'n'.repeat(22),
    namespace: 'default',
    workflowId,
    runId,
    ...change,
  };
}

let nonces = 0;
export const freshNonce = (): string => `nonce-${String(++nonces).padStart(20, '0')}`;

export type Draft = Partial<Omit<Statement, 'subject'>> & { readonly subject?: Subject };
export function statementOf(subject: Subject, draft: Draft = {}): Statement {
  return {
    v: 1,
    type: subject.type,
    verdict: 'approve',
    subject,
    cardDigest: subject.type === 'action' ? cardDigest : null,
    reason: 'seen on the card',
    person: 'personA',
    decidedAt: at(now - minute),
    nonce: freshNonce(),
    ...draft,
  };
}

/** Signed as `ssh-keygen -Y sign -n holdpoint-<type>@v1` does; `namespace` and `bytes` are for those who cheat. */
export function signStatement(
  statement: Statement,
  key: TestKey = people.personA,
  cheat: { readonly namespace?: string; readonly bytes?: Uint8Array } = {},
): SignedStatement {
  const signature = signSsh(key, cheat.bytes ?? statementBytes(statement), {
    namespace: cheat.namespace ?? sshNamespace(statement.type),
    flags: 5,
  });
  return { statement, proof: { kind: 'ssh', signature } };
}

export const releaseOf = (action: Action, draft: Draft = {}, key: TestKey = people.personA): SignedStatement =>
  signStatement(statementOf({ type: 'action', digest: digestOf(action) }, draft), key);
