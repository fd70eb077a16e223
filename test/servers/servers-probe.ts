import { join } from 'node:path';
import { startPostgres } from '../../servers/postgres.ts';
import { startTemporal } from '../../servers/temporal.ts';

// Run as a process by the tests: starts both servers, says their pids, and waits to be killed.
const [dir = '', bin = ''] = process.argv.slice(2);
const [postgres, temporal] = await Promise.all([
  startPostgres({ dir: join(dir, 'postgres') }),
  startTemporal({ bin, uiPort: null }),
]);
process.stdout.write(`${postgres.pid} ${temporal.pid}\n`);
