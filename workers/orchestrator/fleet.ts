import type { Connection } from '@temporalio/client';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { OrchestratorActivities } from '../../contracts/incident.ts';
import { orchestratorQueue } from '../../contracts/queues.ts';
import type { Bundle, Bundles } from './bundles.ts';
import { deploymentName, makeCurrent, openIncidents } from './deployment.ts';

const drainCheckMs = 30_000;

export type FleetDeps = {
  readonly native: NativeConnection;
  readonly connection: Connection;
  readonly namespace: string;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly maxCachedWorkflows: number;
  readonly activitiesFor: (bundle: Bundle) => OrchestratorActivities;
  /** A worker died by itself. */
  readonly onFailure: (error: unknown) => void;
};
type Served = { readonly bundle: Bundle; readonly worker: Worker; readonly done: Promise<void> };

/**
 * One worker for the current bundle, and one for each earlier bundle that an open incident is pinned to: a run always
 * goes on under the code that it began with. Earlier ones are let go when their last run has closed.
 */
export async function startFleet(bundles: Bundles, deps: FleetDeps): Promise<{ stop(): Promise<void> }> {
  const needed = await neededBundles(bundles, deps);
  const served = await Promise.all([bundles.current, ...needed].map((bundle) => serve(bundle, deps)));
  await makeCurrent(deps.connection, deps.namespace, bundles.current.buildId);
  deps.log.info({ current: bundles.current.buildId, earlier: needed.map(({ buildId }) => buildId) }, 'serving bundles');
  const timer = setInterval(() => void letGo(served, deps).catch(deps.onFailure), drainCheckMs).unref();
  return {
    async stop() {
      clearInterval(timer);
      for (const { worker } of served) if (worker.getState() === 'RUNNING') worker.shutdown();
      await Promise.all(served.map(({ done }) => done));
    },
  };
}

async function neededBundles(
  { current, earlier }: Bundles,
  { connection, namespace, log }: FleetDeps,
): Promise<Bundle[]> {
  const open = await Promise.all(
    earlier.map(async (bundle) => ({ bundle, count: await openIncidents(connection, namespace, bundle.buildId) })),
  );
  const needed = open.filter(({ count }) => count > 0);
  const known = needed.reduce((sum, { count }) => sum + count, 0);
  const ours = await openIncidents(connection, namespace, current.buildId);
  const all = await openIncidents(connection, namespace);
  if (all > known + ours)
    log.warn(
      { incidents: all - known - ours },
      'open incidents wait for a first task, or for a bundle that is not here',
    );
  return needed.map(({ bundle }) => bundle);
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
  const done = worker.run().catch(deps.onFailure);
  return { bundle, worker, done };
}

async function letGo([, ...earlier]: readonly Served[], { connection, namespace, log }: FleetDeps): Promise<void> {
  for (const { bundle, worker } of earlier) {
    if (worker.getState() !== 'RUNNING' || (await openIncidents(connection, namespace, bundle.buildId)) > 0) continue;
    log.info({ bundle: bundle.buildId }, 'no open incident needs this bundle any more');
    worker.shutdown();
  }
}
