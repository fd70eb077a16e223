import { Worker } from '@temporalio/worker';
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import { createManifests } from '../activities/identity/manifests.ts';
import { createModel } from '../activities/reason/create-model.ts';
import { forgetLibrarySettings } from '../activities/reason/environment.ts';
import { createReasonerActivities } from '../activities/reason/propose-call.ts';
import { createRecorderClient } from '../activities/record/client.ts';
import type { Proposal, ReasonerActivities } from '../contracts/incident.ts';
import { reasonerQueue } from '../contracts/queues.ts';
import { awaitSearchAttributes } from '../servers/search-attributes.ts';
import { runProcess } from './process.ts';

const heartbeatThrottleMs = 500;

/** Counts what providers were asked for. */
function usageCounter(registry: Registry): (proposal: Proposal) => void {
  const registers = [registry];
  const tokens = new Counter({
    name: 'holdpoint_reasoner_tokens_total',
    help: 'Tokens by model and direction: input, or output',
    labelNames: ['model', 'direction'],
    registers,
  });
  const cost = new Counter({
    name: 'holdpoint_reasoner_cost_millionths_total',
    help: 'Cost by model, in millionths of the currency of its prices',
    labelNames: ['model'],
    registers,
  });
  return ({ model, usage }) => {
    if (usage === undefined) return;
    tokens.inc({ model, direction: 'input' }, usage.inputTokens);
    tokens.inc({ model, direction: 'output' }, usage.outputTokens);
    cost.inc({ model }, usage.costMicros);
  };
}

/** Counts turns by the model that made them and how they ended. */
function measured({ proposeCalls }: ReasonerActivities, registry: Registry): ReasonerActivities {
  const registers = [registry];
  const turns = new Counter({
    name: 'holdpoint_reasoner_turns_total',
    help: 'Turns by model and end: proposed, the code that the model failed with, or failed',
    labelNames: ['model', 'end'],
    registers,
  });
  const seconds = new Histogram({ name: 'holdpoint_reasoner_turn_seconds', help: 'Time of one turn', registers });
  const count = usageCounter(registry);
  return {
    proposeCalls: async (input) => {
      const done = seconds.startTimer();
      try {
        const proposal = await proposeCalls(input);
        turns.inc({ model: proposal.model, end: proposal.failed?.code ?? 'proposed' });
        count(proposal);
        return proposal;
      } catch (error) {
        turns.inc({ model: '', end: 'failed' });
        throw error;
      } finally {
        done();
      }
    },
  };
}

// The reasoner: calls the model, one turn for each activity. It holds no login, no tool and no way to write a record; the
// graph library is loaded by this process alone.
await runProcess('reasoner', async ({ config, secrets, signer, clock, log, registry, temporal, fail }) => {
  const forgotten = forgetLibrarySettings(process.env);
  if (forgotten.length > 0) log.warn({ forgotten }, 'environment variables of model libraries are not used');
  const model = await createModel(config, secrets);
  const manifests = createManifests({ dir: config.manifestDir, keys: config.keys, mode: config.mode, clock });
  await manifests.reload();
  // A manifest that cannot be used stops the process here, with its reason, and not an incident later.
  manifests.newest();
  manifests.start();
  const recorder = createRecorderClient({ url: config.recorderUrl, signer, keys: config.keys, clock });
  const { connection, native, namespace } = await temporal();
  await awaitSearchAttributes(connection, namespace);
  const deps = { model, manifests, blobs: recorder, records: recorder.records, keys: config.keys };
  const activities = measured(createReasonerActivities(deps), registry);
  const worker = await Worker.create({
    connection: await native(),
    namespace,
    taskQueue: reasonerQueue,
    activities: { ...activities },
    // A kill arrives by heartbeat, and what a turn has paid for leaves by it.
    maxHeartbeatThrottleInterval: heartbeatThrottleMs,
    defaultHeartbeatThrottleInterval: heartbeatThrottleMs,
  });
  const ended = worker.run();
  ended.catch(fail);
  log.info({ model: model.name, queue: reasonerQueue }, 'reasoning');
  return {
    async stop() {
      worker.shutdown();
      await ended;
      manifests.stop();
    },
  };
});
