import type { V1Node } from '@kubernetes/client-node';
import type { Entity, ToolContract } from '../../../contracts/tools/contract.ts';
import { cordonNode, uncordonNode } from '../../../contracts/tools/kubernetes-writes.ts';
import type { Aim, WriteTool } from '../implement.ts';
import type { Access } from './access.ts';
import type { Cluster } from './cluster.ts';
import { fieldManager, markWith, mustBe, type Operation, set } from './patch.ts';
import { type Plan, patchTool } from './patch-tool.ts';

const path = '/spec/unschedulable';
const settleMsMax = 5_000;
const isCordoned = ({ spec }: V1Node): boolean => spec?.unschedulable === true;
const nameOf = ({ attributes }: Entity): string => String(attributes.node);

export const cordon = (access: Access): WriteTool => nodeTool(access, cordonNode, true);
export const uncordon = (access: Access): WriteTool => nodeTool(access, uncordonNode, false);

const nodeTool = (access: Access, contract: ToolContract, cordons: boolean): WriteTool =>
  patchTool<V1Node>(access, {
    contract,
    settleMsMax,
    read: ({ core }: Cluster, target: Entity) => core.readNode({ name: nameOf(target) }),
    patch({ core }, target, body, dryRun) {
      const mode = dryRun === undefined ? {} : { dryRun };
      return core.patchNode({ name: nameOf(target), body: [...body], fieldManager, ...mode });
    },
    plan: (current, aim) => planFor(current, aim, cordons),
    targetLine: (target) => `node ${nameOf(target)}, uid ${target.attributes.uid}`,
    predict: (before, after) => ({
      does: `${cordons ? 'keep new pods off' : 'let new pods onto'} node ${before.metadata?.name}`,
      changes: [`takes new pods: ${yesNo(!isCordoned(before))} becomes ${yesNo(!isCordoned(after))}`],
      blastRadius: ['this one node; pods that run on it stay', 'where pods are made from now on'],
    }),
    holds: (current, { preconditions }) =>
      current.metadata?.uid === preconditions.uid && isCordoned(current) === cordons
        ? { held: true, detail: cordons ? 'the node takes no new pods' : 'the node takes new pods' }
        : { held: false, detail: 'the node is not as it was asked for' },
  });

const yesNo = (holds: boolean): string => (holds ? 'yes' : 'no');

/** A node's status changes all the time, and its specification has no number: what is pinned is which node, and the state. */
function planFor(current: V1Node, aim: Aim, cordons: boolean): Plan {
  const { uid, unschedulable } = aim.preconditions;
  if (!uid) return { kind: 'refused', why: 'the action pins no node' };
  if (unschedulable !== String(!cordons)) return { kind: 'refused', why: 'it was seen in the state that is asked for' };
  if (current.metadata?.uid !== uid || isCordoned(current) === cordons)
    return { kind: 'moved', why: 'the node is no longer as it was seen' };
  // The API server leaves `false` out, so that a node which takes pods has nothing there, or nothing but that.
  const was = current.spec?.unschedulable ?? null;
  const operations: readonly Operation[] = [mustBe('/metadata/uid', uid), mustBe(path, was), set(path, cordons)];
  return { kind: 'patch', operations: [...operations, ...markWith(current.metadata, aim)] };
}
