import { RbacAuthorizationV1Api, type V1PolicyRule } from '@kubernetes/client-node';
import type {
  Aim,
  Deadline,
  Effect,
  ReadAnswer,
  ReadTool,
  Tools,
  WriteTool,
} from '../../../activities/tools/implement.ts';
import type { Access, Purpose } from '../../../activities/tools/kubernetes/access.ts';
import { createKubernetesTools } from '../../../activities/tools/kubernetes/tools.ts';
import type { Entity } from '../../../contracts/tools/contract.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import { type ClusterWorld, openCluster } from '../../support/kubernetes.ts';

export const signal = new AbortController().signal;
export const inTime = (): Deadline => ({ startBefore: new Date(Date.now() + 2_000).toISOString(), leftMs: 2_000 });
export const markOf = (digit: string): Aim['mark'] => ({ digest: digit.repeat(64), incident: 'incident/generic/1' });

/** One cluster, one namespace, and the tools as two service accounts: one that reads it, and one that may change it. */
export type Scene = {
  readonly world: ClusterWorld;
  readonly namespace: string;
  readonly access: Access;
  readonly tools: Tools;
  read(name: string, args: JsonObject): Promise<ReadAnswer>;
  write(name: string): WriteTool;
  close(): Promise<void>;
};

/** Every write of the second that is no dry run is refused by our admission policy, which knows it by its name. */
const accounts: Readonly<Record<Purpose, string>> = {
  read: 'holdpoint-web-read',
  predict: 'holdpoint-web-predict',
  act: 'holdpoint-web-act',
};
const reads: readonly V1PolicyRule[] = [
  {
    apiGroups: ['apps'],
    resources: ['deployments', 'statefulsets', 'daemonsets', 'replicasets'],
    verbs: ['get', 'list'],
  },
  { apiGroups: [''], resources: ['pods', 'pods/log', 'events'], verbs: ['get', 'list'] },
  { apiGroups: ['metrics.k8s.io'], resources: ['pods'], verbs: ['list'] },
];
const writes: readonly V1PolicyRule[] = [
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ['patch'] },
  { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
];

/** Makes the three accounts of a role in one namespace, and answers a token of each. */
export async function tokensIn(world: ClusterWorld, namespace: string): Promise<Record<Purpose, string>> {
  await Promise.all([
    world.account({ namespace, name: accounts.read }, reads),
    world.account({ namespace, name: accounts.predict }, writes),
    world.account({ namespace, name: accounts.act }, writes),
  ]);
  const made = Object.entries(accounts).map(async ([purpose, name]) => [
    purpose,
    await world.tokenOf({ namespace, name }),
  ]);
  return Object.fromEntries(await Promise.all(made)) as Record<Purpose, string>;
}

export async function openScene(namespace = 'web'): Promise<Scene> {
  const world = await openCluster();
  await world.namespace(namespace);
  const tokens = await tokensIn(world, namespace);
  await nodesFor(world, namespace);
  const { url, ca } = world.cluster;
  const access: Access = (purpose) => Promise.resolve({ url, ca, token: tokens[purpose] });
  const tools = createKubernetesTools(access);
  return {
    world,
    namespace,
    access,
    tools,
    read: (name, args) => readOf(tools, name).read(parsed(tools, name, args), { signal, bytesMax: 262_144 }),
    write: (name) => writeOf(tools, name),
    close: () => world.close(),
  };
}

/** Nodes are in no namespace: the one right that needs a role of the whole cluster. */
async function nodesFor({ cluster }: ClusterWorld, namespace: string): Promise<void> {
  const roles = cluster.admin.makeApiClient(RbacAuthorizationV1Api);
  for (const name of Object.values(accounts)) {
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: [name === accounts.read ? 'get' : 'patch'] }];
    await roles.createClusterRole({ body: { metadata: { name: `nodes-${name}` }, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `nodes-${name}` };
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    await roles.createClusterRoleBinding({ body: { metadata: { name: `nodes-${name}` }, roleRef, subjects } });
  }
}

export function readOf(tools: Tools, name: string): ReadTool {
  const tool = tools.get(name);
  if (tool?.kind !== 'read') throw new Error(`expected a read, got ${name}`);
  return tool;
}
export function writeOf(tools: Tools, name: string): WriteTool {
  const tool = tools.get(name);
  if (tool?.kind !== 'write') throw new Error(`expected a write, got ${name}`);
  return tool;
}
/** As the executor does it: arguments and answer both have to fit the contract. */
const parsed = (tools: Tools, name: string, args: JsonObject): JsonObject =>
  readOf(tools, name).contract.args.parse(args) as JsonObject;

export const aimAt = (tool: WriteTool, target: Entity, mark = markOf('a')): Aim => ({
  target,
  preconditions: tool.contract.preconditionsOf(target),
  mark,
});

export async function fire(tool: WriteTool, aim: Aim, deadline = inTime, abort = signal): Promise<Effect> {
  const armed = await tool.arm(aim, abort);
  try {
    return await armed.fire(deadline, abort);
  } finally {
    await armed.disarm();
  }
}

/** The one entity of a kind, or the one that passes. */
export function entityOf(
  { entities }: ReadAnswer,
  kind: string,
  test: (entity: Entity) => boolean = () => true,
): Entity {
  const found = entities.filter((entity) => entity.kind === kind && test(entity));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`expected one ${kind}, got ${found.length}`);
  return found[0];
}
