import { Connection } from '@temporalio/client';
import { HoldpointError } from '../contracts/errors.ts';
import type { ServerProcess } from './child.ts';
import { startServer, until } from './child.ts';
import { freePort, loopback } from './ports.ts';
import { cleanEnvironment } from './project.ts';
import { resolveTemporal } from './resolve-temporal.ts';

export { ensureSearchAttributes } from './search-attributes.ts';

export type TemporalOptions = {
  /** Path of the `temporal` CLI; resolved when left out. */
  readonly bin?: string;
  /** Where it keeps its state; without it, state ends with the server. */
  readonly dbFile?: string;
  readonly port?: number;
  /** Null for no UI; a free port when left out. */
  readonly uiPort?: number | null;
  readonly dynamicConfig?: Readonly<Record<string, string | number | boolean>>;
  readonly logFile?: string;
  readonly log?: (line: string) => void;
};
export type TemporalServer = {
  /** `host:port` */
  readonly address: string;
  readonly uiUrl: string | null;
  readonly pid: number;
  stop(): Promise<void>;
};

const readyWithinMs = 90_000;

/** True once the default namespace answers: the port opens some time before that. */
async function serves(address: string): Promise<true | null> {
  const connection = await Connection.connect({ address, connectTimeout: '5s' }).catch(() => null);
  if (connection === null) return null;
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' });
    await connection.workflowService.countWorkflowExecutions({ namespace: 'default', query: '' });
    return true;
  } catch {
    return null;
  } finally {
    await connection.close();
  }
}

async function untilServing(server: ServerProcess, address: string): Promise<void> {
  const failed = (): Error => new HoldpointError('TEMPORAL_AWAY', `temporal server at \`${address}\` did not start`);
  try {
    await until(
      async () => {
        if (server.hasExited()) throw failed();
        return serves(address);
      },
      { forMs: readyWithinMs, late: failed },
    );
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** The server also takes ports of its own choice: another process may be quicker to take one of them. */
const triesMax = 3;

/**
 * Starts Temporal's development server on loopback and waits until it serves. It ends with `stop`, and by itself when
 * this process dies. Throws `SERVER_MISSING` or `TEMPORAL_AWAY`.
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const bin = options.bin ?? (await resolveTemporal({ log: options.log ?? (() => {}) }));
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(bin, options);
    } catch (error) {
      if (options.port !== undefined || tries >= triesMax) throw error;
    }
  }
}

async function startOnce(bin: string, options: TemporalOptions): Promise<TemporalServer> {
  const port = options.port ?? (await freePort());
  const uiPort = options.uiPort === null ? null : (options.uiPort ?? (await freePort()));
  const args = ['server', 'start-dev', '--ip', loopback, '--port', String(port), '--log-level', 'error'];
  args.push(...(uiPort === null ? ['--headless'] : ['--ui-port', String(uiPort)]));
  if (options.dbFile !== undefined) args.push('--db-filename', options.dbFile);
  for (const [key, value] of Object.entries(options.dynamicConfig ?? {})) {
    args.push('--dynamic-config-value', `${key}=${JSON.stringify(value)}`);
  }
  const logFile = options.logFile === undefined ? {} : { logFile: options.logFile };
  const server = await startServer({ command: bin, args, env: cleanEnvironment(), stopSignal: 'SIGTERM', ...logFile });
  const address = `${loopback}:${port}`;
  await untilServing(server, address);
  const uiUrl = uiPort === null ? null : `http://${loopback}:${uiPort}`;
  return { address, uiUrl, pid: server.pid, stop: () => server.stop() };
}
