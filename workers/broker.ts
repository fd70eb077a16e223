import { setTimeout as sleep } from 'node:timers/promises';
import { startBroker } from '../activities/identity/broker-server.ts';
import { createFences } from '../activities/identity/fences.ts';
import { createKubernetesMinter } from '../activities/identity/kubernetes-minter.ts';
import { createManifests } from '../activities/identity/manifests.ts';
import type { Minters } from '../activities/identity/minter.ts';
import { createPostgresMinter } from '../activities/identity/postgres-minter.ts';
import { createReader } from '../activities/record/client.ts';
import { runProcess } from './process.ts';

// The broker: the only process that has credentials made at targets, and withdraws them. It runs no tool, calls no model and
// polls no queue; it holds its own key and the logins that may mint.
await runProcess('broker', async (ctx) => {
  const { config, secrets, signer, clock, log, registry, failpoint } = ctx;
  const { keys, manifestDir, mode, recorderUrl } = config;
  // It serves while Temporal is away too: what needs the fences says so itself.
  const { client, namespace } = await ctx.temporal({ lazy: true });
  const manifests = createManifests({ dir: manifestDir, keys, mode, clock });
  await manifests.reload();
  // A manifest that cannot be used stops the process here, with its reason, and not an incident later.
  manifests.newest();
  manifests.start();
  const monotonic = () => performance.now();
  const minters: Minters = new Map([
    ['postgres', createPostgresMinter(secrets.postgres)],
    ['k8s', createKubernetesMinter(secrets.kubernetes)],
  ]);
  const recorder = createReader({ url: recorderUrl, signer, keys, clock });
  const fences = createFences({ client, namespace, monotonic });
  const { listen } = config;
  const known = { keys, namespace, client, recorder, manifests, minters, fences };
  const broker = await startBroker({ ...known, clock, monotonic, log, registry, failpoint, signer, listen, sleep });
  log.info({ url: broker.url }, 'broker serves');
  return {
    async stop() {
      manifests.stop();
      await broker.stop();
    },
  };
});
