import type { V1ObjectMeta } from '@kubernetes/client-node';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { Entity, ToolContract } from '../../../contracts/tools/contract.ts';
import { bounded } from '../bounded.ts';
import type { Aim, Armed, Deadline, Effect, Postcondition, Predicted, ReadContext, WriteTool } from '../implement.ts';
import type { Access } from './access.ts';
import { awaitCluster } from './await-cluster.ts';
import { type Cluster, openCluster, withCluster } from './cluster.ts';
import { kubeFailure, statusOf, wasNeverSent } from './kube-failure.ts';
import { bearsMark, type Operation } from './patch.ts';

type Stored = { readonly metadata?: V1ObjectMeta };
/** What is to be sent, or why nothing is. */
export type Plan =
  | { readonly kind: 'patch'; readonly operations: readonly Operation[] }
  | { readonly kind: 'moved' | 'refused'; readonly why: string };
export type Lines = Pick<Predicted, 'does' | 'changes' | 'blastRadius'>;

/** One kind of write: a JSON patch of one object, which demands what was seen and changes one thing. */
export type Patching<T extends Stored> = {
  readonly contract: ToolContract;
  readonly settleMsMax: number;
  read(cluster: Cluster, target: Entity): Promise<T>;
  patch(cluster: Cluster, target: Entity, body: readonly Operation[], dryRun: 'All' | undefined): Promise<T>;
  /** What to send, given the object as it is now. */
  plan(current: T, aim: Aim, cluster: Cluster): Promise<Plan> | Plan;
  targetLine(target: Entity): string;
  /** From the object as it is, and as the API server says that it would be. */
  predict(before: T, after: T, aim: Aim): Lines;
  holds(current: T, aim: Aim, cluster: Cluster): Promise<Postcondition> | Postcondition;
};

const lookMsMax = 2_000;

export const patchTool = <T extends Stored>(access: Access, kind: Patching<T>): WriteTool => ({
  kind: 'write',
  contract: kind.contract,
  settleMsMax: kind.settleMsMax,
  predict: (aim, context) => predict(access, kind, aim, context),
  arm: (aim, signal) => arm(access, kind, aim, signal),
  postcondition: (aim, waitMsMax, signal) =>
    awaitCluster(access, { waitMsMax, signal }, async (cluster) =>
      kind.holds(await kind.read(cluster, aim.target), aim, cluster),
    ),
});

/** The API server's own dry run of the very request: admission, defaults and validation included. Changes nothing. */
async function predict<T extends Stored>(
  access: Access,
  kind: Patching<T>,
  aim: Aim,
  { signal }: ReadContext,
): Promise<Predicted> {
  const doing = `predict ${kind.contract.name}`;
  const { before, plan } = await withCluster(access, 'read', { signal, doing }, (cluster) => look(cluster, kind, aim));
  if (before === null) throw new HoldpointError('TARGET_MOVED', `${doing}: it is gone`);
  if (plan.kind !== 'patch')
    throw new HoldpointError(plan.kind === 'moved' ? 'TARGET_MOVED' : 'TARGET_REFUSED', `${doing}: ${plan.why}`);
  const after = await withCluster(access, 'predict', { signal, doing }, (cluster) =>
    kind.patch(cluster, aim.target, plan.operations, 'All'),
  );
  const { does, changes, blastRadius } = kind.predict(before, after, aim);
  const line = (text: string): string => bounded(text, 500);
  return {
    dryRun: true,
    does: line(does),
    target: line(kind.targetLine(aim.target)),
    changes: changes.slice(0, 20).map(line),
    blastRadius: blastRadius.slice(0, 20).map(line),
  };
}

type Looked<T> = { readonly before: T | null; readonly plan: Plan };

async function look<T extends Stored>(cluster: Cluster, kind: Patching<T>, aim: Aim): Promise<Looked<T>> {
  try {
    const before = await kind.read(cluster, aim.target);
    return { before, plan: await kind.plan(before, aim, cluster) };
  } catch (error) {
    if (statusOf(error) === 404) return { before: null, plan: { kind: 'moved', why: 'it is gone' } };
    throw error;
  }
}

/** Looks at the object, and has the request rehearsed as the identity that acts: what that may not do costs no receipt. */
async function arm<T extends Stored>(access: Access, kind: Patching<T>, aim: Aim, signal: AbortSignal): Promise<Armed> {
  const reader = await openCluster(await access('read'), signal);
  const actor = await openCluster(await access('act'), signal);
  const disarm = (): Promise<void> => {
    reader.close();
    actor.close();
    return Promise.resolve();
  };
  try {
    const { before, plan } = await look(reader, kind, aim);
    const isDone = before !== null && bearsMark(before.metadata, aim);
    if (!isDone && plan.kind === 'patch') await rehearse(actor, kind, aim, plan.operations);
    const own = { reader, actor, kind, aim };
    return {
      fire: (deadline, abort) =>
        isDone ? Promise.resolve(done(before, false)) : fire({ ...own, plan, deadline, abort }),
      disarm,
    };
  } catch (error) {
    await disarm();
    throw kubeFailure(error, kind.contract.name);
  }
}

