import type { LogRecord } from '../../contracts/record.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import type { KillView } from '../../gateway/console/kills.ts';
import type { Page } from '../../gateway/console/page.ts';
import { showEvidence } from '../../gateway/console/pages/evidence.ts';
import { showIncident } from '../../gateway/console/pages/incident.ts';
import { showIncidents } from '../../gateway/console/pages/incidents.ts';
import { showKill, showKills } from '../../gateway/console/pages/kills.ts';
import { showRecord } from '../../gateway/console/pages/record.ts';
import { showRunbooks } from '../../gateway/console/pages/runbooks.ts';
import { showHold } from '../../gateway/console/pages/show-hold.ts';
import { action, cardOf, executor, predictionOf } from '../cli/a-card.ts';

const at = '2026-01-31T09:30:00.000Z';
const hash = 'c'.repeat(64);
const workflowId = action.workflowId;
const config = { origin: 'https://holdpoint.example.com', commands: { home: null, temporalAddress: null } };
const view = (reason: string): KillView => ({
  ...{
    id: 'kill',
    scope: { kind: 'all' } as const,
    name: 'all',
    by: 'phone',
    reason,
    askedAt: at,
    state: 'complete' as const,
  },
  ...{ acknowledgedAt: at, acknowledgedMs: 104, failure: null },
  report: {
    ...{ scope: 'all', reason, wasOpen: true, acknowledgedMs: 104, elapsedMs: 900, passes: 2, complete: true },
    ...{ cancelled: [{ workflowId, runId: action.runId }], terminated: [], undecided: [] },
  },
});

/** Every page with this text in each field that anybody outside can fill, and in some that a liar could. */
export function pagesWith(text: string): Readonly<Record<string, Page>> {
  const why = text.slice(0, 1_000);
  const brief = text.slice(0, 500);
  const prediction = executor.sign(
    'prediction',
    predictionOf({ does: brief, target: brief, changes: [brief], blastRadius: [brief] }),
  );
  const entity = { kind: 'backend', id: brief, attributes: { application: text } };
  const base = cardOf();
  const card = cardOf({
    why,
    prediction,
    runbookTitle: text.slice(0, 120),
    groups: [text.slice(0, 63)],
    inverse: { tool: null, note: brief },
    provenance: { ...base.provenance, entity },
  });
  const pending = {
    digest: hash,
    does: brief,
    target: brief,
    approvedBy: [brief],
    quorum: 1,
    expiresAt: at,
    cardDigest: hash,
  };
  const log = { records: recordsWith(text), whole: true };
  const here = <T>(value: T) => ({ kind: 'here' as const, value });
  const effect = {
    digest: hash,
    attempt: 1,
    workflowId: brief,
    runbook: 'r',
    tool: brief,
    admittedAt: at,
    begunAt: at,
    endedAt: at,
    status: 'done',
    detail: brief,
  };
  return {
    incidents: showIncidents(
      {
        all: true,
        rows: here([
          {
            workflowId: brief,
            runId: 'r',
            status: 'RUNNING',
            state: brief,
            severity: brief,
            runbook: brief,
            awaiting: 1,
            startedAt: at,
          },
        ]),
      },
      Date.parse(at),
    ),
    incident: showIncident({
      workflowId,
      run: here({ status: 'RUNNING', startedAt: at }),
      state: here({ state: 'held', runbook: brief, severity: brief, outcome: null, awaiting: 1 }),
      timeline: here([{ at, what: brief, detail: brief }]),
      pending: here([pending] as never),
      log: here(log),
    }),
    hold: showHold(
      {
        ...{ workflowId, digest: card.digest, card: { card, cardDigest: hash, seq: 1 }, rehearsed: false },
        pending: here(pending as never),
        statements: [],
        refusals: [{ seq: 1, code: brief, reason: brief }],
        ends: [{ seq: 2, at, status: brief.slice(0, 16), detail: brief }],
        ...{ admitted: false, sealed: false },
      },
      Date.parse(at),
      config,
    ),
    evidence: showEvidence({
      workflowId,
      hash,
      seq: 1,
      result: {
        signer: 'executor.x',
        signature: '',
        payload: {
          tool: brief.slice(0, 64),
          args: { text: brief },
          at,
          data: { text, [brief.slice(0, 200)]: 1 },
          entities: [entity],
        },
      },
    } as never),
    runbooks: showRunbooks(
      here([{ status: statusWith(text), scope: { name: 'fence/runbook/r', state: 'stopped', how: brief } }]),
      Date.parse(at),
    ),
    record: showRecord(here({ head: { seq: 9, hash, at }, from: 0, records: log.records })),
    kills: showKills([view(brief)]),
    kill: showKill({
      view: view(brief),
      receipt: here({
        whole: false,
        receipt: {
          inFlight: [effect],
          lastBegunBefore: effect,
          begunAfter: [effect],
          open: 0,
          unknown: 0,
          recorded: null,
        },
      }),
    }),
  };
}

