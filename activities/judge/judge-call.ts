import type { ToolCall } from '../../contracts/action.ts';
import { AdmittedAlert, type Alert, type SignedAlert } from '../../contracts/alert.ts';
import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { IncidentContext } from '../../contracts/incident.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import type { StandingSnapshot } from '../../contracts/standing.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import type { Place } from '../../policies/digest.ts';
import { judge, stricter } from '../../policies/gate.ts';
import { storyOf } from '../../policies/incident-story.ts';
import { type ResolvedTarget, resolveTarget } from '../../policies/inventory.ts';
import type { Rules } from '../../policies/manifest.ts';
import { matchRunbook } from '../../policies/match.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { openSigned } from '../../policies/signing.ts';
import { isGrantable, judgeUnaided, person, readsOf, stricterLimits, type Unaided } from '../../policies/unaided.ts';
import { type OwnRecords, usageOf } from '../../policies/usage.ts';
import type { Manifests } from '../identity/manifests.ts';
import type { RecorderClient } from '../record/client.ts';
import { openEvidence } from '../record/signed-evidence.ts';

export type JudgeDeps = {
  readonly manifests: Pick<Manifests, 'newest' | 'require'>;
  readonly recorder: Pick<RecorderClient, 'getBlob' | 'standing'>;
  readonly keys: PinnedKeys;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
};
export type OpenedIncident = {
  readonly alert: Alert;
  /** Under the action's manifest. */
  readonly runbook: LoadedRunbook;
  readonly rules: Rules;
  /** Null when the newest manifest no longer matches this runbook to the alert: then nothing is permitted. */
  readonly newestRunbook: LoadedRunbook | null;
  readonly newest: Rules;
};
export type Target = ResolvedTarget & { readonly ref: InventoryRef };
export type JudgedHere = OpenedIncident & {
  readonly verdict: Verdict;
  /** Whether the playbook alone proposes it: what a verdict `auto` rests on. */
  readonly unaided: Unaided;
  readonly target: Target | null;
  readonly contract: ToolContract | null;
};
export type JudgeCallInput = {
  /** The caller's own, from its own activity context. */
  readonly place: Place;
  readonly context: IncidentContext;
  readonly call: ToolCall;
  /** What the log has of this incident's calls by now (`IncidentRecords`): they are counted by it and by nothing else. */
  readonly records: readonly RecordBody[];
  /** Which of them are of an earlier attempt at this very call. */
  readonly own?: OwnRecords;
  /** Calls of the same turn that were judged before and not denied. */
  readonly planned?: readonly ToolCall[];
};

/**
 * The one judgement of a call, made by the orchestrator to decide waiting and by the executor to decide doing. Each
 * reader starts from the gateway's signed alert and its own signed manifest, and believes nothing of `context` before
 * that. Anything wrong with the call is a `deny` verdict. Throws for the incident itself: `BAD_INPUT`, `BAD_SIGNATURE`,
 * `RUNBOOK_MISMATCH`, `MANIFEST_*`, `NOT_FOUND`; and `RECORDER_AWAY`, which alone a retry may help.
 */
export async function judgeCall(
  { place, context, call, records, own, planned = [] }: JudgeCallInput,
  deps: JudgeDeps,
): Promise<JudgedHere> {
  const opened = await openIncident(place, context, deps);
  const { runbook, rules, newest, newestRunbook } = opened;
  const target = await targetOf({ place, call, records }, runbook, deps);
  const contract = toolRegistry.get(call.tool) ?? null;
  const unaided = await unaidedOf({ place, call, records, ...(own === undefined ? {} : { own }) }, opened, deps);
  const under = async (edition: LoadedRunbook, { limits, organisation }: Rules): Promise<Verdict> =>
    judge({
      call,
      runbook: edition,
      limits,
      organisation,
      ...usageOf({ records, runbook: edition.runbook, runId: place.runId, planned, own }),
      target,
      standing: await standingOf(edition, deps),
      now: deps.clock(),
      unaided,
    });
  const verdict =
    newestRunbook === null ? withdrawn : stricter(await under(runbook, rules), await under(newestRunbook, newest));
  return { ...opened, verdict, unaided, target, contract };
}

