import { stringify } from 'yaml';
import { HoldpointError } from '../contracts/errors.ts';
import type { Runbook } from '../contracts/runbook.ts';
import {
  accountOf,
  accountsNamespace,
  brokerAccount,
  type KubernetesAccess,
  kubernetesAccesses,
  kubernetesNeedsOf,
  type Permission,
} from '../contracts/tools/kubernetes-access.ts';

/** One object of a cluster, as `kubectl apply` takes it. */
export type Manifest = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
};
type Rule = {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
};
type Listing = Runbook['tools'][number];

const group = 'rbac.authorization.k8s.io';
const rbac = `${group}/v1`;
const nodesWhy = 'nodes are in no namespace: what names them can only be a ClusterRole, and it names each';

/**
 * The accounts of a runbook and exactly what its tools need in its scopes, and what the broker needs to make tokens of these
 * accounts. Nothing in it is of a whole cluster but single nodes. Throws `BAD_INPUT` for an id that no account can be named after.
 */
export function runbookManifests(runbook: Runbook): readonly Manifest[] {
  const accounts = kubernetesAccesses.map((access) => ({ access, name: mustName(runbook.id, access) }));
  return [
    ...brokerManifests(
      runbook.id,
      accounts.map(({ name }) => name),
    ),
    ...accounts.map(({ name }) => account(name)),
    ...accounts.flatMap(({ access, name }) => rolesOf(runbook.tools, access, name)),
  ];
}

/** As one file for `kubectl apply -f -`. */
export const renderManifests = (manifests: readonly Manifest[]): string =>
  manifests.map((manifest) => stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n');

function mustName(runbook: string, access: KubernetesAccess): string {
  const name = accountOf(runbook, access);
  if (name === null)
    throw new HoldpointError(
      'BAD_INPUT',
      'id: expected lower-case letters, digits and -, to name accounts of a cluster',
    );
  return name;
}

const account = (name: string): Manifest => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace: accountsNamespace },
  automountServiceAccountToken: false,
});

/** The broker may make tokens of these accounts alone, and the empty objects that they are bound to. */
function brokerManifests(runbook: string, accounts: readonly string[]): readonly Manifest[] {
  const objects: Rule = { apiGroups: [''], resources: ['secrets'], verbs: ['create', 'list', 'delete'] };
  const tokens: Rule = {
    apiGroups: [''],
    resources: ['serviceaccounts/token'],
    verbs: ['create'],
    resourceNames: accounts,
  };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: accountsNamespace } },
    account(brokerAccount),
    ...bound('Role', 'holdpoint-broker', brokerAccount, [objects], accountsNamespace),
    ...bound('Role', `holdpoint-broker-${runbook}`, brokerAccount, [tokens], accountsNamespace),
  ];
}

function rolesOf(tools: readonly Listing[], access: KubernetesAccess, name: string): readonly Manifest[] {
  const namespaces = [...new Set(tools.flatMap(({ scopes }) => scopes.namespaces ?? []))].sort();
  const inside = namespaces.flatMap((namespace) => {
    const rules = rulesOf(
      tools.filter(({ scopes }) => scopes.namespaces?.includes(namespace)),
      access,
      false,
    );
    return rules.length === 0 ? [] : bound('Role', name, name, rules, namespace);
  });
  const nodes = rulesOf(tools, access, true);
  return nodes.length === 0 ? inside : [...inside, ...bound('ClusterRole', name, name, nodes)];
}

function rulesOf(tools: readonly Listing[], access: KubernetesAccess, ofNodes: boolean): readonly Rule[] {
  const byShape = new Map<string, Rule>();
  for (const { tool, scopes } of tools)
    for (const need of kubernetesNeedsOf(access, tool)) {
      if ((need.named === 'nodes') !== ofNodes) continue;
      const names = namesOf(need, scopes);
      if (names?.length === 0) continue;
      const key = JSON.stringify([need.group, need.verbs, names]);
      const resources = new Set([...(byShape.get(key)?.resources ?? []), need.resource]);
      byShape.set(key, {
        apiGroups: [need.group],
        resources: [...resources].sort(),
        verbs: need.verbs,
        ...(names !== undefined && { resourceNames: names }),
      });
    }
  return [...byShape.values()];
}

/** Which objects alone; undefined for all in the namespace. A node that no scope names is nobody's. */
function namesOf({ named }: Permission, scopes: Listing['scopes']): readonly string[] | undefined {
  if (named === 'nodes') return [...(scopes.nodes ?? [])].sort();
  return named === undefined || scopes.deployments === undefined ? undefined : [...scopes.deployments].sort();
}

function bound(
  kind: 'Role' | 'ClusterRole',
  name: string,
  account: string,
  rules: readonly Rule[],
  namespace?: string,
): readonly Manifest[] {
  const annotations = kind === 'ClusterRole' ? { annotations: { 'holdpoint.dev/why': nodesWhy } } : {};
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...annotations };
  const subjects = [{ kind: 'ServiceAccount', name: account, namespace: accountsNamespace }];
  const roleRef = { apiGroup: group, kind, name };
  return [
    { apiVersion: rbac, kind, metadata, rules },
    { apiVersion: rbac, kind: `${kind}Binding`, metadata, roleRef, subjects },
  ];
}
