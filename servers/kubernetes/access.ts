import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';

/** Where an API server is, and how its certificate is checked. */
export type Endpoint = {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
};

/** A client's configuration for the holder of one bearer token, of which nothing else is known here. */
export function clientConfig({ url, ca }: Endpoint, token: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'cluster', server: url, caData: Buffer.from(ca).toString('base64'), skipTLSVerify: false }],
    users: [{ name: 'user', token }],
    contexts: [{ name: 'context', cluster: 'cluster', user: 'user' }],
    currentContext: 'context',
  });
  return config;
}

/** Writes a kubeconfig that only its owner may read; `kubectl` and the cluster's own processes take it. */
export function writeKubeconfig(file: string, endpoint: Endpoint, token: string): string {
  writeFileSync(file, clientConfig(endpoint, token).exportConfig(), { mode: 0o600 });
  return file;
}

/** A process that holds a token of its own, with what the API server's bootstrap roles give to that name. */
export type Identity = { readonly token: string; readonly user: string; readonly group: string };

const identity = (user: string, group: string): Identity => ({ token: randomBytes(24).toString('hex'), user, group });

/**
 * INVARIANT: only `admin` and `kwok` hold the whole cluster: `admin` sets things up and is given to no process that
 * acts for an incident, and `kwok` plays every node. Controllers act as service accounts of their own.
 */
export const newIdentities = () => ({
  admin: identity('admin', 'system:masters'),
  kwok: identity('kwok', 'system:masters'),
  controllerManager: identity('system:kube-controller-manager', 'system:authenticated'),
  scheduler: identity('system:kube-scheduler', 'system:authenticated'),
});

export type Identities = ReturnType<typeof newIdentities>;

/** The API server's file of static tokens: one line for each holder. */
export const tokenFile = (identities: Identities): string =>
  Object.values(identities)
    .map(({ token, user, group }) => `${token},${user},${user},"${group}"\n`)
    .join('');
