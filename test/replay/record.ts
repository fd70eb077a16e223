import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { resolveTemporal } from '../../servers/resolve-temporal.ts';
import { ensureSearchAttributes } from '../../servers/search-attributes.ts';
import { startTemporal } from '../../servers/temporal.ts';
import { openTheatreAt } from '../workflows/open-theatre.ts';
import { scenarios } from './scenarios.ts';

// Records the golden histories, or those named on the command line: `npx tsx test/replay/record.ts [NAME…]`.
// Record one again only when a change of behaviour is meant, and say so in the commit: open runs are pinned to the
// bundle they began with, so a new golden is a new promise, never a repair of an old one.

const folder = join(import.meta.dirname, 'histories');
const log = (line: string): void => void process.stderr.write(`${line}\n`);

/** A stack trace names the machine that recorded it, and no replay reads one. */
const withoutPaths = (key: string, value: unknown): unknown => (key === 'stackTrace' ? '' : value);

async function main(names: readonly string[]): Promise<void> {
  const server = await startTemporal({ bin: await resolveTemporal({ log }) });
  const connection = await Connection.connect({ address: server.address });
  await ensureSearchAttributes(connection, 'default').finally(() => connection.close());
  const theatre = await openTheatreAt(server.address, 'default');
  mkdirSync(folder, { recursive: true });
  try {
    for (const [name, scenario] of Object.entries(scenarios)) {
      if (names.length > 0 && !names.includes(name)) continue;
      const handle = await scenario(theatre);
      const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()), withoutPaths);
      writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(history, null, 1)}\n`);
      log(`recorded ${name}`);
    }
  } finally {
    await theatre.close();
    await server.stop();
  }
}

await main(process.argv.slice(2));
