import { Worker } from '@temporalio/worker';
import { createManifests } from '../activities/identity/manifests.ts';
import { createModel } from '../activities/reason/create-model.ts';
import { createReasonerActivities } from '../activities/reason/propose-call.ts';
import { createRecorderClient } from '../activities/record/client.ts';
import { reasonerQueue } from '../contracts/queues.ts';
import { runProcess } from './process.ts';

// The reasoner: calls the model, one turn for each activity. It holds no login, no tool and no way to write a record; the
// graph library is loaded by this process alone.
await runProcess('reasoner', async ({ config, signer, clock, log, temporal, fail }) => {
  const model = await createModel(config);
  const manifests = createManifests({ dir: config.manifestDir, keys: config.keys, mode: config.mode, clock });
  await manifests.reload();
  manifests.start();
  const blobs = createRecorderClient({ url: config.recorderUrl, signer, keys: config.keys, clock });
  const { native, namespace } = await temporal();
  const worker = await Worker.create({
    connection: await native(),
    namespace,
    taskQueue: reasonerQueue,
    activities: { ...createReasonerActivities({ model, manifests, blobs, keys: config.keys }) },
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