function recordsWith(text: string): LogRecord[] {
  const brief = text.slice(0, 500);
  const place = { workflowId, runId: action.runId };
  const bodies = [
    {
      kind: 'proposal',
      ...place,
      step: 0,
      model: brief.slice(0, 64),
      label: brief.slice(0, 120),
      calls: [{ tool: brief.slice(0, 64), args: { text }, why: brief }],
      conclusion: brief,
      trace: hash,
    },
    {
      kind: 'verdict',
      ...place,
      step: { step: 0, index: 0 },
      tool: brief.slice(0, 64),
      verdict: { kind: 'deny', rule: 'a.b', reason: brief, change: brief },
      digest: null,
      rehearsal: null,
    },
    {
      kind: 'refusal',
      ...place,
      digest: null,
      what: brief.slice(0, 120),
      code: brief.slice(0, 64),
      reason: brief,
      raw: text,
    },
    { kind: 'page', ...place, about: brief.slice(0, 64), to: brief.slice(0, 200), detail: brief, delivered: false },
    {
      kind: 'result',
      ...place,
      evidence: {
        step: { step: 0, index: 0 },
        tool: brief.slice(0, 64),
        resultHash: hash,
        at,
        entityCount: 1,
        bytes: 9,
      },
      signer: 'executor.x',
    },
    {
      kind: 'statement',
      ...place,
      hash,
      statement: {
        statement: {
          person: 'first@example.com',
          verdict: 'reject',
          reason: brief,
          decidedAt: at,
          subject: { type: 'action', digest: hash },
        },
        proof: { kind: 'ssh' },
      },
    },
    {
      kind: 'intent',
      ...place,
      digest: hash,
      attempt: 1,
      issuedAt: at,
      request: { action: { ...action, tool: brief.slice(0, 64) } },
    },
    { kind: 'outcome', ...place, digest: hash, attempt: 1, status: brief.slice(0, 16), why: brief, outcome: null },
  ];
  return bodies.map((body, seq) => ({ v: 1, seq, prev: hash, at, by: 'recorder', body })) as unknown as LogRecord[];
}

function statusWith(text: string): RunbookStatus {
  const breaker = {
    destructive: { count: 0, max: 9 },
    consecutive: { count: 0, max: 9 },
    errorBudget: { events: 0, unexpected: 0, allowed: 0 },
    trip: null,
  };
  return {
    ...{ v: 1, runbook: 'r', digest: hash, title: text.slice(0, 120), manifestVersion: 1, seq: 1, at, given: [] },
    standing: {
      ring: 0,
      rule: text.slice(0, 64),
      record: null,
      until: at,
      dryRunSince: at,
      trip: null,
      grants: [{ record: hash, tool: text.slice(0, 64), conditions: [], until: at, count: 1, used: 0 }],
    },
    dryRun: { since: at, days: 3, daysMin: 14 },
    grades: { correct: 1, graded: 2, accuracyLowerBound: 0.1, gradedMin: 10, accuracyMin: 0.9 },
    attestation: { hash, issuedAt: at, notAfter: at, waived: [], fault: text.slice(0, 256) },
    missing: [{ condition: 'preflight', expected: 'one', got: text.slice(0, 256) }],
    towardsGrants: [],
    breakers: { runbook: breaker, all: breaker },
    ungraded: { total: 0, oldest: [] },
  };
}
