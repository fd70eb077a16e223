import type { Connection } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { GovernorActivities } from '../../contracts/governor.ts';
import type { OrchestratorActivities } from '../../contracts/incident.ts';
import { orchestratorQueue } from '../../contracts/queues.ts';
import type { Bundle, Bundles } from './bundles.ts';
import { deploymentName, makeCurrent, openIncidents } from './deployment.ts';

const adjustMs = 10_000;

export type FleetDeps = {
  readonly native: NativeConnection;
  readonly connection: Connection;
  readonly namespace: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly maxCachedWorkflows: number;
  readonly activitiesFor: (bundle: Bundle) => OrchestratorActivities & GovernorActivities;
  /** A worker died by itself. */
  readonly onFailure: (error: unknown) => void;
};
type Served = { readonly worker: Worker; readonly done: Promise<void> };

/**
 * One worker for the current bundle, and one for each earlier bundle that an open incident is pinned to: a run always
 * goes on under the code that it began with. Which are needed is asked again every 10 s: the last run of an earlier
 * bundle closes, or a Reset opens one again.
 */
export async function startFleet({ current, earlier }: Bundles, deps: FleetDeps): Promise<{ stop(): Promise<void> }> {
  const served = new Map<string, Served>();
  served.set(current.buildId, await serve(current, deps));
  await adjust(earlier, served, deps);
  await makeCurrent(deps.connection, deps.namespace, current.buildId);
  deps.log.info({ current: current.buildId, serving: [...served.keys()] }, 'serving bundles');
  await warnOfUnserved([...served.keys()], deps);
  let adjusting = Promise.resolve();
  const timer = setInterval(() => {
    // Asking may fail while Temporal is away: the next time is soon.
    adjusting = adjusting
      .then(() => adjust(earlier, served, deps))
      .catch((error: unknown) => {
        deps.log.warn({ reason: (error as Error).message }, 'cannot ask which bundles are needed');
      });
  }, adjustMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      await adjusting;
      await Promise.all([...served.values()].map(letGo));
    },
  };
}

async function adjust(earlier: readonly Bundle[], served: Map<string, Served>, deps: FleetDeps): Promise<void> {
  for (const bundle of earlier) {
    const needed = (await openIncidents(deps.connection, deps.namespace, bundle.buildId)) > 0;
    const running = served.get(bundle.buildId);
    if (needed && running === undefined) served.set(bundle.buildId, await serve(bundle, deps));
    if (needed || running === undefined) continue;
    deps.log.info({ bundle: bundle.buildId }, 'no open incident needs this bundle any more');
    served.delete(bundle.buildId);
    await letGo(running);
  }
}

/** An incident whose bundle is gone waits for ever: whoever runs this has to bring the bundle back. */
async function warnOfUnserved(buildIds: readonly string[], { connection, namespace, log }: FleetDeps): Promise<void> {
  const counts = await Promise.all(buildIds.map((buildId) => openIncidents(connection, namespace, buildId)));
  const unserved = (await openIncidents(connection, namespace)) - counts.reduce((sum, count) => sum + count, 0);
  if (unserved > 0) log.warn({ incidents: unserved }, 'open incidents wait for a first task, or for a bundle not here');
}

async function serve(bundle: Bundle, deps: FleetDeps): Promise<Served> {
  const worker = await Worker.create({
    connection: deps.native,
    namespace: deps.namespace,
    taskQueue: orchestratorQueue,
    workflowBundle: { codePath: bundle.codePath },
    activities: deps.activitiesFor(bundle),
    maxCachedWorkflows: deps.maxCachedWorkflows,
    shutdownGraceTime: '5s',
    workerDeploymentOptions: {
      version: { deploymentName, buildId: bundle.buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'PINNED',
    },
  });
  return { worker, done: worker.run().catch(deps.onFailure) };
}

async function letGo({ worker, done }: Served): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await done;
}
