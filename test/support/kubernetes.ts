import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ApiException,
  AppsV1Api,
  AuthenticationV1Api,
  CoreV1Api,
  type KubeConfig,
  RbacAuthorizationV1Api,
  type V1Deployment,
  type V1PolicyRule,
} from '@kubernetes/client-node';
import { until } from '../../servers/child.ts';
import { applyManifest } from '../../servers/kubernetes/apply.ts';
import { type Cluster, startCluster } from '../../servers/kubernetes.ts';
import { serverOf } from './skips.ts';

export const crashingImage = 'registry.example.com/shop/web:broken';
export const goodImage = 'registry.example.com/shop/web:1.0.0';

export type Account = { readonly namespace: string; readonly name: string };
export type ClusterWorld = {
  readonly cluster: Cluster;
  readonly core: CoreV1Api;
  readonly apps: AppsV1Api;
  namespace(name: string): Promise<void>;
  /** A service account with a Role in its namespace. */
  account(account: Account, rules: readonly V1PolicyRule[]): Promise<void>;
  /** A token as the broker would ask for it. */
  tokenOf(account: Account, expirationSeconds?: number): Promise<string>;
  /** A client that holds a fresh token of that account and nothing else. */
  as(account: Account): Promise<KubeConfig>;
  deploy(namespace: string, name: string, options?: { image?: string; replicas?: number }): Promise<V1Deployment>;
  /** Waits until the rollout is over: everything updated, everything available, nothing old left. */
  rolledOut(namespace: string, name: string): Promise<V1Deployment>;
  close(): Promise<void>;
};

/** A real cluster of this suite's own, with our admission policies, and what a suite needs to fill it. */
export async function openCluster(): Promise<ClusterWorld> {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-cluster-'));
  const cluster = await startCluster({ dir, bins: serverOf('kubernetes'), crashingImages: [crashingImage] });
  const admission = join(import.meta.dirname, '..', '..', 'deploy', 'kubernetes', 'admission.yaml');
  await applyManifest(cluster.admin, readFileSync(admission, 'utf8'));
  const core = cluster.admin.makeApiClient(CoreV1Api);
  const apps = cluster.admin.makeApiClient(AppsV1Api);
  const tokenOf: ClusterWorld['tokenOf'] = async ({ namespace, name }, expirationSeconds = 600) => {
    const body = { spec: { audiences: [], expirationSeconds } };
    const made = await core.createNamespacedServiceAccountToken({ namespace, name, body });
    return made.status?.token ?? '';
  };
  return {
    cluster,
    core,
    apps,
    tokenOf,
    namespace: async (name) => {
      await core.createNamespace({ body: { metadata: { name } } });
    },
    account: (account, rules) => makeAccount(cluster.admin, account, rules),
    as: async (account) => cluster.as(await tokenOf(account)),
    deploy: (namespace, name, options) =>
      apps.createNamespacedDeployment({ namespace, body: deploymentOf(name, options) }),
    rolledOut: (namespace, name) => rolledOut(apps, namespace, name),
    async close() {
      await cluster.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function makeAccount(admin: KubeConfig, { namespace, name }: Account, rules: readonly V1PolicyRule[]) {
  await admin.makeApiClient(CoreV1Api).createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  const roles = admin.makeApiClient(RbacAuthorizationV1Api);
  await roles.createNamespacedRole({ namespace, body: { metadata: { name }, rules: [...rules] } });
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  await roles.createNamespacedRoleBinding({ namespace, body: { metadata: { name }, roleRef, subjects } });
}

export function deploymentOf(name: string, { image = goodImage, replicas = 2 } = {}): V1Deployment {
  const labels = { app: name };
  const spec = { containers: [{ name: 'web', image }] };
  return {
    metadata: { name },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function rolledOut(apps: AppsV1Api, namespace: string, name: string): Promise<V1Deployment> {
  const late = (): Error => new Error(`${namespace}/${name} did not roll out`);
  const ask = async (): Promise<V1Deployment | null> => {
    const deployment = await apps.readNamespacedDeployment({ namespace, name });
    const { metadata, spec, status } = deployment;
    if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0)) return null;
    const wanted = spec?.replicas ?? 1;
    const counts = [status?.replicas ?? 0, status?.updatedReplicas ?? 0, status?.availableReplicas ?? 0];
    return counts.every((count) => count === wanted) ? deployment : null;
  };
  return until(ask, { forMs: 30_000, everyMs: 100, late });
}

/** The HTTP status that an API call was refused with, and what the server said; throws when it was not refused. */
export async function refusalOf(call: Promise<unknown>): Promise<{ readonly code: number; readonly message: string }> {
  const error = await call.then(
    () => new Error('expected a refusal, got an answer'),
    (error: unknown) => error,
  );
  if (!(error instanceof ApiException)) throw error;
  const body = typeof error.body === 'string' ? (JSON.parse(error.body) as { message?: string }) : error.body;
  return { code: error.code, message: String(body?.message ?? '') };
}

/** True when the server knows who holds the token. */
export async function isKnown(admin: KubeConfig, token: string): Promise<boolean> {
  const reviews = admin.makeApiClient(AuthenticationV1Api);
  const { status } = await reviews.createTokenReview({ body: { spec: { token } } });
  return status?.authenticated === true;
}
