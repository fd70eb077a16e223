import { HoldpointError } from '../contracts/errors.ts';
import type { FenceScope } from '../contracts/queues.ts';
import { fenceId } from '../contracts/queues.ts';
import { Name, WorkflowId } from '../contracts/values.ts';
import type { IncidentRun, KillScope, TemporalDeps } from './incident-runs.ts';
import { describe, requestCancel } from './incident-runs.ts';
import type { Swept } from './sweep.ts';
import { sleep, sweep } from './sweep.ts';

export type { IncidentRun, KillScope } from './incident-runs.ts';
export type KillInput = TemporalDeps & {
  readonly scope: FenceScope | KillScope;
  /** A person's words; they go into the histories of what is cancelled or terminated. */
  readonly reason: string;
  /** Called once, when the stop holds: from here no new effect begins in the scope. */
  readonly onAcknowledged?: (acknowledgedMs: number) => void;
  /** Longer than an executor's look at the fences may be old when its effect begins (`fenceFreshMsMax`). */
  readonly leaseMs?: number;
  readonly graceMs?: number;
  readonly sweepMsMax?: number;
};
export type KillReport = Swept & {
  /** `all`, `runbook/<id>` or `incident/…`. */
  readonly scope: string;
  readonly reason: string;
  /** False when there was no running fence, or incident, to cancel: the scope was stopped before. */
  readonly wasOpen: boolean;
  readonly acknowledgedMs: number;
  readonly elapsedMs: number;
};

const reasonCharsMax = 500;

/** How a scope is written in reports and logs. */
export const scopeText = (scope: KillScope): string => {
  if (scope.kind === 'all') return 'all';
  return scope.kind === 'runbook' ? `runbook/${scope.runbook}` : scope.workflowId;
};

function mustBeScope(scope: KillScope): void {
  if (scope.kind === 'runbook' && !Name.safeParse(scope.runbook).success)
    throw new HoldpointError('BAD_INPUT', '`runbook`: expected a runbook id');
  if (scope.kind !== 'incident') return;
  // A fence too is a workflow: stopping one belongs to its own scope, which then sweeps.
  if (!WorkflowId.safeParse(scope.workflowId).success || !scope.workflowId.startsWith('incident/'))
    throw new HoldpointError('BAD_INPUT', '`incident`: expected a workflow id that starts with `incident/`');
}

/** The run of a killed incident, so that the report names it even when it closes at once. */
async function openRun(deps: TemporalDeps, scope: KillScope): Promise<readonly IncidentRun[]> {
  if (scope.kind !== 'incident') return [];
  const run = await describe(deps, scope).catch(() => null);
  return run?.running ? [{ workflowId: scope.workflowId, runId: run.runId }] : [];
}

/**
 * Stops a scope (design section 4). The cancelled fence and one lease are the stop, which needs no worker; then incidents
 * are cancelled in passes and, after the grace period, terminated. There are no credentials to withdraw: the executor's
 * logins are its own. Times are ms since the call. Throws `BAD_INPUT`, or `TEMPORAL_AWAY` when nothing was acknowledged;
 * once it was, the report says what could not be finished.
 */
export async function kill(input: KillInput): Promise<KillReport> {
  const { scope } = input;
  mustBeScope(scope);
  const reason = input.reason.slice(0, reasonCharsMax);
  const begun = performance.now();
  const elapsed = (): number => Math.round(performance.now() - begun);
  const stopped = scope.kind === 'incident' ? scope.workflowId : fenceId(scope);
  const first = await openRun(input, scope);
  // A fence that is not there, or closed, is a stop already; the lease is waited all the same, as it may just have closed.
  const wasOpen = await requestCancel(input, { workflowId: stopped }, reason).catch(() => {
    throw new HoldpointError(
      'TEMPORAL_AWAY',
      `temporal did not acknowledge the cancel of \`${stopped}\`: it may still be open`,
    );
  });
  await sleep(input.leaseMs ?? 100);
  const acknowledgedMs = elapsed();
  input.onAcknowledged?.(acknowledgedMs);
  const swept = await sweep({ ...input, scope, reason, cancelled: wasOpen ? first : [] });
  return { scope: scopeText(scope), reason, wasOpen, acknowledgedMs, ...swept, elapsedMs: elapsed() };
}
