import { createNotifier } from '../activities/notify/notifier.ts';
import { startRecorder } from '../activities/record/recorder.ts';
import { createTemporalView } from '../activities/record/temporal-view.ts';
import { runProcess } from './process.ts';

// The recorder process: the only writer of the log. It reads no target and runs no tool; it holds its own key and the
// secrets of the channels that it pages by.
await runProcess('recorder', async (ctx) => {
  // Outcomes are taken while Temporal is away too; what needs its answer says so itself.
  const { client, namespace } = await ctx.temporal({ lazy: true });
  const { config, secrets, signer, clock, log: logger, registry, failpoint } = ctx;
  const notifier = createNotifier({ channels: secrets.notify, namespace, log: logger, registry });
  const temporal = createTemporalView(client, namespace);
  const recorder = await startRecorder({
    config,
    signer,
    clock,
    logger,
    registry,
    failpoint,
    notifier,
    namespace,
    temporal,
    ...(secrets.checkpointHook === undefined ? {} : { checkpointHook: secrets.checkpointHook }),
  });
  logger.info({ url: recorder.url }, 'recorder serves');
  return { stop: () => recorder.stop() };
});
