import { postStatements } from '../../activities/record/client.ts';
import type { Action } from '../../contracts/action.ts';
import type { SignedAlert } from '../../contracts/alert.ts';
import type { Card } from '../../contracts/card.ts';
import type { Outcome, SignedOutcome, SignedResult } from '../../contracts/evidence.ts';
import type { FenceScope } from '../../contracts/queues.ts';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Appended } from '../../contracts/recorder-api.ts';
import type { SignedStatement, Subject } from '../../contracts/statement.ts';
import type { Entity } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { assembleCard, provenanceOf } from '../../policies/card.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { people, runbookId } from '../policies/support/rules.ts';
import type { TestKey } from '../policies/support/ssh-signer.ts';
import { type Draft, signStatement, statementOf } from '../policies/support/statements.ts';
import {
  executor,
  freshRunId,
  freshText,
  freshWorkflowId,
  gateway,
  keys,
  orchestrator,
  raiseFence,
  type Stage,
} from './stage.ts';

export const runbookOf = (rules: Rules) => {
  const loaded = rules.runbooks.get(runbookId);
  if (loaded === undefined) throw new Error('no runbook');
  return loaded;
};
export const runbookRef = (rules: Rules) => ({ id: runbookId, digest: runbookOf(rules).digest });

/** A person's signed act at this moment of the stage. */
export const say = (
  stage: Stage,
  subject: Subject,
  draft: Draft = {},
  key: TestKey = people.personA,
): SignedStatement => signStatement(statementOf(subject, { decidedAt: stage.at(), ...draft }), key);

/** The same act by two persons: what `resume` and `promote` take. */
export const sayBoth = (stage: Stage, subject: Subject): SignedStatement[] => [
  say(stage, subject),
  say(stage, subject, { person: 'personC' }, people.personC),
];

export const post = (stage: Stage, ...statements: SignedStatement[]): Promise<Appended> =>
  postStatements({ url: stage.recorder.url, keys }, statements);

/** Raises the fence of a scope and has its run signed and bound. Answers the run id. */
export async function resume(stage: Stage, scope: FenceScope): Promise<string> {
  const fenceRunId = await raiseFence(stage.world, scope);
  await post(stage, ...sayBoth(stage, { type: 'resume', scope, fenceRunId }));
  // A release has to be decided later than the resume, and the stage's clock counts whole milliseconds.
  stage.pass(5);
  return fenceRunId;
}

export async function waive(
  stage: Stage,
  ring: 1 | 2 = 2,
  rules = stage.rules,
  untilMs = 3_600_000,
): Promise<Appended> {
  const runbook = runbookRef(rules);
  return post(
    stage,
    say(stage, { type: 'waive', runbook, ring, conditions: ['dry_run_days'], until: stage.at(untilMs) }),
  );
}

/** Everything that the log must hold before any action of the runbook can be released. */
export async function ready(stage: Stage): Promise<void> {
  await resume(stage, { kind: 'all' });
  await resume(stage, { kind: 'runbook', runbook: runbookId });
  await waive(stage);
  stage.pass(5);
}

export function alertOf(stage: Stage, workflowId: string, labels: Record<string, string> = {}): SignedAlert {
  const alert = {
    source: 'alertmanager',
    fingerprint: 'f1',
    status: 'firing' as const,
    labels: { alertname: 'PaymentsDatabaseBlocked', ...labels },
    annotations: {},
    startsAt: stage.at(-60_000),
  };
  return gateway.signer.sign('alert', { v: 1 as const, workflowId, receivedAt: stage.at(), alert });
}

export type Incident = {
  readonly workflowId: string;
  readonly runId: string;
  readonly alert: SignedAlert;
  readonly alertRef: string;
  readonly rules: Rules;
};

export const alertBody = (incident: Incident): RecordBody => ({
  kind: 'alert',
  workflowId: incident.workflowId,
  runId: incident.runId,
  alertRef: incident.alertRef,
  alert: incident.alert,
  manifest: incident.rules.digest,
  runbook: runbookRef(incident.rules),
  bundle: 'build-1',
});

export function draftIncident(stage: Stage, rules = stage.rules, place: Partial<Incident> = {}): Incident {
  const workflowId = place.workflowId ?? freshWorkflowId();
  const alert = alertOf(stage, workflowId);
  return { workflowId, runId: freshRunId(), alert, alertRef: digestOf(alert), rules, ...place };
}

export async function begin(stage: Stage, rules = stage.rules, place: Partial<Incident> = {}): Promise<Incident> {
  const incident = draftIncident(stage, rules, place);
  await stage.as(orchestrator).append(alertBody(incident));
  return incident;
}

export const entityOf = (pid: number): Entity => ({
  kind: 'backend',
  id: `backend:${pid}`,
  attributes: {
    database: 'payments',
    pid,
    backendStart: '2026-03-01 11:50:00+00',
    xactStart: '2026-03-01 11:51:00+00',
    backendType: 'client backend',
    own: false,
  },
});

export function resultOf(stage: Stage, incident: Incident, pid: number): SignedResult {
  return executor.signer.sign('result', {
    v: 1 as const,
    workflowId: incident.workflowId,
    runId: incident.runId,
    activityId: 'read-1',
    step: { step: 0, index: 0 },
    runbook: runbookRef(incident.rules),
    tool: 'postgres.blockingTree',
    args: { database: 'payments' },
    at: stage.at(),
    data: { roots: [] },
    entities: [entityOf(pid)],
  });
}