/** Only what a grant could release is worth the look. Throws `RECORDER_AWAY`. */
async function unaidedOf(
  { place, call, records, own }: Pick<JudgeCallInput, 'place' | 'call' | 'records' | 'own'>,
  { runbook, rules, newest }: OpenedIncident,
  { recorder, keys, clock }: JudgeDeps,
): Promise<Unaided> {
  const contract = toolRegistry.get(call.tool);
  if (contract === undefined || !isGrantable(contract)) return person('no grant is for this tool');
  const { workflowId, runId } = place;
  const story = storyOf(records);
  const { role } = runbook.runbook.identity;
  const blobOf = (hash: string) => recorder.getBlob(hash);
  const evidence = await openEvidence(readsOf(story, runbook), { blobOf, keys, role, workflowId });
  const digest = own?.kind === 'write' ? own.digest : null;
  const limits = stricterLimits(rules.limits, newest.limits);
  return judgeUnaided({ story, runId, own: digest, call, runbook, evidence, limits, now: clock() });
}

const withdrawn: Verdict = {
  kind: 'deny',
  rule: 'manifest.runbook-withdrawn',
  reason: 'the newest manifest does not match this runbook to the alert',
  change: 'start a new incident under the newest manifest',
};

/** The alert that the gateway vouched for at this very workflow id, and the one runbook that it matches, matched again. */
export async function openIncident(
  place: Pick<Place, 'workflowId'>,
  context: IncidentContext,
  deps: Pick<JudgeDeps, 'manifests' | 'recorder' | 'keys'>,
): Promise<OpenedIncident> {
  const rules = deps.manifests.require(context.manifest);
  const newest = deps.manifests.newest();
  const raw = parseBlob(await deps.recorder.getBlob(context.alertRef));
  const { alert } = admittedAt(place.workflowId, raw, deps.keys).payload;
  const match = matchRunbook(alert, rules.runbooks);
  if (match.kind !== 'matched' || !isSame(match.runbook, context.runbook))
    throw new HoldpointError(
      'RUNBOOK_MISMATCH',
      `expected the runbook that the alert matches, got \`${context.runbook.id}\``,
    );
  const now = matchRunbook(alert, newest.runbooks);
  const newestRunbook = now.kind === 'matched' && now.runbook.id === match.runbook.id ? now.runbook : null;
  return { alert, runbook: match.runbook, rules, newest, newestRunbook };
}

/** Opens the gateway's envelope for one workflow id. Throws `BAD_INPUT`, `BAD_SIGNATURE` or `RUNBOOK_MISMATCH`. */
export function admittedAt(workflowId: string, raw: unknown, keys: PinnedKeys): SignedAlert {
  const opened = openSigned('alert', AdmittedAlert, raw, keys, (signer) => signer === 'gateway');
  if (opened.payload.workflowId !== workflowId)
    throw new HoldpointError('RUNBOOK_MISMATCH', `expected an alert admitted for \`${workflowId}\``);
  return opened;
}

/** Null leaves the gate without a target, and a write without one is denied for its provenance. */
async function targetOf(
  { place, call, records }: Pick<JudgeCallInput, 'place' | 'call' | 'records'>,
  runbook: LoadedRunbook,
  deps: JudgeDeps,
): Promise<Target | null> {
  const parsed = InventoryRef.safeParse(call.args.target);
  if (!parsed.success) return null;
  const ref = parsed.data;
  try {
    const { role } = runbook.runbook.identity;
    const blob = parseBlob(await deps.recorder.getBlob(ref.resultHash));
    const resolved = resolveTarget({ ref, blob, keys: deps.keys, role, workflowId: place.workflowId });
    // A result of an earlier run of this workflow id counts only once the log has it.
    if (resolved.result.runId !== place.runId && !isOnRecord(ref.resultHash, records)) return null;
    return { ref, ...resolved };
  } catch (error) {
    if (error instanceof HoldpointError && error.code !== 'RECORDER_AWAY') return null;
    throw error;
  }
}

const isOnRecord = (resultHash: string, records: readonly RecordBody[]): boolean =>
  records.some((body) => body.kind === 'result' && body.evidence.resultHash === resultHash);

/** Fetched afresh for each judgement. None: deny. */
async function standingOf({ id, digest }: RunbookRef, deps: JudgeDeps): Promise<StandingSnapshot | null> {
  try {
    return (await deps.recorder.standing({ id, digest })).payload;
  } catch (error) {
    if (error instanceof HoldpointError && error.code !== 'RECORDER_AWAY') return null;
    throw error;
  }
}

const isSame = (a: RunbookRef, b: RunbookRef): boolean => a.id === b.id && a.digest === b.digest;

export function parseBlob(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new HoldpointError('BAD_INPUT', 'blob: expected JSON');
  }
}
