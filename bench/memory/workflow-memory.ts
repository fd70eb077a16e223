import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { namespace, startServer } from '../../cli/local/installation.ts';
import { incidentWorkflowType } from '../../contracts/queues.ts';
import { keepBundle } from '../../servers/build-info.ts';
import { ensureSearchAttributes } from '../../servers/search-attributes.ts';
import type { Measured, Setting, Sides } from '../bench.ts';
import { bundleBenchWorkflows } from '../child/bundle.ts';
import { type Held, measureHeld } from './measure-held.ts';

/** Far enough apart from a single page or a garbage collection to be counted, far below what the server minds. */
const heldCount = 150;
const heldWithSchemas = 50;

/** A server, and a process of its own for each measurement. */
export async function openWorkflowMemory(setting: Setting): Promise<Sides> {
  const { home, cleanup, say } = setting;
  const server = await startServer({ home, progress: say }, cleanup);
  const connection = await Connection.connect({ address: server.address });
  cleanup.add('connection', () => connection.close());
  await ensureSearchAttributes(connection, namespace);
  say('bundling workflows');
  const { buildId } = keepBundle(join(home, 'bundles'));
  const bare = await bundleBenchWorkflows('memory/bare-held', home);
  const place = { client: new Client({ connection, namespace }), address: server.address, setting };
  const ours: Held = { type: incidentWorkflowType, bundle: join(home, 'bundles', `${buildId}.js`), count: heldCount };
  return {
    subject: async () => measured(await measureHeld(place, ours)),
    peer: async () => measured(await measureHeld(place, { type: 'bareHeld', bundle: bare, count: heldCount })),
    aside: async () => {
      const bundle = await bundleBenchWorkflows('memory/incident-with-schemas', home);
      const { value } = measured(await measureHeld(place, { ...ours, bundle, count: heldWithSchemas }));
      return [`aside, once: the same incident with the schemas of its messages in its bundle: ${value.toFixed(1)} KiB`];
    },
    address: server.address,
  };
}

const measured = ({ kibEach, beforeMib, afterMib }: Awaited<ReturnType<typeof measureHeld>>): Measured => ({
  value: kibEach,
  note: `process ${beforeMib.toFixed(0)} -> ${afterMib.toFixed(0)} MiB`,
});
