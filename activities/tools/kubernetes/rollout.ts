import type { V1Deployment, V1Pod } from '@kubernetes/client-node';
import { rolloutHistory, rolloutStatus } from '../../../contracts/tools/kubernetes-reads.ts';
import type { JsonObject } from '../../../contracts/values.ts';
import { bounded, fitting, jsonBytes } from '../bounded.ts';
import type { ReadTool } from '../implement.ts';
import type { Access } from './access.ts';
import { withCluster } from './cluster.ts';
import { countsOf, deploymentEntity, revisionEntity } from './entities.ts';
import {
  ageMsOf,
  cannotPull,
  conditionsOf,
  imagesOf,
  isCrashing,
  msOf,
  ranOutOfMemory,
  restartsOf,
  timeOf,
} from './facts.ts';
import { controllerOf, type Family, hasBeenSeen, type Named, podsOf, type Revision, readFamily } from './family.ts';

const revisionsMax = 50;
/** A revision that served so long before the next one came has proven itself, also where nothing of it runs any more. */
const provenMs = 600_000;

export const named = ({ namespace, deployment }: JsonObject): Named => ({
  namespace: String(namespace),
  deployment: String(deployment),
});

/** How a rollout stands. The entity counts what the pods of the newest revision do, for a decision table to test. */
export const readRolloutStatus = (access: Access): ReadTool => ({
  kind: 'read',
  contract: rolloutStatus,
  read: (args, { signal, credential }) =>
    withCluster(access, 'read', { signal, credential, doing: 'rollout status' }, async (cluster) => {
      const family = await readFamily(cluster, named(args));
      const pods = await podsOf(cluster, family);
      const { deployment, current } = family;
      const truncated = family.truncated || pods.truncated;
      const revision = current?.number ?? null;
      const complete = isComplete(deployment);
      return {
        data: {
          deployment: bounded(deployment.metadata?.name ?? '', 253),
          revision: revision === null ? null : String(revision),
          ...countsOf(deployment),
          complete,
          paused: deployment.spec?.paused === true,
          conditions: conditionsOf(deployment.status?.conditions),
          truncated,
        },
        entities: [
          deploymentEntity(deployment, {
            revision,
            complete,
            stuck: isStuck(deployment),
            ...troubles(family, pods.items),
          }),
        ],
      };
    }),
});

/** As the cluster's own rollout status has it: every pod is of the newest revision, and available. */
export function isComplete(deployment: V1Deployment): boolean {
  const { desired, updated, available } = countsOf(deployment);
  const { replicas = 0 } = deployment.status ?? {};
  return hasBeenSeen(deployment) && updated >= desired && replicas === updated && available >= desired;
}

/** The controller gave it up: no pod of the newest revision became ready within its deadline. */
export const isStuck = ({ status }: V1Deployment): boolean =>
  (status?.conditions ?? []).some(
    ({ type, status: holds, reason }) =>
      type === 'Progressing' && holds === 'False' && reason === 'ProgressDeadlineExceeded',
  );

function troubles({ current }: Family, pods: readonly V1Pod[]) {
  const uid = current?.set.metadata?.uid;
  const newest = pods.filter(({ metadata }) => uid !== undefined && controllerOf(metadata)?.uid === uid);
  const count = (test: (pod: V1Pod) => boolean): number => newest.filter(test).length;
  return {
    crashing: count(isCrashing),
    oomKilled: count(ranOutOfMemory),
    unpullable: count(cannotPull),
    unscheduled: count(({ spec, status }) => status?.phase === 'Pending' && spec?.nodeName === undefined),
    restarts: newest.reduce((sum, pod) => sum + restartsOf(pod), 0),
    revisionAgeMs: ageMsOf(current?.set.metadata?.creationTimestamp),
  };
}

/** What a deployment can be rolled back to. At most one earlier revision is called good, for a reason that can be seen. */
export const readRolloutHistory = (access: Access): ReadTool => ({
  kind: 'read',
  contract: rolloutHistory,
  read: (args, { signal, credential, bytesMax }) =>
    withCluster(access, 'read', { signal, credential, doing: 'rollout history' }, async (cluster) => {
      const family = await readFamily(cluster, named(args));
      const { deployment } = family;
      const found = withRoles(family).map(({ revision, role }) => ({
        line: lineOf(revision, role),
        entity: revisionEntity(deployment, revision, { role, currentRevision: family.current?.number ?? null }),
      }));
      const { kept, truncated } = fitting(found, { count: revisionsMax, bytes: bytesMax }, jsonBytes);
      return {
        data: {
          deployment: bounded(deployment.metadata?.name ?? '', 253),
          revisions: kept.map(({ line }) => line),
          truncated: family.truncated || truncated,
        },
        entities: kept.map(({ entity }) => entity),
      };
    }),
});

type Role = 'current' | 'last-good' | 'earlier';

function withRoles({ current, earlier }: Pick<Family, 'current' | 'earlier'>) {
  const good = current === null ? undefined : lastGoodOf(current, earlier);
  const rest = earlier.map((revision) => ({ revision, role: (revision === good ? 'last-good' : 'earlier') as Role }));
  return current === null ? rest : [{ revision: current, role: 'current' as Role }, ...rest];
}

/**
 * The newest earlier revision of which pods are available now; where there is none, the newest that served for ten minutes
 * before the next one was made. Undefined where nothing shows that any was good: then a person decides.
 */
export function lastGoodOf(current: Revision, earlier: readonly Revision[]): Revision | undefined {
  const serves = earlier.find(({ set }) => (set.status?.availableReplicas ?? 0) > 0);
  return serves ?? earlier.find((one, at) => servedMs(one, at === 0 ? current : earlier[at - 1]) >= provenMs);
}

/** A replica set that was rolled back to is older than the one it followed: how long it served then is not known. */
function servedMs({ set }: Revision, next: Revision | undefined): number {
  const [from = null, until = null] = [set, next?.set].map((one) => msOf(one?.metadata?.creationTimestamp));
  return from === null || until === null ? 0 : until - from;
}

const lineOf = ({ number, set }: Revision, role: Role) => ({
  revision: number,
  role,
  images: imagesOf(set.spec?.template?.spec),
  createdAt: timeOf(set.metadata?.creationTimestamp),
  replicas: set.status?.replicas ?? 0,
  available: set.status?.availableReplicas ?? 0,
});
