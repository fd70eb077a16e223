import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createKubernetesMinter } from '../../../activities/identity/kubernetes-minter.ts';
import type { Minter } from '../../../activities/identity/minter.ts';
import type {
  Aim,
  Armed,
  Deadline,
  Effect,
  Postcondition,
  Predicted,
  ReadAnswer,
  ReadTool,
  Tools,
  WriteTool,
} from '../../../activities/tools/implement.ts';
import { createKubernetesTools } from '../../../activities/tools/kubernetes/tools.ts';
import type { Credential } from '../../../contracts/broker-api.ts';
import type { KubernetesAddress, KubernetesTarget } from '../../../contracts/kubernetes-cluster.ts';
import type { Runbook } from '../../../contracts/runbook.ts';
import type { Entity, ToolContract } from '../../../contracts/tools/contract.ts';
import { accountsNamespace, brokerAccount, type KubernetesAccess } from '../../../contracts/tools/kubernetes-access.ts';
import { toolRegistry } from '../../../contracts/tools/registry.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import { renderManifests, runbookManifests } from '../../../policies/kubernetes-rbac.ts';
import { parseRunbook } from '../../../policies/runbook.ts';
import { loadSqlParser } from '../../../policies/sql-read.ts';
import { applyManifest } from '../../../servers/kubernetes/apply.ts';
import { type ClusterWorld, openCluster } from '../../support/kubernetes.ts';
import { freshId } from './database.ts';

export const signal = new AbortController().signal;
export const inTime = (): Deadline => ({ startBefore: new Date(Date.now() + 2_000).toISOString(), leftMs: 2_000 });
export const markOf = (digit: string): Aim['mark'] => ({ digest: digit.repeat(64), incident: 'incident/generic/1' });

/** A write with the credentials that its calls need: `predict` for those that look, `act` for the effect. */
export type BoundWrite = {
  readonly contract: ToolContract;
  predict(aim: Aim): Promise<Predicted>;
  ready(aim: Aim): Promise<void>;
  arm(aim: Aim, abort: AbortSignal): Promise<Armed>;
  postcondition(aim: Aim, waitMsMax: number, abort: AbortSignal): Promise<Postcondition>;
};

/** One cluster, one namespace, and the tools with what the broker's minter makes for one runbook. */
export type Scene = Brokered & {
  readonly world: ClusterWorld;
  readonly namespace: string;
  readonly address: KubernetesAddress;
  readonly tools: Tools;
  /** Made once for each access. */
  credential(access: KubernetesAccess): Promise<Credential>;
  tokenOf(access: KubernetesAccess): Promise<string>;
  read(name: string, args: JsonObject, bytesMax?: number): Promise<ReadAnswer>;
  write(name: string): BoundWrite;
  close(): Promise<void>;
};
export type Brokered = { readonly target: KubernetesTarget; readonly minter: Minter };

/** Makes what `holdpoint runbook rbac` prints for a runbook, and the one token that its broker is given. */
export async function brokerIn(world: ClusterWorld, runbook: Runbook): Promise<Brokered> {
  await applyManifest(world.cluster.admin, renderManifests(runbookManifests(runbook)));
  const { url, ca } = world.cluster;
  const mintToken = await world.tokenOf({ namespace: accountsNamespace, name: brokerAccount }, 3_600);
  const target = { cluster: 'shop', url, ca, mintToken };
  return { target, minter: createKubernetesMinter([target]) };
}

/** A runbook that lists every tool, in one namespace and for two nodes. */
export function runbookOfAll(namespace: string, id = 'web'): Runbook {
  const { runbook } = parseRunbook(readFileSync(shipped, 'utf8'), 'runbook');
  const nodes = ['node-1', 'node-2'];
  const tools = [...toolRegistry.keys()].filter((tool) => tool.startsWith('k8s.'));
  const scopesOf = (tool: string) => (/node/i.test(tool) ? { nodes } : { namespaces: [namespace] });
  return { ...runbook, id, tools: tools.map((tool) => ({ tool, scopes: scopesOf(tool), perIncidentMax: 1 })) };
}
const shipped = join(import.meta.dirname, '..', '..', '..', 'runbooks', 'kubernetes-stuck-rollout.yaml');

export async function openScene(namespace = 'web'): Promise<Scene> {
  await loadSqlParser();
  const world = await openCluster();
  await world.namespace(namespace);
  const runbook = runbookOfAll(namespace);
  const brokered = await brokerIn(world, runbook);
  const { cluster, url, ca } = brokered.target;
  const address = { cluster, url, ca };
  const tools = createKubernetesTools([address]);
  const made = new Map<KubernetesAccess, Promise<Credential>>();
  const credential: Scene['credential'] = (access) => {
    const known = made.get(access) ?? mintFor(brokered, runbook.id, access);
    made.set(access, known);
    return known;
  };
  const reading = { signal, credential: () => credential('read') };
  return {
    ...brokered,
    world,
    namespace,
    address,
    tools,
    credential,
    tokenOf: async (access) => tokenIn(await credential(access)),
    read: (name, args, bytesMax = 262_144) =>
      readOf(tools, name).read(parsed(tools, name, args), { ...reading, bytesMax }),
    write: (name) => boundTo(writeOf(tools, name), credential),
    close: () => world.close(),
  };
}

export const mintFor = ({ minter }: Brokered, runbook: string, access: KubernetesAccess, id = freshId()) =>
  minter.mint({ id, access: `holdpoint-${runbook}-${access}`, place: 'shop', lifeMs: 5_000, note: 'a test' });
export function tokenIn(credential: Credential): string {
  if (credential.system !== 'kubernetes') throw new Error('expected a token');
  return credential.token;
}

function boundTo(tool: WriteTool, credential: Scene['credential']): BoundWrite {
  const looking = { signal, credential: () => credential('predict') };
  return {
    contract: tool.contract,
    predict: (aim) => tool.predict(aim, { ...looking, bytesMax: 1 }),
    ready: (aim) => tool.ready(aim, looking),
    arm: async (aim, abort) => tool.arm(aim, await credential('act'), abort),
    postcondition: (aim, waitMsMax, abort) => tool.postcondition(aim, waitMsMax, { ...looking, signal: abort }),
  };
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

export const aimAt = (tool: Pick<WriteTool, 'contract'>, target: Entity, mark = markOf('a')): Aim => ({
  target,
  preconditions: tool.contract.preconditionsOf(target),
  mark,
});

export async function fire(tool: BoundWrite, aim: Aim, deadline = inTime, abort = signal): Promise<Effect> {
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
