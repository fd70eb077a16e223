import type { RunView } from '../identity/describe.ts';
import type { Log } from './log.ts';
import type { TemporalView } from './temporal-view.ts';

export type FenceWatchDeps = { readonly log: Log; readonly temporal: TemporalView };

/**
 * Looks at every fence that the log says is open, and appends `kill` once for each that is not: also a native cancel,
 * terminate or Reset, by whoever, is a kill. Throws `FENCE_UNREACHABLE`: what nobody can see is no record, though
 * executors already stop on it.
 */
export async function watchFences({ log, temporal }: FenceWatchDeps): Promise<void> {
  for (const [scope, bound] of log.state.boundScopes()) {
    const stop = stopOf(await temporal.fenceById(scope), bound.runId);
    if (stop === null) continue;
    await log.write((writer) => {
      if (writer.state.fence(scope)?.runId !== bound.runId) return;
      writer.append({ kind: 'kill', scope, fenceRunId: bound.runId, ...stop });
    });
  }
}

/** How a bound fence run stopped; null while it is open. */
function stopOf(run: RunView | null, boundRunId: string): { how: string; reason: string } | null {
  if (run === null) return { how: 'deleted', reason: 'the server does not know this fence any more' };
  if (run.runId !== boundRunId) return { how: 'replaced', reason: `run ${run.runId} took its place` };
  if (run.reset) return { how: 'reset', reason: 'its run was reset' };
  if (!run.running) return { how: 'terminated', reason: 'its run no longer runs' };
  if (run.cancelRequested) return { how: 'cancelled', reason: 'its run was asked to cancel' };
  return null;
}
