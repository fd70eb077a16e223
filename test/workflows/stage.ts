import { randomBytes } from 'node:crypto';
import { activityInfo, cancelled, heartbeat } from '@temporalio/activity';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { CarriedAction, ToolCall } from '../../contracts/action.ts';
import type {
  ExecuteInput,
  ExecutorActivities,
  HoldView,
  IncidentInput,
  JudgedCall,
  JudgeInput,
  Matched,
  OrchestratorActivities,
  Proposal,
  ReasonerActivities,
  Recovery,
  SignedOutcome,
  Triage,
  WeighAlertInput,
  Weighed,
  WeighedAlert,
  WeighInput,
} from '../../contracts/incident.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import { bindAction, digestOf } from '../../policies/digest.ts';

export const role = 'payments-db';
export const context = {
  alertRef: 'a'.repeat(64),
  runbook: { id: 'postgres-blocked', digest: 'b'.repeat(64) },
  manifest: 'c'.repeat(64),
};
export const limits: Matched['limits'] = {
  stepsMax: 6,
  callsPerStepMax: 4,
  rejudgeMax: 3,
  signalsMax: 40,
  historyEventsMax: 2_000,
  effectMsMax: 5_000,
  readMsMax: 5_000,
  reasonMsMax: 5_000,
};
export const matched: Matched = {
  kind: 'matched',
  context,
  title: 'Postgres is blocked',
  role,
  severity: 'critical',
  summary: 'payments is blocked',
  approvals: { groups: ['oncall'], quorum: 1, expiryMs: 60_000 },
  recovery: { calls: [{ tool: 'postgres.activity', args: { database: 'payments' }, why: 'verify' }], settleMsMax: 0 },
  limits,
};

const writes = new Set(['postgres.terminateBackend', 'postgres.cancelBackend']);
export const readOf = (tool = 'postgres.blockingTree'): ToolCall => ({
  tool,
  args: { database: 'payments' },
  why: 'see',
});
export const writeOf = (pid = 1, tool = 'postgres.terminateBackend'): ToolCall => ({
  tool,
  args: { target: { entity: `payments:${pid}`, resultHash: 'd'.repeat(64) } },
  why: `end session ${pid}`,
});
export const turn = (...calls: ToolCall[]): Proposal => ({
  calls,
  conclusion: null,
  model: 'scripted',
  label: null,
  trace: 'e'.repeat(64),
});
/** A turn of a playbook that has no row left, because what it needs was answered already. */
export const blocked: Proposal = { ...turn(), blocked: 'row `look` needs `postgres.locks`: limits.per-incident' };
/** A turn in which the model answered nothing that can be used. */
export const failedTurn: Proposal = {
  ...turn(),
  usage: { requests: 2, inputTokens: 9_000, outputTokens: 700, costMicros: 37_500 },
  failed: { code: 'MODEL_FAILED', reason: 'model `test`: status 500' },
};
export const concluded: Proposal = { ...turn(), conclusion: 'nothing more to do' };

const verdictOf = ({ tool }: ToolCall): Verdict => {
  const kind = writes.has(tool) ? 'hold' : tool.startsWith('postgres.') ? 'read' : 'deny';
  return { kind, rule: `gate.${kind}`, reason: `judged ${kind}`, change: 'nothing' };
};

export const grantHash = '9'.repeat(64);
/** Writes are released by a grant until the executor has refused one of them; from then on they are held. */
export const grantedOnce =
  (stage: Stage) =>
  (call: ToolCall): Verdict => {
    const { kind, ...held } = verdictOf(call);
    if (kind !== 'hold' || stage.effects.length < stage.inputsOf('executeCall').length) return { kind, ...held };
    return { ...held, kind: 'auto', rule: 'ring.auto-release', grant: grantHash };
  };

export type Called = { readonly activity: string; readonly input: unknown };
export const failure = (type: string, nonRetryable = true) =>
  ApplicationFailure.create({ type, message: `${type} happened`, nonRetryable });

/**
 * The activities of one scripted incident, behind the same interfaces as the real ones. A scripted model throws when its
 * script runs out; digests are really minted from the activity's own run id. Replace any method to bend the world.
 */
