import type { ToolCall } from '../contracts/action.ts';
import type { ReadResult } from '../contracts/evidence.ts';
import type { ActionEnd } from '../contracts/incident.ts';
import type { Limits } from '../contracts/limits.ts';
import type { ToolContract } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import type { IncidentStory, NewestRead } from './incident-story.ts';
import { nextRow, type PlaybookView } from './playbook.ts';
import type { LoadedRunbook } from './runbook.ts';
import { callHash } from './usage.ts';

/**
 * Whether the playbook, run without a model over what the executor signed, proposes a call by itself. `decidedAt`: when the
 * oldest evidence that it decided on was read, in ms; a decision is as old as that.
 */
export type Unaided =
  | { readonly kind: 'proposed'; readonly decidedAt: number }
  | { readonly kind: 'person'; readonly why: string };
export const person = (why: string): Unaided => ({ kind: 'person', why });

/** The tools that a grant can be for: low risk, and another call undoes what it did. */
export const isGrantable = ({ risk, inverse }: ToolContract): boolean => risk === 'low' && inverse.tool !== null;

/** Of both manifests that have to agree. */
export const stricterLimits = (a: Limits, b: Limits): UnaidedInput['limits'] => ({
  statementAgeMsMax: Math.min(a.statementAgeMsMax, b.statementAgeMsMax),
  statementAheadMsMax: Math.min(a.statementAheadMsMax, b.statementAheadMsMax),
});

/** A read result whose executor's signature was verified, by its hash. */
export type Evidence = { readonly hash: string; readonly result: ReadResult };
export type UnaidedInput = {
  readonly story: IncidentStory;
  /** The reader's own run, from its own context; for the recorder, that of the action. */
  readonly runId: string;
  /** The digest of the action that is judged, once it was minted. */
  readonly own: string | null;
  readonly call: Pick<ToolCall, 'tool' | 'args'>;
  readonly runbook: LoadedRunbook;
  /** What `readsOf` names, opened. */
  readonly evidence: readonly Evidence[];
  readonly limits: Pick<Limits, 'statementAgeMsMax' | 'statementAheadMsMax'>;
  readonly now: number;
};

/**
 * Judges what a person would otherwise be asked about: the run is the only one that the log has of this incident, nobody was
 * asked in it and every write so far was released by a grant and went well, and the playbook proposes this very call over
 * the newest signed evidence. The workflow's word on steps and ends plays no part: it may be lying. Pure.
 */
export function judgeUnaided(input: UnaidedInput): Unaided {
  const { story, runId, own } = input;
  // INVARIANT: nothing is released without a person in a run born of a Reset, nor in one that was reset away from.
  if (story.runs.size !== 1 || !story.runs.has(runId)) return person('the incident has another run than this one');
  for (const [digest, { attempts, byGrant, end }] of story.writes) {
    if (digest === own && attempts > 0) return person('the action was attempted before');
    if (digest !== own && !(byGrant && end === 'well'))
      return person('a person was asked in this incident, or a write of it did not go well');
  }
  // It was opened a moment before: a newer read of the same call may stand in the log since, and takes its place.
  const newest = new Set(readsOf(story, input.runbook).map(({ resultHash }) => resultHash));
  const usable = input.evidence.filter((one) => newest.has(one.hash) && isUsable(one, input));
  const proposed = nextRow(input.runbook, viewOf(story, usable))?.calls ?? [];
  if (!proposed.some((call) => callHash(call) === callHash(input.call)))
    return person('the playbook does not propose it by itself');
  return { kind: 'proposed', decidedAt: Math.min(...usable.map(({ result }) => Date.parse(result.at))) };
}

/** Which signed results the playbook is run over: of the reads that it asks for itself, so that nobody chooses others. */
export function readsOf(story: IncidentStory, { runbook }: LoadedRunbook): readonly NewestRead[] {
  const ofRows = runbook.playbook.flatMap((row) => ('calls' in row.do ? row.do.calls : []));
  const own = new Set(
    [...ofRows, ...runbook.recovery.reads].filter(({ tool }) => toolRegistry.get(tool)?.risk === 'read').map(callHash),
  );
  return story.reads().filter(({ call }) => own.has(call));
}

/** Read in this run under this runbook, after the last write had ended, and no older than a statement may be. */
function isUsable({ result }: Evidence, { story, runId, runbook, limits, now }: UnaidedInput): boolean {
  const at = Date.parse(result.at);
  const ageMs = now - at;
  return (
    result.runId === runId &&
    result.runbook.id === runbook.id &&
    result.runbook.digest === runbook.digest &&
    at > story.endedAt &&
    ageMs <= limits.statementAgeMsMax &&
    ageMs >= -limits.statementAheadMsMax
  );
}

/** Numbered by the log's order and not by the steps that a workflow gave: all of it was read after the last write. */
function viewOf({ writes }: IncidentStory, usable: readonly Evidence[]): PlaybookView {
  const results = usable.map(({ hash, result }, index) => ({
    hash,
    result: { ...result, step: { step: index + 1, index: 0 } },
  }));
  const ends = [...writes.values()]
    .filter(({ end }) => end === 'well')
    .map(({ tool }): ActionEnd => ({ step: { step: 0, index: 0 }, tool, end: 'executed', rule: '', detail: '' }));
  return { results, ends };
}
