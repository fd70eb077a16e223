import { Worker } from '@temporalio/worker';
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import { createManifests } from '../activities/identity/manifests.ts';
import { createModel } from '../activities/reason/create-model.ts';
import { createReasonerActivities } from '../activities/reason/propose-call.ts';
import { createRecorderClient } from '../activities/record/client.ts';
import type { ReasonerActivities } from '../contracts/incident.ts';
import { reasonerQueue } from '../contracts/queues.ts';
import { awaitSearchAttributes } from '../servers/search-attributes.ts';
import { runProcess } from './process.ts';

/** Counts turns by the model that made them and how they ended. */
function measured({ proposeCalls }: ReasonerActivities, registry: Registry): ReasonerActivities {
  const registers = [registry];
  const turns = new Counter({
    name: 'holdpoint_reasoner_turns_total',
    help: 'Turns by model and end: proposed, or failed',
    labelNames: ['model', 'end'],
    registers,
  });
  const seconds = new Histogram({ name: 'holdpoint_reasoner_turn_seconds', help: 'Time of one turn', registers });
  return {
    proposeCalls: async (input) => {
      const done = seconds.startTimer();
      try {
        const proposal = await proposeCalls(input);
        turns.inc({ model: proposal.model, end: 'proposed' });
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
await runProcess('reasoner', async ({ config, signer, clock, log, registry, temporal, fail }) => {
  const model = await createModel(config);
  const manifests = createManifests({ dir: config.manifestDir, keys: config.keys, mode: config.mode, clock });
  await manifests.reload();
  // A manifest that cannot be used stops the process here, with its reason, and not an incident later.
  manifests.newest();
  manifests.start();
  const blobs = createRecorderClient({ url: config.recorderUrl, signer, keys: config.keys, clock });
  const { connection, native, namespace } = await temporal();
  await awaitSearchAttributes(connection, namespace);
  const activities = measured(createReasonerActivities({ model, manifests, blobs, keys: config.keys }), registry);
  const worker = await Worker.create({
    connection: await native(),
    namespace,
    taskQueue: reasonerQueue,
    activities: { ...activities },
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
