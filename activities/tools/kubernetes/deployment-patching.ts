import type { V1Deployment } from '@kubernetes/client-node';
import type { Entity } from '../../../contracts/tools/contract.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import type { Aim, Postcondition } from '../implement.ts';
import type { Cluster } from './cluster.ts';
import { countsOf } from './entities.ts';
import { marks } from './facts.ts';
import { hasBeenSeen, type Named } from './family.ts';
import { bearsMark, fieldManager, markWith, mustBe, type Operation } from './patch.ts';
import type { Patching, Plan } from './patch-tool.ts';
import { isComplete, isStuck } from './rollout.ts';

/** On the pod template: a new value makes the controller replace every pod. */
export const restartMark = marks.restartedFor;
/** A rollout takes as long as the deployment's own deadlines let it; `effectMsMax` decides how long it is waited for. */
const rolloutMsMax = 600_000;

const at = ({ attributes }: Entity): Named => ({
  namespace: String(attributes.namespace),
  deployment: String(attributes.deployment),
});

/** What all writes to a deployment have in common. */
export const ofDeployment = {
  settleMsMax: rolloutMsMax,
  read({ apps }: Cluster, target: Entity): Promise<V1Deployment> {
    const { namespace, deployment: name } = at(target);
    return apps.readNamespacedDeployment({ namespace, name });
  },
  patch({ apps }: Cluster, target: Entity, body: readonly Operation[], dryRun: 'All' | undefined) {
    const { namespace, deployment: name } = at(target);
    const mode = dryRun === undefined ? {} : { dryRun };
    return apps.patchNamespacedDeployment({ namespace, name, body: [...body], fieldManager, ...mode });
  },
  targetLine(target: Entity): string {
    const { namespace, deployment } = at(target);
    return `deployment ${deployment} in namespace ${namespace}, uid ${target.attributes.uid}`;
  },
} satisfies Partial<Patching<V1Deployment>>;

/**
 * The patch of a deployment that is still specified as it was seen. Its status may have changed meanwhile: in trouble it
 * changes every few seconds, and says nothing about what the approver decided on.
 */
export function patchAsSeen(
  current: V1Deployment,
  aim: Aim,
  change: readonly Operation[],
  more: JsonObject = {},
): Plan {
  const { uid, generation } = aim.preconditions;
  if (!uid || !/^[1-9][0-9]*$/.test(generation ?? '')) return { kind: 'refused', why: 'the action pins no deployment' };
  const isSame = current.metadata?.uid === uid && String(current.metadata.generation) === generation;
  if (!isSame) return { kind: 'moved', why: 'its specification is no longer the one that was seen' };
  const pinned = [mustBe('/metadata/uid', uid), mustBe('/metadata/generation', Number(generation))];
  return { kind: 'patch', operations: [...pinned, ...change, ...markWith(current.metadata, aim, more)] };
}

/** Whether the rollout that this action began is over. Says what is still missing. */
export function rolledOut(current: V1Deployment, aim: Aim): Postcondition {
  if (current.metadata?.uid !== aim.preconditions.uid)
    return { held: false, detail: 'the deployment is gone; another one has its name' };
  if (!bearsMark(current.metadata, aim)) return { held: false, detail: 'the deployment does not bear this action' };
  const { desired, updated, available } = countsOf(current);
  if (isComplete(current)) return { held: true, detail: `rolled out: ${available} of ${desired} pods are available` };
  const how = isStuck(current) ? 'the rollout does not get on' : 'the rollout is not over';
  const seen = hasBeenSeen(current) ? `${updated} of ${desired} pods are new, ${available} available` : 'not begun';
  return { held: false, detail: `${how}: ${seen}` };
}

/** How pods are replaced, in the deployment's own terms. */
export function strategyLine({ spec }: V1Deployment): string {
  if (spec?.strategy?.type === 'Recreate') return 'all of its pods end before the new ones start';
  const { maxUnavailable = '25%', maxSurge = '25%' } = spec?.strategy?.rollingUpdate ?? {};
  return `its pods are replaced step by step: at most ${maxUnavailable} fewer and ${maxSurge} more at a time`;
}
