import { Worker } from '@temporalio/worker';
import { Counter, Histogram, type Registry } from 'prom-client';
import { createBrokerClient } from '../activities/identity/broker-client.ts';
import { createFences } from '../activities/identity/fences.ts';
import { createManifests } from '../activities/identity/manifests.ts';
import { createIncidentRecords } from '../activities/judge/incident-records.ts';
import { createRecorderClient, postStatements } from '../activities/record/client.ts';
import { createExecutorActivities } from '../activities/tools/create-activities.ts';
import type { ExecutorDeps } from '../activities/tools/executor-deps.ts';
import { createInFlight } from '../activities/tools/in-flight.ts';
import { createKubernetesTools } from '../activities/tools/kubernetes/tools.ts';
import { createOutbox } from '../activities/tools/outbox.ts';
import { createPostgresTools } from '../activities/tools/postgres/tools.ts';
import { createUnknownSweep } from '../activities/tools/unknown-outcome.ts';
import { executorQueue } from '../contracts/queues.ts';
import { loadSqlParser } from '../policies/sql-read.ts';
import { awaitSearchAttributes } from '../servers/search-attributes.ts';
import { type ProcessContext, runProcess, type TemporalAccess } from './process.ts';

const shutdownMs = 5_000;
const heartbeatThrottleMs = 500;
const activitiesMax = 20;

type Context = ProcessContext<'executor'>;

function observer(registry: Registry): ExecutorDeps['observe'] {
  const calls = new Counter({
    name: 'holdpoint_executor_calls_total',
    help: 'activities of the executor by type and end: ok, cancelled, or the code they failed with',
    labelNames: ['activity', 'end'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'holdpoint_executor_call_seconds',
    help: 'how long they took',
    labelNames: ['activity'],
    registers: [registry],
  });
  return (activity, end, ms) => {
    calls.inc({ activity, end });
    seconds.observe({ activity }, ms / 1_000);
  };
}

async function depsOf({ config, signer, log, clock, failpoint, registry }: Context, temporal: TemporalAccess) {
  const { keys, recorderUrl, brokerUrl, manifestDir, mode, role, outboxDir } = config;
  const monotonic = () => performance.now();
  const manifests = createManifests({ dir: manifestDir, keys, mode, clock });
  await manifests.reload();
  // A manifest that cannot be used stops the process here, with its reason, and not an incident later.
  manifests.newest();
  const recorder = createRecorderClient({ url: recorderUrl, signer, keys, clock });
  const broker = createBrokerClient({ url: brokerUrl, signer, keys, clock, log });
  const incidentRecords = createIncidentRecords(recorder);
  const fences = createFences({ client: temporal.client, namespace: temporal.namespace, monotonic });
  const outbox = createOutbox({ dir: outboxDir, recorder, log });
  const inCluster = config.kubernetes.length === 0 ? [] : createKubernetesTools(config.kubernetes);
  const tools = new Map([...createPostgresTools(config.postgres), ...inCluster]);
  const inFlight = createInFlight();
  const observe = observer(registry);
  const toDoor: ExecutorDeps['postStatements'] = (statements) => postStatements({ url: recorderUrl, keys }, statements);
  const own = { role, signer, keys, clock, monotonic, failpoint, log, observe };
  return {
    ...own,
    manifests,
    recorder,
    broker,
    incidentRecords,
    postStatements: toDoor,
    fences,
    outbox,
    tools,
    inFlight,
  };
}

const pollerOf = async (deps: ExecutorDeps, temporal: TemporalAccess): Promise<Worker> =>
  Worker.create({
    connection: await temporal.native(),
    namespace: temporal.namespace,
    taskQueue: executorQueue(deps.role),
    activities: createExecutorActivities(deps),
    maxConcurrentActivityTaskExecutions: activitiesMax,
    // Cancellation arrives by heartbeat: the default would hold beats back for most of the timeout.
    maxHeartbeatThrottleInterval: heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: heartbeatThrottleMs,
    shutdownGraceTime: shutdownMs,
  });

await runProcess('executor', async (context) => {
  await loadSqlParser();
  const temporal = await context.temporal();
  await awaitSearchAttributes(temporal.connection, temporal.namespace);
  const deps = await depsOf(context, temporal);
  const sweep = createUnknownSweep(deps);
  // What an earlier life of this process knew goes out before anything new begins.
  await deps.outbox.flush();
  deps.outbox.start();
  deps.manifests.start();
  const worker = await pollerOf(deps, temporal);
  const running = worker.run();
  running.catch(context.fail);
  sweep.start();
  return {
    async stop() {
      sweep.stop();
      worker.shutdown();
      await running;
      deps.manifests.stop();
      deps.outbox.stop();
      await deps.outbox.flush().catch(() => undefined);
    },
  };
});
