import { join } from 'node:path';
import { loopback } from '../ports.ts';

export type Ports = { readonly client: number; readonly peer: number; readonly api: number; readonly kubelet: number };

/** The name in every token that the cluster signs. Nobody resolves it. */
export const issuer = 'https://kubernetes.default.svc.cluster.local';

export const files = {
  tokens: 'tokens.csv',
  serviceAccountKey: 'service-account.key',
  auditPolicy: 'audit-policy.json',
  auditLog: 'audit.log',
  certificates: 'certificates',
  stages: 'stages.yaml',
  podLogs: 'pod-logs',
} as const;
/** Written by the API server when it first starts, together with its key: the certificate, then its authority's. */
export const certificate = (dir: string): string => join(dir, files.certificates, 'apiserver.crt');
const certificateKey = (dir: string): string => join(dir, files.certificates, 'apiserver.key');

/**
 * What it holds ends with the demo or the test: an `fsync` on each write would only make that slower. It asks nobody for a
 * name: whoever reaches this machine's loopback could change what the API server keeps.
 */
export function etcdArgs(dir: string, { client, peer }: Ports): string[] {
  const [clients, peers] = [client, peer].map((port) => `http://${loopback}:${port}`);
  return [
    ...['--name=holdpoint', `--data-dir=${join(dir, 'etcd')}`, '--unsafe-no-fsync', '--log-level=warn'],
    ...[`--listen-client-urls=${clients}`, `--advertise-client-urls=${clients}`],
    ...[`--listen-peer-urls=${peers}`, `--initial-advertise-peer-urls=${peers}`],
    `--initial-cluster=holdpoint=${peers}`,
  ];
}

/**
 * A token for longer than an hour, the least that this can be set to, is shortened to it; and none of a pod is
 * lengthened to a year, which is the API server's own default.
 */
export function apiserverArgs(dir: string, { client, api }: Ports): string[] {
  const key = join(dir, files.serviceAccountKey);
  return [
    ...[`--etcd-servers=http://${loopback}:${client}`, `--cert-dir=${join(dir, files.certificates)}`],
    ...[`--bind-address=${loopback}`, `--secure-port=${api}`, '--endpoint-reconciler-type=none'],
    ...['--service-cluster-ip-range=10.96.0.0/24', '--profiling=false'],
    ...['--authorization-mode=RBAC', '--anonymous-auth=false', `--token-auth-file=${join(dir, files.tokens)}`],
    ...[`--service-account-issuer=${issuer}`, `--service-account-key-file=${key}`],
    ...[`--service-account-signing-key-file=${key}`, '--service-account-max-token-expiration=1h'],
    // A node's name resolves nowhere, and its logs are asked for at an address.
    '--kubelet-preferred-address-types=InternalIP',
    '--service-account-extend-token-expiration=false',
    ...[`--audit-policy-file=${join(dir, files.auditPolicy)}`, `--audit-log-path=${join(dir, files.auditLog)}`],
  ];
}

/** What makes deployments roll out, namespaces end, and garbage go; nothing that asks for a cloud, disks or certificates. */
const controllers = [
  'clusterrole-aggregation',
  'daemonset',
  'deployment',
  'disruption',
  'endpointslice',
  'garbage-collector',
  'namespace',
  'node-lifecycle',
  'pod-garbage-collector',
  'replicaset',
  'resourcequota',
  'root-ca-certificate-publisher',
  'serviceaccount',
  'statefulset',
  'taint-eviction',
  'validatingadmissionpolicy-status',
].map((name) => `${name}-controller`);

export const controllerManagerArgs = (dir: string, kubeconfig: string): string[] => [
  ...[`--kubeconfig=${kubeconfig}`, '--leader-elect=false', '--secure-port=0'],
  ...['--use-service-account-credentials', `--root-ca-file=${certificate(dir)}`],
  ...[`--service-account-private-key-file=${join(dir, files.serviceAccountKey)}`],
  ...[`--controllers=${controllers.join(',')}`, '--kube-api-qps=100', '--kube-api-burst=200'],
];

export const schedulerArgs = (kubeconfig: string): string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--leader-elect=false',
  '--secure-port=0',
];

/** INVARIANT: it listens on loopback alone. Whoever reaches it reads every pod's log, and it asks for no name. */
export const kwokArgs = (dir: string, { kubelet }: Ports, kubeconfig: string): string[] => [
  ...[`--kubeconfig=${kubeconfig}`, `--config=${join(dir, files.stages)}`, '--manage-all-nodes=true'],
  ...[`--node-ip=${loopback}`, `--node-port=${kubelet}`, `--server-address=${loopback}:${kubelet}`],
  ...[`--tls-cert-file=${certificate(dir)}`, `--tls-private-key-file=${certificateKey(dir)}`],
  '--enable-crds=Logs',
];
