import type { CredentialKind } from '../broker-api.ts';

/**
 * What a cluster's identity is for: `read` may change nothing; the writes of `predict` are refused unless they are dry runs
 * (`deploy/kubernetes/admission.yaml`); `act` has the effect. Each runbook has three accounts of its own.
 */
export const kubernetesAccesses = ['read', 'predict', 'act'] as const;
export type KubernetesAccess = (typeof kubernetesAccesses)[number];

/** The namespace that holds the accounts, and nothing else. */
export const accountsNamespace = 'holdpoint';
/**
 * Who the broker is there: `deploy/kubernetes/admission.yaml` knows it by this name. It does not begin as the accounts' do, whose
 * tokens last ten minutes.
 */
export const brokerAccount = 'broker';

/** One permission: what may be done with one resource. `named` where the runbook's scopes say which objects, and no list is asked for. */
export type Permission = {
  readonly group: '' | 'apps' | 'metrics.k8s.io';
  readonly resource: string;
  readonly verbs: readonly ('get' | 'list' | 'patch' | 'create')[];
  readonly named?: 'deployments' | 'nodes';
};
type Needs = { readonly look: readonly Permission[]; readonly write: readonly Permission[] };

const seen = (group: Permission['group'], ...resources: readonly string[]): readonly Permission[] =>
  resources.map((resource) => ({ group, resource, verbs: ['get', 'list'] }));
const one = (group: Permission['group'], resource: string): Permission => ({ group, resource, verbs: ['get'] });
const family = [...seen('apps', 'deployments', 'replicasets'), ...seen('', 'pods')];
const reads = (...look: readonly Permission[]): Needs => ({ look, write: [] });

const theDeployment: Permission = { ...one('apps', 'deployments'), named: 'deployments' };
const theNode: Permission = { ...one('', 'nodes'), named: 'nodes' };
const patching = (seenAs: Permission, ...more: readonly Permission[]): Needs => ({
  look: [seenAs, ...more],
  write: [{ ...seenAs, verbs: ['patch'] }],
});

/** What each tool needs of a cluster. No Secret, no ConfigMap, no `delete`: nothing here may ever say one. */
const byTool: ReadonlyMap<string, Needs> = new Map([
  ['k8s.workloads', reads(...seen('apps', 'deployments', 'statefulsets', 'daemonsets'))],
  ['k8s.workload', reads(...family, one('apps', 'statefulsets'), one('apps', 'daemonsets'))],
  ['k8s.pods', reads(...family)],
  ['k8s.events', reads({ group: '', resource: 'events', verbs: ['list'] })],
  ['k8s.logs', reads(...family, one('', 'pods/log'))],
  ['k8s.rolloutStatus', reads(...family)],
  ['k8s.rolloutHistory', reads(...family)],
  ['k8s.resources', reads(...family, { group: 'metrics.k8s.io', resource: 'pods', verbs: ['list'] })],
  ['k8s.scalePlan', reads(theDeployment)],
  ['k8s.node', reads(theNode)],
  ['k8s.restartDeployment', patching(theDeployment)],
  ['k8s.rollbackDeployment', patching(theDeployment, one('apps', 'replicasets'))],
  ['k8s.scaleDeployment', patching(theDeployment)],
  ['k8s.evictPod', { look: [one('', 'pods')], write: [{ group: '', resource: 'pods/eviction', verbs: ['create'] }] }],
  ['k8s.cordonNode', patching(theNode)],
  ['k8s.uncordonNode', patching(theNode)],
]);

const isWrite = ({ write }: Needs): boolean => write.length > 0;

/** For whom a tool needs what. A write's account also looks: whether a lost answer was an effect, only the object can tell. */
export function kubernetesNeedsOf(access: KubernetesAccess, tool: string): readonly Permission[] {
  const needs = byTool.get(tool);
  if (needs === undefined || isWrite(needs) !== (access !== 'read')) return [];
  return [...needs.look, ...needs.write];
}

/** What a call needs; null for a tool that nobody listed, which then gets no token. What finds out without doing may only predict. */
export function kubernetesAccessOf(kind: CredentialKind, tool: string): KubernetesAccess | null {
  const needs = byTool.get(tool);
  if (needs === undefined) return null;
  if (!isWrite(needs)) return 'read';
  return kind === 'write' ? 'act' : 'predict';
}

/**
 * The account of a runbook; null for an id that cannot be in a name that the admission policies know. A dot would be a valid
 * name, and yet no name of an account that may only predict.
 */
export const accountOf = (runbook: string, access: KubernetesAccess): string | null =>
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(runbook) ? `holdpoint-${runbook}-${access}` : null;
