import { z } from 'zod';
import type { JsonObject } from '../values.ts';
import { defineContract, type Entity, InventoryRef, type Scoped } from './contract.ts';
import { Count, kubectl, pin } from './kubernetes-values.ts';

/*
 * What may be done to a cluster. A target is all that a write takes: which revision, how many pods, is part of what a read
 * found, so that no number and no name of a model's own reaches the API server. A deployment is never deleted by a tool.
 */

/** INVARIANT: the inventory is the only source of a write's values. */
const Target = z.strictObject({ target: InventoryRef });
const attributeOf = (target: Entity | null, name: string): string => String(target?.attributes[name] ?? '');

const inDeployment = (_args: JsonObject, target: Entity | null): readonly Scoped[] => [
  { kind: 'namespaces', value: attributeOf(target, 'namespace') },
  { kind: 'deployments', value: attributeOf(target, 'deployment') },
];
/** The specification that the approver saw: the API server counts every change of it. Its status may change meanwhile. */
const asSpecified = ({ attributes }: Entity) => ({ uid: pin(attributes.uid), generation: pin(attributes.generation) });

const Written = z.strictObject({
  name: z.string().max(253),
  uid: z.string().max(64),
  generation: Count,
  /** False where the object bore the mark of this very action already, so that nothing was sent. */
  changed: z.boolean(),
});

export const restartDeployment = defineContract({
  name: 'k8s.restartDeployment',
  summary: 'replace every pod of one deployment by a new one of the same kind, as its rollout strategy says',
  risk: 'low',
  effect: 'idempotent',
  actions: [kubectl('rollout-restart', 'deployment', 'write')],
  inverse: { tool: 'k8s.rollbackDeployment', note: 'the revision before it is kept, and can be rolled back to' },
  targetKind: 'deployment',
  args: Target,
  result: Written,
  scopeOf: inDeployment,
  preconditionsOf: asSpecified,
});

export const rollbackDeployment = defineContract({
  name: 'k8s.rollbackDeployment',
  summary: 'give one deployment the pod template of an earlier revision again',
  risk: 'high',
  effect: 'idempotent',
  actions: [kubectl('rollout-undo', 'deployment', 'write')],
  inverse: { tool: 'k8s.rollbackDeployment', note: 'the revision that it replaces is kept, and can be rolled back to' },
  targetKind: 'revision',
  args: Target,
  result: Written,
  scopeOf: inDeployment,
  preconditionsOf: (entity) => ({
    ...asSpecified(entity),
    revision: pin(entity.attributes.revision),
    replicaSet: pin(entity.attributes.replicaSet),
    replicaSetUid: pin(entity.attributes.replicaSetUid),
    images: pin(entity.attributes.imagesHash),
  }),
});

export const scaleDeployment = defineContract({
  name: 'k8s.scaleDeployment',
  summary: 'set how many pods one deployment has, within the range of the runbook',
  risk: 'low',
  effect: 'idempotent',
  actions: [kubectl('scale', 'deployment', 'write')],
  inverse: { tool: 'k8s.scaleDeployment', note: 'scales back to the number before it, which the deployment remembers' },
  targetKind: 'scale',
  args: Target,
  result: Written,
  scopeOf: (args, target) => [...inDeployment(args, target), { kind: 'replicas', value: attributeOf(target, 'to') }],
  preconditionsOf: (entity) => ({
    ...asSpecified(entity),
    from: pin(entity.attributes.from),
    to: pin(entity.attributes.to),
  }),
});

export const evictPod = defineContract({
  name: 'k8s.evictPod',
  summary: 'end one pod, so that its deployment makes a new one; a disruption budget may forbid it',
  // Low: the controller replaces it, and the eviction API keeps to the disruption budget. The floor refuses any other pod.
  risk: 'low',
  effect: 'conditional',
  actions: [kubectl('delete', 'pod', 'write')],
  inverse: { tool: null, note: 'its replacement is another pod: what it held in memory or on its own disk is gone' },
  targetKind: 'pod',
  args: Target,
  result: z.strictObject({ name: z.string().max(253), uid: z.string().max(64) }),
  scopeOf: inDeployment,
  preconditionsOf: ({ attributes }) => ({
    uid: pin(attributes.uid),
    resourceVersion: pin(attributes.resourceVersion),
  }),
});

const ofNode = (_args: JsonObject, target: Entity | null): readonly Scoped[] => [
  { kind: 'nodes', value: attributeOf(target, 'node') },
];
const asScheduled = ({ attributes }: Entity) => ({
  uid: pin(attributes.uid),
  unschedulable: pin(attributes.unschedulable),
});

export const cordonNode = defineContract({
  name: 'k8s.cordonNode',
  summary: 'let one node take no new pods; those that run on it stay',
  risk: 'low',
  effect: 'idempotent',
  actions: [kubectl('cordon', 'node', 'write')],
  inverse: { tool: 'k8s.uncordonNode', note: 'lets it take pods again' },
  targetKind: 'node',
  args: Target,
  result: Written,
  scopeOf: ofNode,
  preconditionsOf: asScheduled,
});

export const uncordonNode = defineContract({
  name: 'k8s.uncordonNode',
  summary: 'let one node take new pods again',
  risk: 'low',
  effect: 'idempotent',
  actions: [kubectl('uncordon', 'node', 'write')],
  inverse: { tool: 'k8s.cordonNode', note: 'keeps new pods off it again' },
  targetKind: 'node',
  args: Target,
  result: Written,
  scopeOf: ofNode,
  preconditionsOf: asScheduled,
});
