import type { V1Eviction, V1Pod } from '@kubernetes/client-node';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { Entity } from '../../../contracts/tools/contract.ts';
import { evictPod } from '../../../contracts/tools/kubernetes-writes.ts';
import type { Aim, Armed, Deadline, Effect, LookContext, Postcondition, Predicted, WriteTool } from '../implement.ts';
import type { Access, Login } from './access.ts';
import { awaitCluster } from './await-cluster.ts';
import { type Cluster, openCluster, withCluster } from './cluster.ts';
import { marks } from './facts.ts';
import { isByBudget, kubeFailure, statusOf, wasNeverSent } from './kube-failure.ts';
import { fieldManager } from './patch.ts';

/** A pod has its own grace period, in which it still ends what it was doing. */
const settleMsMax = 60_000;

/** By the eviction API, which keeps to disruption budgets; the request names the one pod, in the one state, that was seen. */
export const evict = (access: Access): WriteTool => ({
  kind: 'write',
  contract: evictPod,
  settleMsMax,
  predict: (aim, context) => predict(access, aim, context),
  ready: (aim, context) =>
    withCluster(access, 'predict', { ...context, doing: 'ready k8s.evictPod' }, (cluster) => rehearse(cluster, aim)),
  arm: (aim, credential, signal) => arm(access('act', credential), aim, signal),
  postcondition: (aim, waitMsMax, context) =>
    awaitCluster(access, { ...context, waitMsMax }, (cluster) => isGone(cluster, aim)),
});

const at = ({ attributes }: Entity) => ({ namespace: String(attributes.namespace), name: String(attributes.pod) });

/** The mark stands in the request, and so in the cluster's audit log: the pod itself will not be there to bear it. */
function send({ core }: Cluster, { target, preconditions, mark }: Aim, dryRun: 'All' | undefined): Promise<V1Eviction> {
  const { uid, resourceVersion } = preconditions;
  if (!uid || !resourceVersion) throw new HoldpointError('TARGET_REFUSED', 'evict: the action pins no pod');
  const annotations = { [marks.action]: mark.digest, [marks.incident]: mark.incident };
  // A dry run is said twice: admission goes by the request, and the deletion in it by its own options.
  const deleteOptions = { preconditions: { uid, resourceVersion }, ...(dryRun && { dryRun: [dryRun] }) };
  const metadata = { ...at(target), annotations };
  const body: V1Eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions };
  return core.createNamespacedPodEviction({ ...at(target), body, fieldManager, ...(dryRun && { dryRun }) });
}

async function predict(access: Access, aim: Aim, context: LookContext): Promise<Predicted> {
  const doing = 'predict k8s.evictPod';
  const pod = await withCluster(access, 'predict', { ...context, doing }, ({ core }) =>
    core.readNamespacedPod(at(aim.target)).catch((error: unknown) => {
      if (statusOf(error) === 404) throw new HoldpointError('TARGET_MOVED', `${doing}: the pod is gone`);
      throw error;
    }),
  );
  if (!isAsSeen(pod, aim)) throw new HoldpointError('TARGET_MOVED', `${doing}: the pod is no longer as it was seen`);
  await withCluster(access, 'predict', { ...context, doing }, (cluster) =>
    send(cluster, aim, 'All').catch((error: unknown) => {
      if (isByBudget(error)) throw new HoldpointError('TARGET_REFUSED', `${doing}: a disruption budget forbids it`);
      throw error;
    }),
  );
  const { namespace, name } = at(aim.target);
  const { deployment, node } = aim.target.attributes;
  return {
    dryRun: true,
    does: `end pod ${name} of deployment ${deployment} in namespace ${namespace}`,
    target: `pod ${name} in namespace ${namespace}, uid ${aim.preconditions.uid}, on node ${node}`,
    changes: ['this pod ends within its grace period, and the deployment makes another'],
    blastRadius: ['exactly this one pod; until its replacement is ready, the deployment has one fewer'],
  };
}

const isAsSeen = ({ metadata }: V1Pod, { preconditions }: Aim): boolean =>
  metadata?.uid === preconditions.uid && metadata?.resourceVersion === preconditions.resourceVersion;

async function arm(login: Login, aim: Aim, signal: AbortSignal): Promise<Armed> {
  const actor = await openCluster(login, signal);
  try {
    await rehearse(actor, aim);
    return {
      fire: (deadline, abort) => fire(actor, aim, deadline, abort),
      disarm: () => Promise.resolve(actor.close()),
    };
  } catch (error) {
    actor.close();
    throw kubeFailure(error, evictPod.name);
  }
}

/** A dry run, which also opens the connection. What it would refuse of this very pod, `fire` tells. */
const rehearse = (cluster: Cluster, aim: Aim): Promise<void> =>
  send(cluster, aim, 'All').then(
    () => undefined,
    (error: unknown) => {
      const status = statusOf(error);
      if (status === null || status === 401 || status === 403 || status >= 500) throw error;
    },
  );

const noEffect = (status: 'moved' | 'refused' | 'failed', detail: string): Effect => ({ status, detail, result: null });

async function fire(actor: Cluster, aim: Aim, deadline: () => Deadline, abort: AbortSignal): Promise<Effect> {
  if (abort.aborted) return noEffect('failed', 'cancelled before the effect');
  if (!(deadline().leftMs > 0))
    return noEffect('failed', 'RECEIPT_EXPIRED: the request would be sent after its deadline');
  actor.within({ timeoutMs: () => deadline().leftMs, signal: abort });
  try {
    await send(actor, aim, undefined);
    const result = { name: at(aim.target).name, uid: aim.preconditions.uid ?? '' };
    return { status: 'done', detail: 'the API server took the eviction', result };
  } catch (error) {
    return effectOfError(error);
  }
}

function effectOfError(error: unknown): Effect {
  if (error instanceof HoldpointError && error.code !== 'TOO_LARGE')
    return noEffect('failed', `${error.code}: ${error.message}`);
  if (wasNeverSent(error)) return noEffect('failed', 'TARGET_AWAY: the request was never sent');
  const status = statusOf(error);
  if (status === 404) return noEffect('moved', 'TARGET_MOVED: the pod is gone');
  if (status === 409) return noEffect('moved', 'TARGET_MOVED: the pod is no longer as it was seen');
  if (isByBudget(error)) return noEffect('refused', 'TARGET_REFUSED: a disruption budget forbids it');
  if (status === 429) return noEffect('failed', 'TARGET_BUSY: the API server took no more requests');
  if (status !== null && status >= 400 && status < 500)
    return noEffect('refused', `TARGET_REFUSED: the API server refused (status ${status})`);
  return { status: 'unknown', detail: `the API server gave no clear answer (${status ?? 'none'})`, result: null };
}

async function isGone({ core }: Cluster, aim: Aim): Promise<Postcondition> {
  try {
    const pod = await core.readNamespacedPod(at(aim.target));
    if (pod.metadata?.uid !== aim.preconditions.uid)
      return { held: true, detail: 'the pod is gone; another has its name' };
    const ending = pod.metadata?.deletionTimestamp !== undefined;
    return { held: false, detail: ending ? 'the pod is ending' : 'the pod is still there' };
  } catch (error) {
    if (statusOf(error) === 404) return { held: true, detail: 'the pod is gone' };
    throw error;
  }
}
