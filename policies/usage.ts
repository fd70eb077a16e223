import type { Step, ToolCall } from '../contracts/action.ts';
import type { Limits } from '../contracts/limits.ts';
import type { RecordBody, RecordKind } from '../contracts/record.ts';
import type { Runbook } from '../contracts/runbook.ts';
import { digestOf } from './digest.ts';
import { recoveryLooksMax } from './recovery-pauses.ts';

/** What an incident has used of its counted limits, by tool. */
export type Usage = {
  /** Reads with a result and writes with an intent, however they ended; the runbook's recovery reads aside. */
  readonly counts: Readonly<Record<string, number>>;
  /** Reads that were to the letter one of the runbook's recovery reads: whoever asked for them, and why, is not believed. */
  readonly recoveryReads: Readonly<Record<string, number>>;
  /** Runs of the incident so far: those that the log has a call of, and the one that is judged. */
  readonly runs: number;
};
type Call = Pick<ToolCall, 'tool' | 'args'>;

/** Which records an earlier attempt at the very call that is judged may have left. */
export type OwnRecords =
  | { readonly kind: 'write'; readonly digest: string }
  | { readonly kind: 'read'; readonly runId: string; readonly step: Step; readonly tool: string };

export type UsageInput = {
  /** Of one workflow id, over all its runs, oldest first. */
  readonly records: readonly RecordBody[];
  readonly runbook: Pick<Runbook, 'recovery'>;
  /** The run that is judged, from its judge's own activity context. */
  readonly runId: string;
  /** Calls of the same turn that were judged before and not denied. */
  readonly planned?: readonly Call[];
  readonly own?: OwnRecords | undefined;
};

/** The kinds of record that say what was called, and what came of it. */
export const callKinds = ['result', 'intent', 'outcome'] as const satisfies readonly RecordKind[];

/** Which call: its tool and arguments by their canonical JSON. */
export const callHash = ({ tool, args }: Call): string => digestOf({ tool, args });

/**
 * How often each tool was used in an incident, by the log: the one count that the orchestrator and the executor judge by.
 * A write counts from its intent on, whatever came of it, as it does for the recorder's admission.
 */
export function usageOf({ records, runbook, runId, planned = [], own }: UsageInput): Usage {
  const counts = new Map<string, number>();
  const recoveryReads = new Map<string, number>();
  const runs = new Set([runId]);
  const recovery = new Set(runbook.recovery.reads.map(callHash));
  const add = (tool: string, hash: string | undefined) => {
    const among = hash !== undefined && recovery.has(hash) ? recoveryReads : counts;
    among.set(tool, (among.get(tool) ?? 0) + 1);
  };
  // INVARIANT: one result at most is left out. A workflow that gave every read the same step would otherwise count none.
  const ownResult = records.findLast((body) => isResultOf(body, own));
  for (const body of records) {
    if (body.kind === 'result') runs.add(body.runId);
    if (body.kind === 'result' && body !== ownResult) add(body.evidence.tool, body.call);
    if (body.kind === 'intent' && !(own?.kind === 'write' && body.digest === own.digest))
      add(body.request.action.tool, undefined);
  }
  for (const call of planned) add(call.tool, callHash(call));
  return { counts: Object.fromEntries(counts), recoveryReads: Object.fromEntries(recoveryReads), runs: runs.size };
}

function isResultOf(body: RecordBody, own: OwnRecords | undefined): boolean {
  if (own?.kind !== 'read' || body.kind !== 'result') return false;
  const { step, tool } = body.evidence;
  return body.runId === own.runId && tool === own.tool && step.step === own.step.step && step.index === own.step.index;
}

/**
 * How many recovery reads of a tool do not use up its counted limit: as many as the runbook's own looks come to in the runs
 * that there were, of `recoveryRunsMax`. Beyond, they count like any other read, so that no workflow gains reads without
 * end, and a playbook that reads what recovery reads gains no more than one run's looks until there is a Reset.
 */
export function recoveryReadsMax(
  { recovery }: Pick<Runbook, 'recovery'>,
  tool: string,
  { recoveryRunsMax }: Pick<Limits, 'recoveryRunsMax'>,
  runs: number,
): number {
  const reads = recovery.reads.filter((read) => read.tool === tool).length;
  return reads === 0 ? 0 : reads * recoveryLooksMax(recovery.settleMsMax) * Math.min(runs, recoveryRunsMax);
}

export const isRecoveryRead = ({ recovery }: Pick<Runbook, 'recovery'>, hash: string): boolean =>
  recovery.reads.some((read) => callHash(read) === hash);
