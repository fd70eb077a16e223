import { HoldpointError } from '../../contracts/errors.ts';
import { type FenceScope, fenceId } from '../../contracts/queues.ts';
import type { Fences as BoundRuns } from '../../contracts/receipt.ts';
import { type DescribingClient, describeRun, type RunView } from './describe.ts';

export type FenceView = { readonly runId: string; readonly open: boolean; readonly why: string };

/**
 * The state of one fence as the server has it now: open only while its latest run is Running, not asked to cancel and
 * never reset. Whether the log binds that run is the caller's to check. Throws `FENCE_UNREACHABLE`.
 */
export async function describeFence(
  client: DescribingClient,
  namespace: string,
  scope: FenceScope,
): Promise<FenceView> {
  const run = await describeRun(client, namespace, fenceId(scope));
  if (run === null) return { runId: '', open: false, why: 'it was never raised' };
  const why = stopOf(run);
  return { runId: run.runId, open: why === null, why: why ?? 'its run is running' };
}

export type FenceQuestion = {
  readonly fences: BoundRuns;
  readonly runbookId: string;
  readonly own: {
    readonly workflowId: string;
    readonly runId: string;
    /** No person released the effect: the own run may then not be born of a Reset, whatever the log knows of it. */
    readonly unaided: boolean;
  };
};
export type Fences = {
  /**
   * Resolves when both fences are open on exactly the bound runs and the own run still runs. `checkedAtMonotonicMs` is
   * read before asking, so the answer is at least that fresh. Throws `STOPPED` or `FENCE_UNREACHABLE`.
   */
  mustBeOpen(question: FenceQuestion): Promise<{ readonly checkedAtMonotonicMs: number }>;
};
export type FencesDeps = {
  readonly client: DescribingClient;
  readonly namespace: string;
  readonly monotonic: () => number;
};

export function createFences({ client, namespace, monotonic }: FencesDeps): Fences {
  return {
    async mustBeOpen({ fences, runbookId, own }) {
      // INVARIANT: the clock is read before the server is asked; a slow answer can only look older, never fresher.
      const checkedAtMonotonicMs = monotonic();
      const [all, runbook, self] = await Promise.all([
        describeRun(client, namespace, fenceId({ kind: 'all' })),
        describeRun(client, namespace, fenceId({ kind: 'runbook', runbook: runbookId })),
        describeRun(client, namespace, own.workflowId),
      ]);
      mustRun('fence/all', all, fences.all);
      mustRun(`fence/runbook/${runbookId}`, runbook, fences.runbook);
      mustBeOwn(own, self);
      return { checkedAtMonotonicMs };
    },
  };
}

function mustRun(id: string, run: RunView | null, bound: string): void {
  const why = run === null ? 'it was never raised' : stopOf(run);
  if (why !== null) throw new HoldpointError('STOPPED', `\`${id}\`: ${why}`);
  if (run?.runId !== bound)
    throw new HoldpointError('STOPPED', `\`${id}\`: its run is not the one that a signed resume is bound to`);
}

// The own run may itself be born of a Reset, where persons were asked again; but a run that was reset away from is no
// longer the latest one, and so its id differs.
function mustBeOwn(own: FenceQuestion['own'], run: RunView | null): void {
  const stop = (why: string) => new HoldpointError('STOPPED', `own run of \`${own.workflowId}\`: ${why}`);
  if (run === null) throw stop('the server does not know it');
  if (!run.running) throw stop('it no longer runs');
  if (run.cancelRequested) throw stop('it was asked to cancel');
  if (run.runId !== own.runId) throw stop('another run took its place');
  if (own.unaided && run.reset) throw stop('it was born of a Reset, and no person released this');
}

function stopOf(run: RunView): string | null {
  if (!run.running) return 'its run does not run';
  if (run.cancelRequested) return 'its run was asked to cancel';
  if (run.reset) return 'its run was reset';
  return null;
}
