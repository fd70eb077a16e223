import type {
  ExecutorActivities,
  HoldView,
  IncidentContext,
  JudgedCall,
  Matched,
  OrchestratorActivities,
  Proposal,
  ReasonerActivities,
} from '../../contracts/incident.ts';

// Just enough of a world for the real workflow to read three times, propose a write and hold it. Texts are about as long
// as real ones: what a held incident keeps in memory is what it was told.
export const role = 'payments-db';
const hex = (digit: string): string => digit.repeat(64);
const context: IncidentContext = {
  alertRef: hex('a'),
  runbook: { id: 'postgres-blocked-by-idle-transaction', digest: hex('b') },
  manifest: hex('c'),
};
const holdMs = 3_600_000;
const reads = ['postgres.activity', 'postgres.locks', 'postgres.blockingTree'];
const target = { entity: 'backend/4711/202601310930001234', resultHash: hex('d') };

const matched: Matched = {
  kind: 'matched',
  context,
  title: 'Payments are blocked by an idle transaction',
  role,
  severity: 'critical',
  summary: 'PaymentsDatabaseBlocked on payments',
  approvals: { groups: ['oncall'], quorum: 1, expiryMs: holdMs },
  recovery: {
    calls: reads.slice(1).map((tool) => ({ tool, args: { database: 'payments' }, why: 'see whether it recovered' })),
    settleMsMax: 10_000,
  },
  limits: {
    stepsMax: 20,
    callsPerStepMax: 4,
    rejudgeMax: 3,
    signalsMax: 500,
    historyEventsMax: 10_000,
    effectMsMax: 30_000,
    readMsMax: 20_000,
    reasonMsMax: 120_000,
  },
};

function proposalOf(step: number): Proposal {
  const tool = reads[step];
  const why = 'this session is the one root of the lock queue and does nothing with its open transaction';
  const call =
    tool === undefined
      ? { tool: 'postgres.terminateBackend', args: { target }, why }
      : { tool, args: { database: 'payments' }, why };
  return { calls: [call], conclusion: null, model: 'rules', label: null, trace: hex('e') };
}

function viewOf({ step, call }: JudgedCall): HoldView {
  return {
    digest: hex('1'),
    cardDigest: hex('2'),
    step,
    tool: call.tool,
    risk: 'high',
    does: 'terminate session 4711 of database payments; its transaction is rolled back and its locks are released',
    target: 'session 4711 (payments_app, nightly-report), idle in transaction for 65 s',
    why: call.why,
    changes: ['the session ends', 'its open transaction is rolled back'],
    blastRadius: ['exactly this one session; its client gets SQLSTATE 57P01', '5 waiting sessions are then free'],
    inverse: 'cannot be undone; the client reconnects and does its work again',
    groups: ['oncall'],
    quorum: 1,
    expiresAt: new Date(Date.now() + holdMs).toISOString(),
    rule: 'standing.ring-2',
  };
}

type Scripted = Pick<OrchestratorActivities, 'beginIncident' | 'judge' | 'recordEvent' | 'recordCard' | 'page'>;

/** `onHeld` is called once for each workflow that has come to wait: the page about its hold says so. */
export const orchestratorActivities = (onHeld: () => void): Scripted => ({
  beginIncident: async () => matched,
  judge: async ({ step, calls }) =>
    calls.map((call, index) => {
      const where = { step, index };
      const isRead = reads.includes(call.tool);
      const verdict = { kind: isRead ? 'read' : 'hold', rule: 'gate', reason: 'as judged', change: '' } as const;
      if (isRead) return { step: where, call, verdict, action: null, digest: null };
      const { runbook, manifest } = context;
      const preconditions = { pid: '4711', backendStart: '2026-01-31 09:30:00.001234+00' };
      const expiresAt = new Date(Date.now() + holdMs).toISOString();
      const { tool, args } = call;
      const nonce = 'n'.repeat(22);
      const action = { v: 1 as const, step: where, runbook, manifest, tool, args, preconditions, expiresAt, nonce };
      return { step: where, call, verdict, action, digest: hex('1') };
    }),
  recordEvent: async () => undefined,
  recordCard: async ({ judged }) => viewOf(judged),
  page: async ({ about }) => {
    if (about === 'hold-waits') onHeld();
  },
});

export const reasonerActivities: ReasonerActivities = { proposeCalls: async ({ step }) => proposalOf(step) };

export const executorActivities: Pick<ExecutorActivities, 'readCall' | 'predict'> = {
  readCall: async ({ step, call }) => ({
    step,
    tool: call.tool,
    resultHash: hex('d'),
    at: new Date().toISOString(),
    entityCount: 6,
    bytes: 4_096,
  }),
  predict: async ({ digest }) => ({
    payload: {
      v: 1,
      workflowId: 'incident/bench/0',
      runId: '00000000-0000-4000-8000-000000000000',
      activityId: '1',
      digest,
      at: new Date().toISOString(),
      dryRun: false,
      does: 'terminate session 4711 of database payments',
      target: 'session 4711',
      changes: ['the session ends'],
      blastRadius: ['exactly this one session'],
    },
    signer: `executor.${role}`,
    signature: 'f'.repeat(86),
  }),
};