export class Stage {
  readonly called: Called[] = [];
  readonly effects: string[] = [];
  triage: Triage = matched;
  script: Proposal[] = [];
  expiryMs = 60_000;
  quorum = 1;
  clock: () => number | Promise<number> = Date.now;
  recovery: Recovery = { recovered: true, detail: 'no session waits' };
  verdict: (call: ToolCall) => Verdict = verdictOf;
  /** Runs inside an activity before it does anything; throws or waits to bend it. */
  before: (activity: string) => Promise<void> | void = () => undefined;
  execute: (input: ExecuteInput, attempt: number) => Promise<SignedOutcome> = async (input) => this.effect(input);

  inputsOf(activity: string): unknown[] {
    return this.called.filter((one) => one.activity === activity).map(({ input }) => input);
  }

  /** How each write so far ended, as the model was told last. */
  toldEnds(): { readonly end: string; readonly rule: string }[] {
    return (this.inputsOf('proposeCalls').at(-1) as { ends: { end: string; rule: string }[] }).ends;
  }

  recordsOf(kind: string): Record<string, unknown>[] {
    return this.inputsOf('recordEvent')
      .map((one) => one as Record<string, unknown>)
      .filter((one) => one.kind === kind);
  }

  effect(input: ExecuteInput): SignedOutcome {
    this.effects.push(input.digest);
    return outcomeOf(input, 'done');
  }

  async enter(activity: string, input: unknown): Promise<void> {
    this.called.push({ activity, input });
    await this.before(activity);
  }
}

const place = () => {
  const { workflowExecution, namespace } = activityInfo();
  if (workflowExecution === undefined) throw new Error('expected an activity of a workflow');
  return { ...workflowExecution, namespace };
};
export const outcomeOf = (input: ExecuteInput, status: SignedOutcome['payload']['status']): SignedOutcome => ({
  payload: {
    v: 1,
    ...origin(),
    digest: input.digest,
    attempt: 1,
    status,
    detail: `the effect: ${status}`,
    result: null,
    postcondition: null,
    startedAt: null,
    endedAt: new Date().toISOString(),
  },
  signer: `executor.${role}`,
  signature: 'f'.repeat(86),
});
const origin = () => {
  const { workflowId, runId } = place();
  return { workflowId, runId, activityId: activityInfo().activityId };
};

/** Waits as an executor does: beats, and honours a cancellation. */
export async function beatUntil(open: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => heartbeat(), 200);
  try {
    await Promise.race([open, cancelled()]);
  } finally {
    clearInterval(timer);
  }
}

async function judged(stage: Stage, { step, firstIndex }: JudgeInput, call: ToolCall, at: number): Promise<JudgedCall> {
  const verdict = stage.verdict(call);
  const where = { step, index: firstIndex + at };
  if (verdict.kind === 'deny' || verdict.kind === 'read')
    return { step: where, call, verdict, action: null, digest: null };
  const action: CarriedAction = {
    v: 1,
    step: where,
    runbook: context.runbook,
    manifest: context.manifest,
    tool: call.tool,
    args: call.args,
    preconditions: {},
    expiresAt: new Date((await stage.clock()) + stage.expiryMs).toISOString(),
    nonce: randomBytes(16).toString('base64url'),
  };
  return { step: where, call, verdict, action, digest: digestOf(bindAction(action, place())) };
}

const mustBeOurs = (action: CarriedAction, digest: string): void => {
  if (digestOf(bindAction(action, place())) !== digest) throw failure('DIGEST_MISMATCH');
};

/** A statement as the scripted desk reads it; its proof is the word `good`. */
export const statementOf = (digest: string, verdict: 'approve' | 'reject' = 'approve', person = 'ana@example.com') => ({
  statement: {
    v: 1,
    type: 'action',
    verdict,
    subject: { type: 'action', digest },
    cardDigest: digest,
    reason: 'seen',
    person,
    decidedAt: new Date().toISOString(),
    nonce: randomBytes(16).toString('base64url'),
  },
  proof: { kind: 'ssh', signature: 'good' },
});
function weigh({ raw, hold }: WeighInput): Weighed {
  const refused = (code: string): Weighed => ({ kind: 'refused', code, reason: `expected otherwise: ${code}` });
  const signed = raw as Partial<ReturnType<typeof statementOf>> | null;
  const { statement, proof } = signed ?? {};
  if (statement?.subject === undefined || proof === undefined) return refused('STATEMENT_MALFORMED');
  if (proof.signature !== 'good') return refused('STATEMENT_BAD_PROOF');
  if (statement.subject.digest !== hold.digest) return refused('STATEMENT_WRONG_SUBJECT');
  return {
    kind: 'counts',
    verdict: statement.verdict,
    person: statement.person,
    statement: signed as never,
    hash: digestOf(statement),
  };
}

