import { Counter } from 'prom-client';
import { createGovernorActivities, lookEveryMsDefault } from '../activities/govern/governor-activities.ts';
import { createManifests } from '../activities/identity/manifests.ts';
import { createIncidentRecords } from '../activities/judge/incident-records.ts';
import { createOrchestratorActivities } from '../activities/judge/orchestrator-activities.ts';
import { createNotifier } from '../activities/notify/notifier.ts';
import { createRecorderClient, postStatements } from '../activities/record/client.ts';
import type { GovernorActivities } from '../contracts/governor.ts';
import type { OrchestratorActivities } from '../contracts/incident.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { ensureSearchAttributes } from '../servers/search-attributes.ts';
import { type Bundle, readBundles } from './orchestrator/bundles.ts';
import { startFleet } from './orchestrator/fleet.ts';
import { startGovernors } from './orchestrator/governors.ts';
import { type ProcessContext, runProcess } from './process.ts';

await runProcess('orchestrator', async (ctx) => {
  const { config, clock, log } = ctx;
  const manifests = createManifests({ dir: config.manifestDir, keys: config.keys, mode: config.mode, clock });
  const bundles = readBundles(config.bundleDir);
  await Promise.all([loadSqlParser(), manifests.reload()]);
  if (manifests.newest().bundle !== bundles.current.sha256)
    log.warn({ bundle: bundles.current.sha256 }, 'the newest manifest names another workflow bundle');
  manifests.start();
  const { client, connection, namespace, native } = await ctx.temporal();
  await ensureSearchAttributes(connection, namespace);
  const activitiesFor = activities(ctx, manifests, namespace);
  const fleet = await startFleet(bundles, {
    native: await native(),
    connection,
    namespace,
    log,
    maxCachedWorkflows: config.maxCachedWorkflows,
    activitiesFor,
    onFailure: ctx.fail,
  });
  const governors = startGovernors({ client, manifests, log });
  return {
    async stop() {
      manifests.stop();
      await Promise.all([governors.stop(), fleet.stop()]);
    },
  };
});

function activities(
  ctx: ProcessContext<'orchestrator'>,
  manifests: ReturnType<typeof createManifests>,
  namespace: string,
) {
  const { config, secrets, signer, clock, log, registry } = ctx;
  const { keys, recorderUrl } = config;
  const recorder = createRecorderClient({ url: recorderUrl, signer, keys, clock });
  const deps = {
    manifests,
    keys,
    clock,
    recorder,
    incidentRecords: createIncidentRecords(recorder),
    notifier: createNotifier({ channels: secrets.notify, namespace, log, registry }),
    postStatements: (statements: Parameters<typeof postStatements>[1]) =>
      postStatements({ url: recorderUrl, keys }, statements),
  };
  const counter = new Counter({
    name: 'holdpoint_orchestrator_activities_total',
    help: 'activities run by the orchestrator, by how they ended',
    labelNames: ['activity', 'end'],
    registers: [registry],
  });
  const governor = createGovernorActivities({ ...deps, lookEveryMs: lookEveryMsDefault });
  return ({ buildId }: Bundle) =>
    counted({ ...createOrchestratorActivities({ ...deps, bundle: buildId }), ...governor }, counter);
}

type Activities = OrchestratorActivities & GovernorActivities;

function counted(all: Activities, counter: Counter<'activity' | 'end'>): Activities {
  const entries = Object.entries(all).map(([activity, run]: [string, (input: never) => Promise<unknown>]) => {
    const counting = async (input: never): Promise<unknown> => {
      let end = 'failed';
      try {
        const result = await run(input);
        end = 'done';
        return result;
      } finally {
        counter.inc({ activity, end });
      }
    };
    return [activity, counting];
  });
  return Object.fromEntries(entries) as Activities;
}
