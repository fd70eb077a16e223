import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Manifests } from '../../activities/identity/manifests.ts';
import { createPoller } from '../../activities/record/poller.ts';
import { codeOf } from '../../contracts/errors.ts';
import { governorId, governorWorkflowType, orchestratorQueue } from '../../contracts/queues.ts';

const checkMs = 2_000;
/** A governor that somebody terminated is missed for no longer than this. */
const ensureMs = 300_000;
const parallel = 8;

export type GovernorsDeps = {
  readonly client: Client;
  readonly manifests: Pick<Manifests, 'newest'>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
};

/**
 * Sees to it that each runbook of the newest manifest has its governor: at once, when the manifest changes, and now and then.
 * Any number of orchestrators may do so: a start over one that runs joins it.
 */
export function startGovernors(deps: GovernorsDeps): { stop(): Promise<void> } {
  let done = { manifest: '', at: Number.NEGATIVE_INFINITY };
  const look = async (): Promise<void> => {
    const { digest, runbooks } = deps.manifests.newest();
    if (digest === done.manifest && performance.now() - done.at < ensureMs) return;
    const ids = [...runbooks.keys()];
    for (let at = 0; at < ids.length; at += parallel)
      await Promise.all(
        ids.slice(at, at + parallel).map((id) => ensureGovernor(deps.client, id, digest !== done.manifest)),
      );
    if (digest !== done.manifest) deps.log.info({ governors: ids.length }, 'each runbook has its governor');
    done = { manifest: digest, at: performance.now() };
  };
  return createPoller(checkMs, look, (error) => {
    deps.log.warn({ code: codeOf(error), reason: (error as Error).message }, 'cannot see to the governors');
  });
}

/** Starts the governor of a runbook unless it runs; `lookNow` has it look at once if it does. */
export async function ensureGovernor(client: Client, runbook: string, lookNow = false): Promise<void> {
  const handle = await client.workflow.start(governorWorkflowType, {
    workflowId: governorId(runbook),
    taskQueue: orchestratorQueue,
    args: [],
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
    staticSummary: `the governor of ${runbook}`,
  });
  if (lookNow) await handle.signal('look');
}