/** The gateway's signature on every alert after the first, as the scripted judge reads it. */
export const gatewaySignature = 'h'.repeat(86);
function weighedAlert({ incident: { alert }, raw }: WeighAlertInput): WeighedAlert {
  const refused = (code: string): WeighedAlert => ({ kind: 'refused', code, reason: `expected otherwise: ${code}` });
  const signed = raw as typeof alert | null;
  if (signed?.payload?.alert === undefined) return refused('BAD_INPUT');
  if (digestOf(signed) === digestOf(alert)) return { kind: 'own' };
  if (signed.signature !== gatewaySignature) return refused('BAD_SIGNATURE');
  if (signed.payload.alert.fingerprint !== alert.payload.alert.fingerprint) return refused('RUNBOOK_MISMATCH');
  return { kind: signed.payload.alert.status === 'firing' ? 'repeats' : 'resolved' };
}

export type StageOf = () => Stage;
export const orchestratorActivities = (stageOf: StageOf): OrchestratorActivities => ({
  async beginIncident(input: IncidentInput) {
    await stageOf().enter('beginIncident', input);
    return stageOf().triage;
  },
  async judge(input) {
    await stageOf().enter('judge', input);
    return Promise.all(input.calls.map((call, at) => judged(stageOf(), input, call, at)));
  },
  async weighStatement(input) {
    await stageOf().enter('weighStatement', input);
    return weigh(input);
  },
  async weighAlert(input) {
    await stageOf().enter('weighAlert', input);
    return weighedAlert(input);
  },
  async wasReset(input) {
    await stageOf().enter('wasReset', input);
    return digestOf(bindAction(input.action, place())) !== input.digest;
  },
  async assessRecovery(input) {
    await stageOf().enter('assessRecovery', input);
    return stageOf().recovery;
  },
  async recordEvent(input) {
    await stageOf().enter('recordEvent', input);
  },
  async recordCard(input) {
    await stageOf().enter('recordCard', input);
    const { judged, prediction } = input;
    if (judged.action === null || judged.digest === null) throw failure('BAD_INPUT');
    mustBeOurs(judged.action, judged.digest);
    return viewOf(stageOf(), judged.action, judged.digest, judged.call.why, prediction.payload.does);
  },
  async recordRehearsal(input) {
    await stageOf().enter('recordRehearsal', input);
    mustBeOurs(input.judged.action as CarriedAction, input.judged.digest ?? '');
  },
  async page(input) {
    await stageOf().enter('page', input);
  },
});
const viewOf = (
  stage: Stage,
  { tool, step, expiresAt }: CarriedAction,
  digest: string,
  why: string,
  does: string,
): HoldView => ({
  digest,
  cardDigest: digest,
  step,
  tool,
  risk: 'high',
  does,
  target: 'session 1 of payments',
  why,
  changes: ['one session ends'],
  blastRadius: ['one client'],
  inverse: 'cannot be undone',
  groups: ['oncall'],
  quorum: stage.quorum,
  expiresAt,
  rule: 'gate.hold',
});

export const reasonerActivities = (stageOf: StageOf): ReasonerActivities => ({
  async proposeCalls(input) {
    await stageOf().enter('proposeCalls', input);
    const next = stageOf().script[input.step];
    if (next === undefined) throw failure('MODEL_FAILED');
    return next;
  },
});

export const executorActivities = (stageOf: StageOf): ExecutorActivities => ({
  async readCall(input) {
    await stageOf().enter('readCall', input);
    return {
      step: input.step,
      tool: input.call.tool,
      resultHash: digestOf(input),
      at: new Date().toISOString(),
      entityCount: 1,
      bytes: 10,
    };
  },
  async predict(input) {
    await stageOf().enter('predict', input);
    mustBeOurs(input.action, input.digest);
    const said = {
      dryRun: false,
      does: `ends a session by ${input.action.tool}`,
      target: 'session 1',
      changes: [],
      blastRadius: ['one client'],
    };
    const payload = { v: 1 as const, ...origin(), digest: input.digest, at: new Date().toISOString(), ...said };
    return { payload, signer: `executor.${role}`, signature: 'f'.repeat(86) };
  },
  async executeCall(input) {
    await stageOf().enter('executeCall', input);
    mustBeOurs(input.action, input.digest);
    return stageOf().execute(input, activityInfo().attempt);
  },
});
export { CancelledFailure };