export type Held = {
  readonly incident: Incident;
  readonly action: Action;
  readonly digest: string;
  readonly card: Card;
  readonly cardDigest: string;
};
export type HoldChange = {
  readonly pid?: number;
  readonly tool?: string;
  readonly action?: Partial<Action>;
  /** The signed read that the target is of; without it, one that the log does not know. */
  readonly result?: SignedResult;
};

/** A held action with its card, as the executor and the orchestrator make them; the card is not recorded yet. */
export async function draftHold(stage: Stage, incident: Incident, change: HoldChange = {}): Promise<Held> {
  const pid = change.pid ?? 4711;
  const result = change.result ?? resultOf(stage, incident, pid);
  const resultHash = await stage.as(executor).putBlob(jcs(result));
  const target = { entity: entityOf(pid), result: result.payload };
  const ref = { entity: target.entity.id, resultHash };
  const tool = change.tool ?? 'postgres.terminateBackend';
  const contract = toolRegistry.get(tool);
  if (contract === undefined) throw new Error('no tool');
  const action: Action = {
    v: 1,
    step: { step: 1, index: 0 },
    runbook: runbookRef(incident.rules),
    manifest: incident.rules.digest,
    tool,
    args: { target: ref },
    preconditions: contract.preconditionsOf(target.entity),
    expiresAt: stage.at(20 * 60_000),
    nonce: freshText(),
    namespace: stage.world.namespace,
    workflowId: incident.workflowId,
    runId: incident.runId,
    ...change.action,
  };
  const digest = digestOf(action);
  const prediction = executor.signer.sign('prediction', {
    v: 1 as const,
    workflowId: incident.workflowId,
    runId: incident.runId,
    activityId: 'predict-1',
    digest,
    at: stage.at(),
    dryRun: false,
    does: 'ends one session',
    target: `backend ${pid}`,
    changes: [],
    blastRadius: ['one session'],
  });
  const card = assembleCard({
    action,
    digest,
    contract,
    runbook: runbookOf(incident.rules),
    rules: incident.rules,
    provenance: provenanceOf(ref, target),
    findings: [],
    judgedWhy: 'it blocks',
    prediction,
  });
  return { incident, action, digest, card, cardDigest: digestOf(card) };
}

export const cardBody = ({ incident, card, cardDigest }: Held): RecordBody => ({
  kind: 'card',
  workflowId: incident.workflowId,
  runId: incident.runId,
  cardDigest,
  card,
});

export async function hold(stage: Stage, incident: Incident, change: HoldChange = {}): Promise<Held> {
  const held = await draftHold(stage, incident, change);
  await stage.as(orchestrator).append(cardBody(held));
  return held;
}

/** What the orchestrator has recorded of a write that was rehearsed instead of held. */
export const rehearsalBody = ({
  incident,
  card,
  cardDigest,
  digest,
}: Held): Extract<RecordBody, { kind: 'verdict' }> => ({
  kind: 'verdict',
  workflowId: incident.workflowId,
  runId: incident.runId,
  step: card.action.step,
  tool: card.action.tool,
  verdict: { kind: 'rehearse', rule: 'ring.read-only', reason: 'ring 0', change: 'a promotion' },
  digest,
  rehearsal: { cardDigest, card },
});

export async function rehearse(stage: Stage, incident: Incident, change: HoldChange = {}): Promise<Held> {
  const held = await draftHold(stage, incident, change);
  await stage.as(orchestrator).append(rehearsalBody(held));
  return held;
}

/** A person's release of a held action, or their no. */
export const decide = (stage: Stage, held: Held, draft: Draft = {}, key: TestKey = people.personA): SignedStatement =>
  say(stage, { type: 'action', digest: held.digest }, { cardDigest: held.cardDigest, ...draft }, key);

export const requestOf = (
  held: Held,
  statements: SignedStatement[],
  change: Partial<ReceiptRequest> = {},
): ReceiptRequest => ({
  v: 1,
  action: held.action,
  digest: held.digest,
  cardDigest: held.cardDigest,
  alertRef: held.incident.alertRef,
  activityId: 'execute-1',
  activityAttempt: 1,
  execution: 'first'.padEnd(22, '-'),
  statements,
  grant: null,
  ...change,
});

export function outcomeOf(
  stage: Stage,
  held: Held,
  change: Partial<Outcome> = {},
  signer = executor.signer,
): SignedOutcome {
  return signer.sign('outcome', {
    v: 1 as const,
    workflowId: held.incident.workflowId,
    runId: held.incident.runId,
    activityId: 'execute-1',
    digest: held.digest,
    attempt: 1,
    status: 'done' as const,
    detail: 'ended',
    result: null,
    postcondition: { held: true, detail: 'gone' },
    startedAt: stage.at(),
    endedAt: stage.at(),
    ...change,
  });
}

/** The code of a refusal that `work` ends in, or `none`. */
export async function codeFrom(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return code === undefined || code === 'INTERNAL' || code === 'RECORDER_AWAY' ? `${code}: ${message}` : code;
  }
}
