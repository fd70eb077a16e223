import type { Card } from '../../../contracts/card.ts';
import type { RecordBody, SignedRecord } from '../../../contracts/record.ts';
import type { RunbookRef } from '../../../contracts/runbook.ts';
import type { Trip } from '../../../contracts/standing.ts';
import type { Subject } from '../../../contracts/statement.ts';
import { at, minute, now } from './rules.ts';
import { type Draft, runId, statementOf } from './statements.ts';

// A log drawn body by body, for the fold alone: what the recorder would have refused can be drawn as well.

export const runbook: RunbookRef = { id: 'blocked', digest: 'a'.repeat(64) };
export const others: RunbookRef[] = [
  { id: 'blocked', digest: 'b'.repeat(64) },
  { id: 'other', digest: 'a'.repeat(64) },
];
/** `ms`: when it was recorded; without it, a millisecond after the one before. */
export type Draws = { readonly body: RecordBody; readonly by?: string; readonly ms?: number };

export const record = (seq: number, { body, by = 'recorder', ms = now + seq }: Draws): SignedRecord =>
  ({
    payload: { v: 1, seq, prev: '0'.repeat(64), at: at(ms), by, body },
    signer: 'recorder',
    signature: 's'.repeat(86),
  }) as SignedRecord;
export const logOf = (...draws: Draws[]): SignedRecord[] => draws.map((one, seq) => record(seq, one));
export const extended = (log: readonly SignedRecord[], ...more: Draws[]): SignedRecord[] => [
  ...log,
  ...more.map((one, index) => record(log.length + index, one)),
];
export const later = (ms: number, drawn: Draws): Draws => ({ ...drawn, ms });

type Change = Exclude<Subject, { type: 'action' | 'resume' }>;
export function standing(subject: Change, draft: Draft = {}): Draws {
  // The fold believes what the recorder verified: nobody has to sign here.
  const statements = [{ statement: statementOf(subject, draft), proof: { kind: 'ssh' as const, signature: 's' } }];
  const about = 'runbook' in subject ? subject.runbook : null;
  return { body: { kind: 'standing', change: subject.type, runbook: about, statements } };
}
export const waive = (ring: 1 | 2, forMs: number, ref = runbook) =>
  standing({ type: 'waive', runbook: ref, ring, conditions: ['dry_run_days'], until: at(now + forMs) });
export const attestation = 'f'.repeat(64);
export const promote = (ring: 1 | 2, ref = runbook) => standing({ type: 'promote', runbook: ref, ring, attestation });
export const demote = (ring: 0 | 1, ref = runbook) => standing({ type: 'demote', runbook: ref, ring });
export const revoke = (hash: string) => standing({ type: 'revoke', record: hash });
export const grade = (digest: string, correct: boolean, person = 'personA') =>
  standing({ type: 'grade', proposal: digestNamed(digest), correct }, { person });
export const grant = (count: number, forMs = minute, ref = runbook, tool = lowTool) =>
  standing({ type: 'grant', runbook: ref, tool, conditions: [], until: at(now + forMs), count });
export const tripReset = (hash: string) => standing({ type: 'trip-reset', record: hash });
export const trip = (scope: Trip['scope'] = 'runbook', ref = runbook): Draws => ({
  body: {
    kind: 'standing',
    change: 'trip',
    runbook: scope === 'all' ? null : ref,
    statements: [],
    trip: { scope, limit: 'destructive', count: 5, max: 5, at: at(now) },
  },
});
export const manifest = (...runbooks: RunbookRef[]): Draws => ({
  body: { kind: 'manifest', manifest: 'c'.repeat(64), file: 'd'.repeat(64), version: 1, mode: 'production', runbooks },
});

export const lowTool = 'postgres.cancelBackend';
export const highTool = 'postgres.terminateBackend';
export const executorId = 'executor.payments-db';
/** A digest that a test can name: `1` is sixty-four ones. */
export const digestNamed = (name: string): string => name.padStart(64, '0');

export type Drawn = {
  readonly ref?: RunbookRef;
  readonly workflow?: string;
  readonly tool?: string;
  readonly target?: string;
  readonly grant?: string | null;
};
const incidentOf = ({ workflow = 'w1' }: Drawn) => ({ workflowId: workflow, runId });
export const alert = (workflow = 'w1', ref: RunbookRef | null = runbook): Draws => ({
  body: {
    kind: 'alert',
    ...incidentOf({ workflow }),
    alertRef: 'e'.repeat(64),
    alert: {} as never,
    manifest: 'c'.repeat(64),
    runbook: ref,
    bundle: 'build-1',
  },
});
const cardOf = (name: string, drawn: Drawn): Card =>
  ({
    digest: digestNamed(name),
    action: actionOf(drawn),
    prediction: { signer: executorId },
    provenance: { entity: { id: drawn.target ?? 'backend:1' } },
  }) as Card;
const actionOf = ({ ref = runbook, workflow = 'w1', tool = highTool }: Drawn) => ({
  runbook: ref,
  workflowId: workflow,
  tool,
  manifest: 'c'.repeat(64),
});
export const held = (name: string, drawn: Drawn = {}): Draws => ({
  body: { kind: 'card', ...incidentOf(drawn), cardDigest: digestNamed(name), card: cardOf(name, drawn) },
});
const verdictOf = (kind: 'deny' | 'rehearse', rule: string, drawn: Drawn) => ({
  kind: 'verdict' as const,
  ...incidentOf(drawn),
  step: { step: 1, index: 0 },
  tool: drawn.tool ?? highTool,
  verdict: { kind, rule, reason: '', change: '' },
});
export const rehearsed = (name: string, drawn: Drawn = {}): Draws => ({
  body: {
    ...verdictOf('rehearse', 'ring.read-only', drawn),
    digest: digestNamed(name),
    rehearsal: { cardDigest: digestNamed(name), card: cardOf(name, drawn) },
  },
});
export const denied = (rule: string, drawn: Drawn = {}): Draws => ({
  body: { ...verdictOf('deny', rule, drawn), digest: null, rehearsal: null },
});
export const refused = (name: string, rule: string | undefined, by = executorId): Draws => ({
  by,
  body: {
    kind: 'refusal',
    ...incidentOf({}),
    digest: digestNamed(name),
    what: 'executeCall',
    code: 'VERDICT_NOT_HOLD',
    reason: '',
    raw: null,
    ...(rule === undefined ? {} : { rule }),
  },
});
export const intent = (name: string, drawn: Drawn = {}, attempt = 1): Draws => ({
  body: {
    kind: 'intent',
    ...incidentOf(drawn),
    digest: digestNamed(name),
    attempt,
    executor: executorId,
    request: { action: actionOf(drawn), grant: drawn.grant ?? null },
  } as RecordBody,
});
/** `known`: what was read afterwards; null when nothing was. */
export const outcome = (name: string, status = 'done', known: boolean | null = true, attempt = 1): Draws => ({
  by: executorId,
  body: {
    kind: 'outcome',
    ...incidentOf({}),
    digest: digestNamed(name),
    attempt,
    outcome: { payload: { status, postcondition: known === null ? null : { held: known, detail: '' } } },
    status,
    why: '',
  } as RecordBody,
});
/** The recorder's own word on an attempt that nobody reported. */
export const unheard = (name: string): Draws => {
  const { body } = outcome(name, 'unknown', null);
  return { body: { ...body, outcome: null } as RecordBody };
};
