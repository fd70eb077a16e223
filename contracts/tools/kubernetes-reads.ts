import { z } from 'zod';
import { text } from '../values.ts';
import { defineContract } from './contract.ts';
import {
  Count,
  InNamespace,
  kubectl,
  Namespace,
  namespaceOf,
  ObjectName,
  OfDeployment,
  Raw,
  Time,
  Word,
} from './kubernetes-values.ts';

/*
 * What may be seen of a cluster. No read returns a Secret, a ConfigMap, the value of a variable, a command line, or an
 * annotation that somebody else wrote: each of them is where credentials stand.
 */

const readOnly = {
  risk: 'read',
  effect: 'none',
  inverse: { tool: null, note: 'a read changes nothing' },
  targetKind: null,
  scopeOf: namespaceOf,
  preconditionsOf: () => ({}),
} as const;

const Quantities = z.strictObject({ cpu: text(32).nullable(), memory: text(32).nullable() });
const Container = z.strictObject({
  name: text(63),
  image: text(512),
  requests: Quantities,
  limits: Quantities,
  /** How many variables it is given. Their names and values stay where they are. */
  variables: Count,
});
const Condition = z.strictObject({ type: text(64), status: text(16), reason: Word, since: Time });

const Workload = z.strictObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  name: text(253),
  desired: Count,
  ready: Count,
  updated: Count,
  available: Count,
  images: z.array(text(512)).max(20),
});

export const workloads = defineContract({
  name: 'k8s.workloads',
  summary: 'deployments, stateful sets and daemon sets of one namespace: how many pods they want, and have ready',
  ...readOnly,
  actions: [kubectl('get', 'deployment'), kubectl('get', 'statefulset'), kubectl('get', 'daemonset')],
  args: InNamespace,
  result: z.strictObject({ workloads: z.array(Workload).max(300), truncated: z.boolean() }),
});

export const workload = defineContract({
  name: 'k8s.workload',
  summary: 'one workload: how it rolls out, its containers with requests and limits, its conditions',
  ...readOnly,
  actions: [kubectl('describe', 'deployment'), kubectl('describe', 'statefulset'), kubectl('describe', 'daemonset')],
  args: z.strictObject({ namespace: Namespace, kind: Workload.shape.kind, name: ObjectName }),
  result: z.strictObject({
    ...Workload.shape,
    createdAt: Time,
    paused: z.boolean(),
    strategy: text(32).nullable(),
    containers: z.array(Container).max(20),
    conditions: z.array(Condition).max(20),
    truncated: z.boolean(),
  }),
});

const ContainerState = z.strictObject({
  name: text(63),
  ready: z.boolean(),
  restarts: Count,
  state: z.enum(['waiting', 'running', 'terminated', 'unknown']),
  /** Why it waits or ended: `CrashLoopBackOff`, `ImagePullBackOff`, `Error`. */
  reason: Word,
  lastReason: Word,
  lastExitCode: z.number().int().nullable(),
});

export const pods = defineContract({
  name: 'k8s.pods',
  summary: 'pods of one namespace, or of one deployment in it: state, restarts, and why their containers ended',
  ...readOnly,
  actions: [kubectl('get', 'pod')],
  args: z.strictObject({ namespace: Namespace, deployment: ObjectName.optional() }),
  result: z.strictObject({
    pods: z
      .array(
        z.strictObject({
          name: text(253),
          phase: text(32),
          ready: z.boolean(),
          node: text(253).nullable(),
          deployment: text(253).nullable(),
          createdAt: Time,
          containers: z.array(ContainerState).max(20),
        }),
      )
      .max(500),
    truncated: z.boolean(),
  }),
});

export const events = defineContract({
  name: 'k8s.events',
  summary: 'what the cluster says that happened in one namespace, or to one object in it, the newest first',
  ...readOnly,
  actions: [kubectl('events', 'event')],
  args: z.strictObject({ namespace: Namespace, about: ObjectName.optional() }),
  result: z.strictObject({
    events: z
      .array(
        z.strictObject({
          type: text(32),
          reason: Word,
          about: z.strictObject({ kind: text(64), name: text(253) }),
          count: Count,
          lastAt: Time,
          raw: Raw,
        }),
      )
      .max(200),
    truncated: z.boolean(),
  }),
});

