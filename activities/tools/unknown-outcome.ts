import { ApplicationFailure } from '@temporalio/common';
import type { Logger } from 'pino';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import { InventoryRef } from '../../contracts/tools/contract.ts';
import { resolveTarget } from '../../policies/inventory.ts';
import { withoutSecrets } from '../../policies/redaction/redact-value.ts';
import { parseBlob } from '../judge/judge-call.ts';
import { isAbandoned, type Scope } from './activity-scope.ts';
import { observing } from './borrow.ts';
import type { Intent } from './earlier-attempt.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { Aim, Postcondition } from './implement.ts';

const everyMs = 10_000;
/** A retry of the activity itself comes first: it may still be admitted, and then knows more than this. */
const graceMs = 5_000;
const readMsMax = 10_000;

type UnknownDeps = Pick<
  ExecutorDeps,
  'role' | 'signer' | 'keys' | 'tools' | 'manifests' | 'recorder' | 'broker' | 'outbox' | 'inFlight' | 'clock'
>;

/**
 * For a retry of an activity whose earlier attempt was admitted and never heard of again. While that attempt may still
 * run, throws a retryable `RECEIPT_SPENT` that says when to ask again; after that, says *unknown* with what was seen.
 */
export async function settleEarlier(intent: Intent, scope: Scope, deps: UnknownDeps): Promise<SignedOutcome> {
  const waitMs = overAt(intent, deps) - deps.clock();
  if (waitMs > 0)
    throw ApplicationFailure.create({
      type: 'RECEIPT_SPENT',
      message: 'an earlier attempt of this activity may still be running',
      nonRetryable: false,
      nextRetryDelay: waitMs + 250,
    });
  const outcome = await signUnknown(intent, deps);
  await deps.outbox.keep(outcome);
  await deps.outbox.deliver(outcome, () => isAbandoned(scope.signal));
  return outcome;
}

/** Asks for this role's intents without outcome now and every 10 s, and signs what is there to see. */
export function createUnknownSweep(deps: UnknownDeps & { readonly log: Pick<Logger, 'warn' | 'error'> }) {
  let timer: NodeJS.Timeout | null = null;
  const sweep = async (): Promise<void> => {
    for (const record of await deps.recorder.openIntents())
      await settleOpen(record, deps).catch((error: unknown) =>
        deps.log.warn({ seq: record.payload.seq, code: codeOf(error) }, 'an unknown outcome could not be settled'),
      );
  };
  const safely = () =>
    sweep().catch((error: unknown) => deps.log.warn({ code: codeOf(error) }, 'open intents not read'));
  return {
    sweep,
    start() {
      void safely();
      timer ??= setInterval(() => void safely(), everyMs).unref();
    },
    stop() {
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

async function settleOpen({ payload: { body } }: SignedRecord, deps: UnknownDeps): Promise<void> {
  if (body.kind !== 'intent' || body.executor !== deps.signer.as) return;
  if (deps.clock() < overAt(body, deps) + graceMs || deps.inFlight.has(body.digest)) return;
  // What this process itself knows is on its way: it is never overtaken by a guess.
  if ((await deps.outbox.kept(body.digest, body.attempt)) !== null) return;
  const outcome = await signUnknown(body, deps);
  await deps.outbox.keep(outcome);
  await deps.outbox.deliver(outcome, () => true);
}

/** From when on the attempt cannot still be having its effect, in ms. */
function overAt({ startBefore, request }: Intent, { manifests }: UnknownDeps): number {
  const limits = limitsOf(request.action.manifest, manifests);
  return Date.parse(startBefore) + limits.effectMsMax;
}

function limitsOf(manifest: string, manifests: UnknownDeps['manifests']) {
  try {
    return manifests.require(manifest).limits;
  } catch {
    return manifests.newest().limits;
  }
}

/**
 * INVARIANT: always `unknown`. That a session is gone does not say who ended it, so what was read is told as what it is:
 * the postcondition, held or not.
 */
async function signUnknown(intent: Intent, deps: UnknownDeps): Promise<SignedOutcome> {
  const postcondition = withoutSecrets(await look(intent, deps));
  const seen = postcondition === null ? 'its target could not be looked up' : postcondition.detail;
  return deps.signer.sign('outcome', {
    v: 1 as const,
    workflowId: intent.workflowId,
    runId: intent.runId,
    activityId: intent.request.activityId,
    digest: intent.digest,
    attempt: intent.attempt,
    status: 'unknown' as const,
    detail: `attempt ${intent.attempt} ended without an outcome; read afterwards: ${seen}, which does not say by whom`,
    result: null,
    postcondition,
    startedAt: null,
    endedAt: new Date(deps.clock()).toISOString(),
  });
}

/** Null when the target cannot be known any more. Throws what another moment may mend: then it is read later. */
async function look(intent: Intent, deps: UnknownDeps): Promise<Postcondition | null> {
  const tool = deps.tools.get(intent.request.action.tool);
  if (tool?.kind !== 'write') return null;
  try {
    const aim = await aimOfIntent(intent, deps);
    return await observing(intent, deps, (credential) =>
      tool.postcondition(aim, 0, { signal: AbortSignal.timeout(readMsMax), credential }),
    );
  } catch (error) {
    if (['TARGET_AWAY', 'RECORDER_AWAY', 'BROKER_AWAY', 'TEMPORAL_AWAY', 'FENCE_UNREACHABLE'].includes(codeOf(error)))
      throw error;
    return null;
  }
}

async function aimOfIntent({ request, digest, workflowId }: Intent, deps: UnknownDeps): Promise<Aim> {
  const { action } = request;
  const parsed = InventoryRef.safeParse(action.args.target);
  if (!parsed.success) throw new HoldpointError('INVENTORY_INVALID', 'intent: expected a target');
  const ref = parsed.data;
  const blob = parseBlob(await deps.recorder.getBlob(ref.resultHash));
  const { entity } = resolveTarget({ ref, blob, keys: deps.keys, role: deps.role, workflowId });
  return { target: entity, preconditions: action.preconditions, mark: { digest, incident: workflowId } };
}
