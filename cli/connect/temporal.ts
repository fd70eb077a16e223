import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { homeIsNamed, loadClientConfig } from '../client-config.ts';
import type { Io } from '../shell/io.ts';
import { Refusal } from '../shell/refusal.ts';

export type Temporal = {
  readonly client: Client;
  readonly connection: Connection;
  readonly namespace: string;
  readonly address: string;
  close(): Promise<void>;
};

const connectMsMax = 5_000;

/**
 * Connects as Temporal's own environment configuration says (address, namespace, TLS, API key). A home folder's
 * `holdpoint.json` names the server where the environment does not, and always when HOLDPOINT_HOME names the folder.
 * Throws `Refusal` TEMPORAL_AWAY.
 */
export async function connectTemporal(io: Io): Promise<Temporal> {
  const { connectionOptions, namespace } = environmentConfig(io);
  const home = loadClientConfig(io);
  const homeWins = home !== null && (homeIsNamed(io) || (io.env.TEMPORAL_ADDRESS ?? '') === '');
  const address = homeWins ? home.temporal.address : (connectionOptions.address ?? 'localhost:7233');
  const inNamespace = homeWins ? home.temporal.namespace : (namespace ?? 'default');
  const { tls, apiKey, metadata } = connectionOptions;
  try {
    const connection = await Connection.connect({
      address,
      connectTimeout: connectMsMax,
      ...(homeWins || tls === undefined ? {} : { tls: tls as boolean }),
      ...(homeWins || apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: metadata as Record<string, string> }),
    });
    const client = new Client({ connection, namespace: inNamespace, identity: 'holdpoint-cli' });
    return { client, connection, namespace: inNamespace, address, close: () => connection.close() };
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error';
    throw new Refusal(
      'TEMPORAL_AWAY',
      `no Temporal server answers at \`${address}\` (namespace \`${inNamespace}\`): ${why}`,
      'start `holdpoint dev`, or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE',
    );
  }
}

function environmentConfig(io: Io): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ overrideEnvVars: definedOnly(io.env) });
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error';
    throw new Refusal(
      'BAD_INPUT',
      `Temporal's own configuration cannot be read: ${why}`,
      'mend the TEMPORAL_* variables, or the file that TEMPORAL_CONFIG_FILE names',
    );
  }
}

/** Runs with a connection and always closes it: an open one would keep the command alive. */
export async function withTemporal<T>(io: Io, use: (temporal: Temporal) => Promise<T>): Promise<T> {
  const temporal = await connectTemporal(io);
  try {
    return await use(temporal);
  } finally {
    await temporal.close();
  }
}

const definedOnly = (env: Io['env']): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
