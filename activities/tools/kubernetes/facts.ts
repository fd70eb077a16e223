import { createHash } from 'node:crypto';
import type {
  V1Container,
  V1ContainerStatus,
  V1ObjectMeta,
  V1Pod,
  V1PodSpec,
  V1ResourceRequirements,
} from '@kubernetes/client-node';
import { bounded, boundedOrNull } from '../bounded.ts';

/** What Holdpoint writes on an object: which action, of which incident, and how many pods there were before. */
export const marks = {
  action: 'holdpoint.dev/action',
  incident: 'holdpoint.dev/incident',
  formerReplicas: 'holdpoint.dev/former-replicas',
  restartedFor: 'holdpoint.dev/restarted-for',
} as const;

const containersMax = 20;
const imagesMax = 20;
const hourMs = 3_600_000;

/** Some times reach us as text and some as null, whatever the client's types say; null where it is no time. */
export type Moment = Date | string | null | undefined;
export function msOf(moment: Moment): number | null {
  const ms = moment === null || moment === undefined ? Number.NaN : new Date(moment).getTime();
  return Number.isFinite(ms) ? ms : null;
}
export function timeOf(moment: Moment): string | null {
  const ms = msOf(moment);
  return ms === null ? null : new Date(ms).toISOString();
}
export function ageMsOf(moment: Moment): number | null {
  const ms = msOf(moment);
  return ms === null ? null : Math.max(0, Date.now() - ms);
}
export const wordOf = (text: string | undefined): string | null => boundedOrNull(text, 128);

/** An annotation that Holdpoint or the deployment controller wrote. Others may hold credentials, and are never read. */
export const annotationOf = (metadata: V1ObjectMeta | undefined, name: string): string | null => {
  const annotations = metadata?.annotations ?? {};
  return Object.hasOwn(annotations, name) ? bounded(annotations[name] ?? '', 256) : null;
};

export const imagesOf = (spec: V1PodSpec | undefined): string[] =>
  (spec?.containers ?? []).slice(0, imagesMax).map(({ image }) => bounded(image ?? '', 512));

/** What tells one set of containers from another, without any of its settings. */
export function imagesHash(spec: V1PodSpec | undefined): string {
  const named = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ name, image }) => [name, image]);
  return createHash('sha256').update(JSON.stringify(named)).digest('hex');
}

const quantity = (amount: string | undefined): string | null => boundedOrNull(amount, 32);
export const quantitiesOf = (amounts: Readonly<Record<string, string>> | undefined) => ({
  cpu: quantity(amounts?.cpu),
  memory: quantity(amounts?.memory),
});
export const resourcesOf = (resources: V1ResourceRequirements | undefined) => ({
  requests: quantitiesOf(resources?.requests),
  limits: quantitiesOf(resources?.limits),
});

/** INVARIANT: names, images and amounts alone. No command, argument, variable, mount or probe of a container is read out. */
export const containerOf = ({ name, image, resources, env, envFrom }: V1Container) => ({
  name: bounded(name, 63),
  image: bounded(image ?? '', 512),
  ...resourcesOf(resources),
  variables: (env ?? []).length + (envFrom ?? []).length,
});
export const containersOf = (spec: V1PodSpec | undefined) =>
  (spec?.containers ?? []).slice(0, containersMax).map(containerOf);

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: Date;
};
/** Messages stay behind: they quote what others wrote. */
export const conditionsOf = (conditions: readonly Condition[] | undefined) =>
  (conditions ?? []).slice(0, 20).map(({ type, status, reason, lastTransitionTime }) => ({
    type: bounded(type, 64),
    status: bounded(status, 16),
    reason: wordOf(reason),
    since: timeOf(lastTransitionTime),
  }));

const statusesOf = ({ status }: V1Pod): readonly V1ContainerStatus[] => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

export const containerStateOf = ({ name, ready, restartCount, state, lastState }: V1ContainerStatus) => ({
  name: bounded(name, 63),
  ready,
  restarts: restartCount,
  state: stateOf(state),
  reason: wordOf(state?.waiting?.reason ?? state?.terminated?.reason),
  lastReason: wordOf(lastState?.terminated?.reason),
  lastExitCode: lastState?.terminated?.exitCode ?? null,
});
function stateOf(state: V1ContainerStatus['state']): 'waiting' | 'running' | 'terminated' | 'unknown' {
  if (state?.waiting !== undefined) return 'waiting';
  if (state?.running !== undefined) return 'running';
  return state?.terminated === undefined ? 'unknown' : 'terminated';
}
export const containerStatesOf = (pod: V1Pod) => statusesOf(pod).slice(0, containersMax).map(containerStateOf);

/** Ended with an error, and again, without having become ready since. */
export const isCrashing = (pod: V1Pod): boolean =>
  statusesOf(pod).some(
    ({ ready, restartCount, state, lastState }) =>
      state?.waiting?.reason === 'CrashLoopBackOff' ||
      (!ready && restartCount >= 2 && (lastState?.terminated?.exitCode ?? 0) !== 0),
  );
const isRecent = (moment: Moment): boolean => (ageMsOf(moment) ?? 0) <= hourMs;
/** The kernel ended one of its containers for want of memory, within the last hour. */
export const ranOutOfMemory = (pod: V1Pod): boolean =>
  statusesOf(pod).some(({ state, lastState }) =>
    [state?.terminated, lastState?.terminated].some((end) => end?.reason === 'OOMKilled' && isRecent(end.finishedAt)),
  );
export const cannotPull = (pod: V1Pod): boolean =>
  statusesOf(pod).some(({ state }) =>
    ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName'].includes(state?.waiting?.reason ?? ''),
  );
export const isReady = ({ status }: V1Pod): boolean =>
  (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
export const restartsOf = (pod: V1Pod): number =>
  statusesOf(pod).reduce((sum, { restartCount }) => sum + restartCount, 0);
