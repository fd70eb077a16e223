import type { V1ObjectMeta } from '@kubernetes/client-node';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { Entity, ToolContract } from '../../../contracts/tools/contract.ts';
import { bounded } from '../bounded.ts';
import type { Aim, Armed, Deadline, Effect, LookContext, Postcondition, Predicted, WriteTool } from '../implement.ts';
import type { Access, Login } from './access.ts';
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
  ready: (aim, context) => ready(access, kind, aim, context),
  arm: (aim, credential, signal) => arm(access('act', credential), kind, aim, signal),
  postcondition: (aim, waitMsMax, context) =>
    awaitCluster(access, { ...context, waitMsMax }, async (cluster) =>
      kind.holds(await kind.read(cluster, aim.target), aim, cluster),
    ),
});

/** The API server's own dry run of the very request: admission, defaults and validation included. Changes nothing. */
async function predict<T extends Stored>(
  access: Access,
  kind: Patching<T>,
  aim: Aim,
  context: LookContext,
): Promise<Predicted> {
  const doing = `predict ${kind.contract.name}`;
  // Its account may ask for the write, and has each one refused that is no dry run.
  const { before, after } = await withCluster(access, 'predict', { ...context, doing }, async (cluster) => {
    const { before, plan } = await look(cluster, kind, aim);
    if (before === null) throw new HoldpointError('TARGET_MOVED', `${doing}: it is gone`);
    if (plan.kind !== 'patch')
      throw new HoldpointError(plan.kind === 'moved' ? 'TARGET_MOVED' : 'TARGET_REFUSED', `${doing}: ${plan.why}`);
    return { before, after: await kind.patch(cluster, aim.target, plan.operations, 'All') };
  });
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

/** The cluster answers, and takes the request as a dry run: where it is away, or the runbook's accounts may not, no receipt is asked for. */
const ready = <T extends Stored>(access: Access, kind: Patching<T>, aim: Aim, context: LookContext): Promise<void> =>
  withCluster(access, 'predict', { ...context, doing: `ready ${kind.contract.name}` }, async (cluster) => {
    const { before, plan } = await look(cluster, kind, aim);
    const isDone = before !== null && bearsMark(before.metadata, aim);
    if (!isDone && plan.kind === 'patch') await rehearse(cluster, kind, aim, plan.operations);
  });

/** What it would refuse of this very object, `fire` tells. */
const rehearse = <T extends Stored>(cluster: Cluster, kind: Patching<T>, { target }: Aim, body: readonly Operation[]) =>
  kind.patch(cluster, target, body, 'All').then(
    () => undefined,
    (error: unknown) => {
      const status = statusOf(error);
      if (status === null || status === 401 || status === 403 || status >= 500) throw error;
    },
  );

/**
 * Looks at the object as it is now, with the credential of the effect. That opens the connection, which takes longer than a fence's
 * answer stays fresh, and the plan is of this moment, not of the one before the receipt.
 */
async function arm<T extends Stored>(login: Login, kind: Patching<T>, aim: Aim, signal: AbortSignal): Promise<Armed> {
  const actor = await openCluster(login, signal);
  try {
    const { before, plan } = await look(actor, kind, aim);
    const isDone = before !== null && bearsMark(before.metadata, aim);
    const own = { actor, kind, aim };
    return {
      fire: (deadline, abort) =>
        isDone ? Promise.resolve(done(before, false)) : fire({ ...own, plan, deadline, abort }),
      disarm: () => Promise.resolve(actor.close()),
    };
  } catch (error) {
    actor.close();
    throw kubeFailure(error, kind.contract.name);
  }
}

type Firing<T extends Stored> = {
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
  const { kind, aim, actor } = firing;
  const after = await lookAgain(firing);
  if (after === null) return noEffect('moved', 'TARGET_MOVED: it is no longer as it was seen, or gone');
  const planAgain = async (): Promise<Plan> => kind.plan(after, aim, actor);
  if (bearsMark(after.metadata, aim)) return done(after, true);
  const plan = await planAgain().catch(() => null);
  return plan?.kind === 'patch'
    ? noEffect('refused', 'TARGET_REFUSED: the API server does not take the change')
    : noEffect('moved', `TARGET_MOVED: ${plan?.why ?? 'it is no longer as it was seen'}`);
}

function lookAgain<T extends Stored>({ actor, kind, aim }: Firing<T>): Promise<T | null> {
  actor.within({ timeoutMs: () => lookMsMax, signal: AbortSignal.timeout(lookMsMax) });
  return kind.read(actor, aim.target).catch(() => null);
}
