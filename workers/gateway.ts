import { createAdmission } from '../gateway/admission.ts';
import { createWebhookServer } from '../gateway/server.ts';
import { startSweeper } from '../gateway/sweeper.ts';
import { runProcess } from './process.ts';

// The gateway: carries alerts in, and finishes a kill that somebody began with Temporal's own tools. It decides nothing.
await runProcess('gateway', async (ctx) => {
  // It starts without Temporal as well: senders are then answered 503, and send again.
  const { client, namespace } = await ctx.temporal({ lazy: true });
  const { config, secrets, signer, clock, log, registry } = ctx;
  const admit = createAdmission({ client, namespace, signer, clock });
  const server = await createWebhookServer({ admit, secrets, clock, log, registry });
  const address = await server.listen(config.listen);
  log.info({ address }, 'webhooks');
  const sweeper = startSweeper({ client, namespace, log, registry, clock });
  return {
    async stop() {
      await Promise.all([server.close(), sweeper.stop()]);
    },
  };
});
