import { join } from 'node:path';
import { createReader } from '../activities/record/client.ts';
import { askStatuses } from '../activities/record/windows.ts';
import { createAdmission } from '../gateway/admission.ts';
import { loadConsoleFiles } from '../gateway/console/files.ts';
import type { ConsoleDeps } from '../gateway/console/routes.ts';
import { createWebhookServer } from '../gateway/server.ts';
import { startSweeper } from '../gateway/sweeper.ts';
import { projectRoot } from '../servers/project.ts';
import type { ProcessContext } from './process.ts';
import { runProcess } from './process.ts';

// The gateway: carries alerts in, shows the console, and finishes a kill that somebody began with Temporal's own tools. It
// decides nothing.
await runProcess('gateway', async (ctx) => {
  // It starts without Temporal as well: senders are then answered 503, and send again.
  const { client, namespace } = await ctx.temporal({ lazy: true });
  const { config, secrets, signer, clock, log, registry } = ctx;
  const admit = createAdmission({ client, namespace, signer, clock });
  const server = await createWebhookServer({
    admit,
    secrets,
    clock,
    log,
    registry,
    console: consoleOf(ctx, { client, namespace }),
  });
  const address = await server.listen(config.listen);
  log.info(
    { address },
    config.console === undefined || secrets.console === undefined ? 'webhooks' : 'webhooks and console',
  );
  const sweeper = startSweeper({ client, namespace, log, registry, clock });
  return {
    async stop() {
      await Promise.all([server.close(), sweeper.stop()]);
    },
  };
});

/** The console, where both an address and somebody who may see it are configured; else there is none. */
function consoleOf(
  { config, secrets, signer, clock, log }: ProcessContext<'gateway'>,
  temporal: Pick<ConsoleDeps['reads'], 'client' | 'namespace'>,
): ConsoleDeps | null {
  if (config.console === undefined || secrets.console === undefined) return null;
  const { recorderUrl: url, keys, mode } = config;
  const { head, records, getBlob } = createReader({ url, signer, keys, clock });
  const record = { head, records, getBlob, statuses: () => askStatuses({ url, keys }) };
  const files = loadConsoleFiles(join(projectRoot(), 'dist', 'console'));
  return {
    reads: { ...temporal, record, keys },
    config: config.console,
    secrets: secrets.console,
    files,
    mode,
    clock,
    log,
  };
}
