import type { LogRecord } from '../../contracts/record.ts';

/** One run of an incident as the log knows it. */
export type RunEntry = {
  readonly workflowId: string;
  readonly runId: string;
  /** True for the first run of its workflow id, and for one that a `reset` record announced. */
  announced: boolean;
  sealed: boolean;
  /** Records of this run so far, before its seal. */
  records: number;
  bundle: string | null;
};
export type Runs = {
  apply(record: LogRecord): void;
  get(workflowId: string, runId: string): RunEntry | null;
  /** Runs of one workflow id, in the order in which the log saw them. */
  of(workflowId: string): readonly RunEntry[];
  isSealed(workflowId: string, runId: string): boolean;
  /** Workflow ids with a run that has no seal. */
  unsealed(): readonly string[];
  /** Workflow ids whose every run is sealed, newest seal last: a Reset can still bring them back. */
  sealed(): readonly string[];
  /** How many runs were sealed. */
  sealCount(): number;
  /** Numbers of the records that name this workflow id. */
  seqs(workflowId: string): readonly number[];
};

/** The runs that the log has records of. A run exists here from its first record until its seal. */
export function createRuns(): Runs {
  const byId = new Map<string, Map<string, RunEntry>>();
  const open = new Set<string>();
  const closed = new Set<string>();
  const seqsById = new Map<string, number[]>();
  let seals = 0;

  const enter = (workflowId: string, runId: string): RunEntry => {
    const runs = byId.get(workflowId) ?? new Map<string, RunEntry>();
    byId.set(workflowId, runs);
    const known = runs.get(runId);
    if (known !== undefined) return known;
    const entry = { workflowId, runId, announced: runs.size === 0, sealed: false, records: 0, bundle: null };
    runs.set(runId, entry);
    return entry;
  };
  const refile = (workflowId: string): void => {
    const everySealed = [...(byId.get(workflowId)?.values() ?? [])].every(({ sealed }) => sealed);
    open.delete(workflowId);
    closed.delete(workflowId);
    (everySealed ? closed : open).add(workflowId);
  };
  return {
    apply({ seq, body }) {
      const workflowId = 'workflowId' in body ? body.workflowId : null;
      if (workflowId === null || !('runId' in body)) return;
      const seqs = seqsById.get(workflowId) ?? [];
      seqs.push(seq);
      seqsById.set(workflowId, seqs);
      if (body.runId === null) return;
      const entry = enter(workflowId, body.runId);
      if (body.kind === 'reset') entry.announced = true;
      if (body.kind === 'alert') entry.bundle = body.bundle;
      if (body.kind === 'seal') {
        entry.sealed = true;
        seals += 1;
      } else if (!entry.sealed) entry.records += 1;
      refile(workflowId);
    },
    get: (workflowId, runId) => byId.get(workflowId)?.get(runId) ?? null,
    of: (workflowId) => [...(byId.get(workflowId)?.values() ?? [])],
    isSealed: (workflowId, runId) => byId.get(workflowId)?.get(runId)?.sealed === true,
    unsealed: () => [...open],
    sealed: () => [...closed],
    sealCount: () => seals,
    seqs: (workflowId) => seqsById.get(workflowId) ?? [],
  };
}
