import type { V1Deployment, V1Node, V1Pod } from '@kubernetes/client-node';
import type { Entity } from '../../../contracts/tools/contract.ts';
import { bounded, boundedOrNull } from '../bounded.ts';
import {
  ageMsOf,
  annotationOf,
  imagesHash,
  imagesOf,
  isCrashing,
  isReady,
  marks,
  ranOutOfMemory,
  restartsOf,
  wordOf,
} from './facts.ts';
import { controllerOf, type Revision } from './family.ts';

/*
 * Entities are named by the uid that the API server gave: an object that is made anew under the same name is another one,
 * and no name that somebody chose is part of an id.
 */

type Attributes = Entity['attributes'];

export const deploymentId = ({ metadata }: V1Deployment): string => `deployment/${metadata?.uid ?? ''}`;

/** What tells this deployment and this specification of it from every other. */
const identityOf = ({ metadata, spec }: V1Deployment): Attributes => ({
  namespace: bounded(metadata?.namespace ?? '', 63),
  deployment: bounded(metadata?.name ?? '', 253),
  uid: metadata?.uid ?? null,
  generation: metadata?.generation ?? null,
  resourceVersion: boundedOrNull(metadata?.resourceVersion, 64),
  paused: spec?.paused === true,
});

export const countsOf = ({ spec, status }: V1Deployment) => ({
  desired: spec?.replicas ?? 1,
  updated: status?.updatedReplicas ?? 0,
  ready: status?.readyReplicas ?? 0,
  available: status?.availableReplicas ?? 0,
});

export const deploymentEntity = (deployment: V1Deployment, more: Attributes = {}): Entity => ({
  kind: 'deployment',
  id: deploymentId(deployment),
  attributes: { ...identityOf(deployment), ...countsOf(deployment), ...more },
});

export const revisionEntity = (deployment: V1Deployment, { number, set }: Revision, more: Attributes): Entity => ({
  kind: 'revision',
  id: `${deploymentId(deployment)}::revision/${set.metadata?.uid ?? ''}`,
  attributes: {
    ...identityOf(deployment),
    revision: number,
    replicaSet: bounded(set.metadata?.name ?? '', 253),
    replicaSetUid: set.metadata?.uid ?? null,
    images: bounded(imagesOf(set.spec?.template?.spec).join(' '), 1_024),
    imagesHash: imagesHash(set.spec?.template?.spec),
    available: set.status?.availableReplicas ?? 0,
    ...more,
  },
});

/** The change from one number of pods to another, as a thing that can be aimed at. */
export const scaleEntity = (deployment: V1Deployment, to: number, role: 'asked' | 'former'): Entity => ({
  kind: 'scale',
  id: `${deploymentId(deployment)}::scale/${to}`,
  attributes: { ...identityOf(deployment), from: countsOf(deployment).desired, to, role },
});

/** `deployment` is the one that replaces the pod; null where none does. */
export const podEntity = (pod: V1Pod, deployment: string | null): Entity => ({
  kind: 'pod',
  id: `pod/${pod.metadata?.uid ?? ''}`,
  attributes: {
    namespace: bounded(pod.metadata?.namespace ?? '', 63),
    pod: bounded(pod.metadata?.name ?? '', 253),
    uid: pod.metadata?.uid ?? null,
    resourceVersion: boundedOrNull(pod.metadata?.resourceVersion, 64),
    controller: wordOf(controllerOf(pod.metadata)?.kind),
    deployment,
    node: boundedOrNull(pod.spec?.nodeName, 253),
    phase: bounded(pod.status?.phase ?? '', 32),
    ready: isReady(pod),
    crashing: isCrashing(pod),
    oomKilled: ranOutOfMemory(pod),
    restarts: restartsOf(pod),
    ageMs: ageMsOf(pod.metadata?.creationTimestamp),
  },
});

export const conditionHolds = (node: V1Node, type: string): boolean =>
  (node.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');

export const nodeEntity = (node: V1Node): Entity => ({
  kind: 'node',
  id: `node/${node.metadata?.uid ?? ''}`,
  attributes: {
    node: bounded(node.metadata?.name ?? '', 253),
    uid: node.metadata?.uid ?? null,
    unschedulable: node.spec?.unschedulable === true,
    /** Somebody else's cordon is for a reason that is not known here. */
    cordonedByHoldpoint: node.spec?.unschedulable === true && annotationOf(node.metadata, marks.action) !== null,
    ready: conditionHolds(node, 'Ready'),
    memoryPressure: conditionHolds(node, 'MemoryPressure'),
    diskPressure: conditionHolds(node, 'DiskPressure'),
    pidPressure: conditionHolds(node, 'PIDPressure'),
  },
});
