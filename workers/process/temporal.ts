import type { Client, Connection } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import type { Logger } from 'pino';
import { HoldpointError } from '../../contracts/errors.ts';

/** Temporal as this process reaches it, by Temporal's own environment configuration. */
export type TemporalAccess = {
  readonly namespace: string;
  readonly client: Client;
  readonly connection: Connection;
  /** The worker's connection; loads Temporal's native core, so only processes that poll should ask for it. */
  native(): Promise<NativeConnection>;
  close(): Promise<void>;
};

const away = (error: unknown): HoldpointError => {
  const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
  return new HoldpointError('TEMPORAL_AWAY', `temporal: cannot connect (${reason})`);
};

async function connectNative(options: object, log: Logger): Promise<NativeConnection> {
  const { DefaultLogger, NativeConnection, Runtime } = await import('@temporalio/worker');
  // Our own handler stops the whole process in order; the SDK's would drain workers under its feet.
  Runtime.install({
    shutdownSignals: [],
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (level === 'ERROR') log.error({ meta }, message);
      else log.warn({ meta }, message);
    }),
  });
  return NativeConnection.connect(options).catch((error: unknown) => {
    throw away(error);
  });
}

/**
 * Connects a client. Throws `TEMPORAL_AWAY`; with `lazy`, the first call connects instead, and each call says for itself
 * whether the server answers: for a process that has something to answer while Temporal is away.
 */
export async function connectTemporal(log: Logger, { lazy = false } = {}): Promise<TemporalAccess> {
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const { Client, Connection } = await import('@temporalio/client');
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const options = { connectTimeout: '10s', ...connectionOptions };
  const connection = lazy
    ? Connection.lazy(options)
    : await Connection.connect(options).catch((error: unknown) => {
        throw away(error);
      });
  let native: Promise<NativeConnection> | undefined;
  const nativeOnce = (): Promise<NativeConnection> => {
    native ??= connectNative(connectionOptions, log);
    return native;
  };
  return {
    namespace,
    connection,
    client: new Client({ connection, namespace }),
    native: nativeOnce,
    close: async () => {
      // The native connection refuses to close under a worker that still runs; the process is ending either way.
      await native?.then((open) => open.close()).catch(() => {});
      await connection.close();
    },
  };
}
