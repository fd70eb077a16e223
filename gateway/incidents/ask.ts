import { QueryNotRegisteredError, WorkflowNotFoundError } from '@temporalio/client';
import { z } from 'zod';
import { HoldpointError } from '../../contracts/errors.ts';
import type { PendingHold, StateView, TimelineEntry } from '../../contracts/incident.ts';
import { Sha256, text } from '../../contracts/values.ts';
import { firstIssue } from '../../policies/signing.ts';
import { pendingQuery, stateQuery, timelineQuery } from '../../workflows/messages.ts';
import type { TemporalDeps } from '../incident-runs.ts';
import { call } from '../incident-runs.ts';

const queryMsMax = 10_000;
const linesMax = 100;
const lines = z.array(text(2_000)).max(linesMax);
const count = z.number().int().min(0);

// A worker of whoever holds a Temporal credential can answer anything: what is no incident's answer is shown to nobody.
const State: z.ZodType<StateView> = z.object({
  state: z.enum(['triage', 'investigating', 'held', 'acting', 'verifying', 'closed']),
  runbook: text(200).nullable(),
  severity: text(200).nullable(),
  outcome: z.enum(['recovered', 'concluded', 'not-recovered', 'resolved-by-alert', 'gave-up', 'unmatched']).nullable(),
  awaiting: count,
});
const Timeline: z.ZodType<TimelineEntry[]> = z
  .array(z.object({ at: z.iso.datetime(), what: text(2_000), detail: text(2_000) }))
  .max(1_000);
const Pending: z.ZodType<PendingHold[]> = z
  .array(
    z.object({
      digest: Sha256,
      cardDigest: Sha256,
      step: z.object({ step: count, index: count }),
      tool: text(200),
      risk: z.enum(['low', 'high']),
      does: text(2_000),
      target: text(2_000),
      why: text(2_000),
      changes: lines,
      blastRadius: lines,
      inverse: text(2_000),
      groups: lines,
      quorum: count,
      expiresAt: z.iso.datetime(),
      rule: text(200),
      approvedBy: lines,
      refusedSignals: count,
      lastRefusal: text(2_000).nullable(),
    }),
  )
  .max(linesMax);

/** What the workflow says of itself. It is shown, never trusted. */
export const askPending = (deps: TemporalDeps, workflowId: string): Promise<PendingHold[]> =>
  ask(deps, workflowId, Pending, () => deps.client.workflow.getHandle(workflowId).query(pendingQuery));
export const askTimeline = (deps: TemporalDeps, workflowId: string): Promise<TimelineEntry[]> =>
  ask(deps, workflowId, Timeline, () => deps.client.workflow.getHandle(workflowId).query(timelineQuery));
export const askState = (deps: TemporalDeps, workflowId: string): Promise<StateView> =>
  ask(deps, workflowId, State, () => deps.client.workflow.getHandle(workflowId).query(stateQuery));

/** Runs one query with a time limit. Throws NOT_FOUND, TEMPORAL_AWAY, or BAD_INPUT for an answer of another shape. */
async function ask<T>(deps: TemporalDeps, id: string, shape: z.ZodType<T>, query: () => Promise<unknown>): Promise<T> {
  const parsed = shape.safeParse(await answerOf(deps, id, query));
  if (parsed.success) return parsed.data;
  throw new HoldpointError('BAD_INPUT', `\`${id}\` does not answer as an incident: ${firstIssue(parsed.error)}`);
}

async function answerOf(deps: TemporalDeps, workflowId: string, query: () => Promise<unknown>): Promise<unknown> {
  try {
    return await call(deps, query, queryMsMax);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new HoldpointError('NOT_FOUND', `no incident \`${workflowId}\` in namespace \`${deps.namespace}\``);
    if (error instanceof QueryNotRegisteredError)
      throw new HoldpointError('NOT_FOUND', `\`${workflowId}\` is no incident`);
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
    throw new HoldpointError('TEMPORAL_AWAY', `\`${workflowId}\` does not answer: ${why}`);
  }
}
