import { randomBytes } from 'node:crypto';
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';
import { HoldpointError } from '../../contracts/errors.ts';
import type { IncidentContext, Proposal, ProposeInput, ReasonerActivities } from '../../contracts/incident.ts';
import type { ModelUsage } from '../../contracts/model-usage.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { visible } from '../../policies/visible.ts';
import { toFailure, withCodes } from '../judge/failure.ts';
import { openAsking } from './asking.ts';
import { type Beats, startBeats } from './beats.ts';
import { summaryOf } from './evidence/show.ts';
import type { EvidenceDeps, Rejected } from './evidence.ts';
import { loadAlert, loadEvidence } from './evidence.ts';
import type { Reasoned } from './graph.ts';
import { createGraph } from './graph.ts';
import type { ReadRecords } from './purse.ts';
import type { Evidence, Model } from './turn.ts';

export type ReasonerDeps = EvidenceDeps & {
  readonly model: Model;
  readonly blobs: EvidenceDeps['blobs'] & { putBlob(bytes: string): Promise<string> };
  readonly records: ReadRecords;
  /** This process's own signed copies of the manifest. */
  readonly manifests: {
    require(digest: string): { readonly runbooks: ReadonlyMap<string, LoadedRunbook> };
    reload(): Promise<void>;
  };
};

const saidCharsMax = 65_536;
const blockedCharsMax = 600;
const labelCharsMax = 120;
const modelCharsMax = 64;
const reasonCharsMax = 300;
const findingsMax = 200;

/** The activities of queue `holdpoint-reason`: one turn of reasoning each, with no effect but the trace it leaves. */
export function createReasonerActivities(deps: ReasonerDeps): ReasonerActivities {
  const reason = createGraph();
  return {
    proposeCalls: async (input) => {
      const beats = startBeats();
      try {
        return await withCodes(() => proposeCalls(deps, reason, input, beats));
      } catch (error) {
        throw ofCancellation(cancellationSignal()) ?? error;
      } finally {
        beats.stop();
      }
    },
  };
}

/** A worker that stops leaves the turn to another; whoever cancelled it wants none. */
function ofCancellation({ aborted, reason }: AbortSignal): Error | null {
  if (!aborted) return null;
  if (reason instanceof Error && reason.message === 'CANCELLED')
    return new CancelledFailure('cancelled before it ended');
  return toFailure(new HoldpointError('TEMPORAL_AWAY', 'this reasoner is stopping'));
}

async function proposeCalls(
  deps: ReasonerDeps,
  reason: ReturnType<typeof createGraph>,
  input: ProposeInput,
  beats: Beats,
): Promise<Proposal> {
  // The activity's own context says which incident this is; the input could name another.
  const { workflowId, runId } = ownExecution();
  const { context, step, ends, callsMax } = input;
  const runbook = await requireRunbook(deps, context);
  const question = { workflowId, context, runbook, refs: input.evidence };
  const [alert, { evidence, rejected }] = await Promise.all([loadAlert(deps, question), loadEvidence(deps, question)]);
  const absent = 'code' in alert ? [alert, ...rejected] : rejected;
  const marker = randomBytes(16).toString('hex');
  const known = { alert: 'code' in alert ? null : alert, evidence };
  const { model, records } = deps;
  const turn = turnDigest(model, input, known);
  const asking = await openAsking({ model, records, workflowId, turn, beats });
  const reasoned = await reason({ marker, step, callsMax, runbook, ends, ...known }, asking.draft);
  const usage = asking.usage();
  const trace = await deps.blobs.putBlob(traceOf({ workflowId, runId, context, absent, reasoned, usage }));
  return { ...proposalOf(reasoned, trace), ...(usage === undefined ? {} : { usage }) };
}

/** The same for every attempt at a turn: all that it is made of, but the marker, which is drawn anew. */
const turnDigest = (
  { name }: Model,
  { context, step, ends, callsMax }: ProposeInput,
  { alert, evidence }: { readonly alert: unknown; readonly evidence: readonly Evidence[] },
): string => {
  const hashes = evidence.map(({ hash }) => hash);
  return digestOf({ v: 1, model: name, context, step, ends, callsMax, alert: alert !== null, evidence: hashes });
};

function ownExecution() {
  const execution = activityInfo().workflowExecution;
  if (execution === undefined) throw new HoldpointError('NOT_PERMITTED', 'expected to run for a workflow');
  return execution;
}

/**
 * Nothing at all is not an answer: it must not look like a turn that had nothing left to do. That the playbook is blocked is
 * one, and says by what.
 */
function proposalOf({ chosen, turn }: Reasoned, trace: string): Proposal {
  const { draft, validated } = chosen;
  const { calls, conclusion, issues } = validated;
  const { blocked, fault } = draft;
  const model = draft.model.slice(0, modelCharsMax);
  const label = labelOf(draft.label, summaryOf(turn.findings));
  const said = { calls, conclusion, model, label, trace };
  if (blocked !== undefined)
    return { ...said, calls: [], conclusion: null, blocked: visible(blocked, blockedCharsMax) };
  if (calls.length > 0 || conclusion !== null) return said;
  const why = visible(issues[0] ?? 'nothing proposed', reasonCharsMax);
  return { ...said, failed: { code: fault?.code ?? 'PROPOSAL_INVALID', reason: `model \`${model}\`: ${why}` } };
}

/** What a person sees wherever the turn is shown: the model's own label, and what was withheld from it. */
function labelOf(...labels: readonly (string | null)[]): string | null {
  const told = labels.filter((label) => label !== null).join('; ');
  return told === '' ? null : told.slice(0, labelCharsMax);
}

async function requireRunbook(
  { manifests }: ReasonerDeps,
  { manifest, runbook }: IncidentContext,
): Promise<LoadedRunbook> {
  // Another process may have seen a new manifest a moment before this one.
  const rules = await Promise.resolve()
    .then(() => manifests.require(manifest))
    .catch(async () => {
      await manifests.reload();
      return manifests.require(manifest);
    });
  const found = rules.runbooks.get(runbook.id);
  if (found === undefined || found.digest !== runbook.digest)
    throw new HoldpointError('RUNBOOK_MISMATCH', `runbook \`${runbook.id}\`: expected the one of the manifest`);
  return found;
}

type Traced = {
  readonly workflowId: string;
  readonly runId: string;
  readonly context: IncidentContext;
  readonly absent: readonly Rejected[];
  readonly reasoned: Reasoned;
  readonly usage: ModelUsage | undefined;
};

/** What a model said, as JSON text: it may hold what has no canonical form. */
const asText = (said: unknown): string => (JSON.stringify(said) ?? 'undefined').slice(0, saidCharsMax);

/** The whole turn as one JSON text: what was shown, what was said, what was kept. Outside text in it is data. */
function traceOf({ workflowId, runId, context, absent, reasoned, usage }: Traced): string {
  const { turn, attempts, chosen } = reasoned;
  const { step, callsMax, evidence, ends, prompt, findings } = turn;
  return jcs({
    v: 1,
    workflowId,
    runId,
    context,
    step,
    callsMax,
    evidence: evidence.map(({ hash, result }) => ({ hash, tool: result.tool, at: result.at })),
    absent,
    ends,
    prompt,
    findings: findings.slice(0, findingsMax),
    findingsCount: findings.length,
    attempts: attempts.map(({ draft, validated }) => ({
      model: draft.model,
      label: draft.label,
      said: asText(draft.said),
      fault: draft.fault,
      issues: validated.issues,
    })),
    calls: chosen.validated.calls,
    conclusion: chosen.validated.conclusion,
    blocked: chosen.draft.blocked,
    usage,
  });
}