export const logs = defineContract({
  name: 'k8s.logs',
  summary: 'the last lines that one pod wrote, or the pod of a deployment that restarted most',
  ...readOnly,
  actions: [kubectl('logs', 'pod')],
  args: z
    .strictObject({
      namespace: Namespace,
      pod: ObjectName.optional(),
      deployment: ObjectName.optional(),
      container: ObjectName.optional(),
      /** Of the container as it was before its last restart. */
      previous: z.boolean().default(false),
      lines: z.number().int().min(1).max(1_000).default(200),
    })
    .refine(({ pod, deployment }) => (pod === undefined) !== (deployment === undefined), 'expected pod or deployment'),
  result: z.strictObject({
    pod: text(253).nullable(),
    container: text(63).nullable(),
    previous: z.boolean(),
    /** Each line as it was written, by whoever made the container write it. */
    raw: z.array(Raw).max(1_000),
    truncated: z.boolean(),
  }),
});

export const rolloutStatus = defineContract({
  name: 'k8s.rolloutStatus',
  summary: 'how the rollout of one deployment stands, and what its newest pods do: crash, run out of memory, wait',
  ...readOnly,
  actions: [kubectl('rollout-status', 'deployment')],
  args: OfDeployment,
  result: z.strictObject({
    deployment: text(253),
    revision: text(20).nullable(),
    desired: Count,
    updated: Count,
    ready: Count,
    available: Count,
    complete: z.boolean(),
    paused: z.boolean(),
    conditions: z.array(Condition).max(20),
    truncated: z.boolean(),
  }),
});

export const rolloutHistory = defineContract({
  name: 'k8s.rolloutHistory',
  summary: 'revisions of one deployment that it can be rolled back to: their images, and what runs of them now',
  ...readOnly,
  actions: [kubectl('rollout-history', 'deployment')],
  args: OfDeployment,
  result: z.strictObject({
    deployment: text(253),
    revisions: z
      .array(
        z.strictObject({
          revision: Count,
          role: z.enum(['current', 'last-good', 'earlier']),
          images: z.array(text(512)).max(20),
          createdAt: Time,
          replicas: Count,
          available: Count,
        }),
      )
      .max(50),
    truncated: z.boolean(),
  }),
});

export const resources = defineContract({
  name: 'k8s.resources',
  summary:
    'requests, limits, restarts and ends for want of memory of the pods of one namespace; use, where it is measured',
  ...readOnly,
  actions: [kubectl('get', 'pod'), kubectl('top-pod', 'pod')],
  args: z.strictObject({ namespace: Namespace, deployment: ObjectName.optional() }),
  result: z.strictObject({
    /** `absent`: this cluster serves no metrics, so nothing is known of what is used. */
    metrics: z.enum(['present', 'absent']),
    containers: z
      .array(
        z.strictObject({
          pod: text(253),
          container: text(63),
          requests: Quantities,
          limits: Quantities,
          used: Quantities.nullable(),
          restarts: Count,
          lastReason: Word,
        }),
      )
      .max(500),
    truncated: z.boolean(),
  }),
});

export const scalePlan = defineContract({
  name: 'k8s.scalePlan',
  summary: 'what it would be to scale one deployment to a number of pods, and how many it had before the last time',
  ...readOnly,
  actions: [kubectl('get', 'deployment')],
  args: z.strictObject({ ...OfDeployment.shape, replicas: z.number().int().min(1).max(1_000) }),
  result: z.strictObject({
    deployment: text(253),
    from: Count,
    to: Count,
    former: Count.nullable(),
    truncated: z.boolean(),
  }),
});

export const node = defineContract({
  name: 'k8s.node',
  summary: 'one node: its conditions, whether it takes new pods, and what it can hold',
  ...readOnly,
  actions: [kubectl('describe', 'node')],
  args: z.strictObject({ node: ObjectName }),
  result: z.strictObject({
    node: text(253),
    unschedulable: z.boolean(),
    ready: z.boolean(),
    conditions: z.array(Condition).max(20),
    allocatable: z.strictObject({ cpu: text(32).nullable(), memory: text(32).nullable(), pods: text(32).nullable() }),
    truncated: z.boolean(),
  }),
  scopeOf: (args) => [{ kind: 'nodes', value: String(args.node) }],
});