/** Also opens the connection, which takes longer than a fence's answer stays fresh. What it would refuse, `fire` tells. */
const rehearse = <T extends Stored>(actor: Cluster, kind: Patching<T>, { target }: Aim, body: readonly Operation[]) =>
  kind.patch(actor, target, body, 'All').then(
    () => undefined,
    (error: unknown) => {
      const status = statusOf(error);
      if (status === null || status === 401 || status === 403 || status >= 500) throw error;
    },
  );

type Firing<T extends Stored> = {
  readonly reader: Cluster;
  readonly actor: Cluster;
  readonly kind: Patching<T>;
  readonly aim: Aim;
  readonly plan: Plan;
  readonly deadline: () => Deadline;
  readonly abort: AbortSignal;
};

const noEffect = (status: 'moved' | 'refused' | 'failed', detail: string): Effect => ({ status, detail, result: null });
const done = ({ metadata }: Stored, changed: boolean): Effect => ({
  status: 'done',
  detail: changed ? 'the API server took the change' : 'the object bears the mark of this action: nothing was sent',
  result: {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    generation: metadata?.generation ?? 0,
    changed,
  },
});

/**
 * INVARIANT: preconditions, change and mark are one request. The time that is left is asked for when it is sent, and goes
 * with it: neither a process that slept nor a server that is slow to begin has the effect later.
 */
async function fire<T extends Stored>(firing: Firing<T>): Promise<Effect> {
  const { actor, kind, aim, plan, deadline, abort } = firing;
  if (plan.kind !== 'patch') return noEffect(plan.kind, `TARGET_${plan.kind.toUpperCase()}: ${plan.why}`);
  if (abort.aborted) return noEffect('failed', 'cancelled before the effect');
  if (!(deadline().leftMs > 0))
    return noEffect('failed', 'RECEIPT_EXPIRED: the request would be sent after its deadline');
  actor.within({ timeoutMs: () => deadline().leftMs, signal: abort });
  try {
    return done(await kind.patch(actor, aim.target, plan.operations, undefined), true);
  } catch (error) {
    return effectOfError(error, firing);
  }
}

async function effectOfError<T extends Stored>(error: unknown, firing: Firing<T>): Promise<Effect> {
  if (error instanceof HoldpointError && error.code !== 'TOO_LARGE')
    return noEffect('failed', `${error.code}: ${error.message}`);
  if (wasNeverSent(error)) return noEffect('failed', 'TARGET_AWAY: the request was never sent');
  const status = statusOf(error);
  if (status === 404) return noEffect('moved', 'TARGET_MOVED: it is gone');
  if (status === 409) return noEffect('moved', 'TARGET_MOVED: it changed meanwhile');
  if (status === 422) return refusedOrMoved(firing);
  if (status === 429) return noEffect('failed', 'TARGET_BUSY: the API server took no more requests');
  if (status !== null && status >= 400 && status < 500)
    return noEffect('refused', `TARGET_REFUSED: the API server refused (status ${status})`);
  const after = await lookAgain(firing);
  if (after !== null && bearsMark(after.metadata, firing.aim)) return done(after, true);
  return { status: 'unknown', detail: `the API server gave no clear answer (${status ?? 'none'})`, result: null };
}

/** The same status says that a test failed, and that the object does not take the change: which, only the object can tell. */
async function refusedOrMoved<T extends Stored>(firing: Firing<T>): Promise<Effect> {
  const { kind, aim, reader } = firing;
  const after = await lookAgain(firing);
  if (after === null) return noEffect('moved', 'TARGET_MOVED: it is no longer as it was seen, or gone');
  const planAgain = async (): Promise<Plan> => kind.plan(after, aim, reader);
  if (bearsMark(after.metadata, aim)) return done(after, true);
  const plan = await planAgain().catch(() => null);
  return plan?.kind === 'patch'
    ? noEffect('refused', 'TARGET_REFUSED: the API server does not take the change')
    : noEffect('moved', `TARGET_MOVED: ${plan?.why ?? 'it is no longer as it was seen'}`);
}

function lookAgain<T extends Stored>({ reader, kind, aim }: Firing<T>): Promise<T | null> {
  reader.within({ timeoutMs: () => lookMsMax, signal: AbortSignal.timeout(lookMsMax) });
  return kind.read(reader, aim.target).catch(() => null);
}
