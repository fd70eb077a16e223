import { randomBytes } from 'node:crypto';
import type { Action } from '../../contracts/action.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import type { ExecuteInput } from '../../contracts/incident.ts';
import type { SignedReceipt } from '../../contracts/receipt.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { Sha256 } from '../../contracts/values.ts';
import { checkCard, provenanceOf } from '../../policies/card.ts';
import { storyOf } from '../../policies/incident-story.ts';
import { mustBeReleasable, verifyRelease } from '../../policies/release.ts';
import { type JudgedHere, parseBlob } from '../judge/judge-call.ts';
import { inScope, isAbandoned, mustNotBeCancelled, type Scope } from './activity-scope.ts';
import { carryOut } from './carry-out.ts';
import { type Earlier, earlierOf } from './earlier-attempt.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { WriteTool } from './implement.ts';
import { aimOf, bindHere, judgeHere, predictionOf, toolOf } from './judge-here.ts';
import { settleEarlier } from './unknown-outcome.ts';

/**
 * The one door to production. It believes nothing because Temporal delivered it: the place is its own, the runbook is
 * matched again, the call judged again, the card and the release checked, the receipt asked for, and the fences asked
 * last. Every failure is an ApplicationFailure whose type is our code.
 */
export const createExecuteCall =
  (deps: ExecutorDeps) =>
  (input: ExecuteInput): Promise<SignedOutcome> =>
    inScope({ name: 'executeCall', digest: input.digest }, deps, (scope) =>
      deps.inFlight.during(input.digest, () => execute({ ...input, grant: grantOf(input) }, scope, deps)),
    );

/** A workflow of an earlier bundle names none. */
function grantOf({ grant }: { readonly grant?: unknown }): string | null {
  const parsed = Sha256.nullable().safeParse(grant ?? null);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', 'grant: expected the hash of its record');
  return parsed.data;
}

async function execute(input: ExecuteInput, scope: Scope, deps: ExecutorDeps): Promise<SignedOutcome> {
  const { digest, context } = input;
  const action = bindHere(scope.place, input.action, digest, context);
  const records = await deps.incidentRecords.of(scope.place.workflowId);
  const earlier = earlierOf(records, digest, scope.activityId);
  if (earlier?.ended) return endOf(earlier);
  const kept = earlier === null ? null : await deps.outbox.kept(digest, earlier.intent.attempt);
  if (kept !== null) return handOver(kept, scope, deps);
  try {
    const call = { tool: action.tool, args: action.args, why: '' };
    const own = { kind: 'write', digest } as const;
    const judged = await judgeHere({ place: scope.place, context, call, records, own }, ['hold', 'auto'], deps);
    await mustBeReleased(input, action, judged, records, deps);
    return await admitAndCarryOut(input, action, judged, scope, deps);
  } catch (error) {
    // An earlier attempt of this activity was admitted, and nobody knows what came of it: no refusal now can say.
    if (earlier !== null && isRefusal(error)) return settleEarlier(earlier.intent, scope, deps);
    throw error;
  }
}

function endOf({ outcome }: Earlier): SignedOutcome {
  if (outcome === null) throw new HoldpointError('OUTCOME_UNKNOWN', 'the record says that the outcome is unknown');
  return outcome;
}

/** An earlier life of this process knew the outcome: that is worth more than another attempt, and than any guess. */
async function handOver(outcome: SignedOutcome, { signal }: Scope, { outbox }: ExecutorDeps): Promise<SignedOutcome> {
  await outbox.deliver(outcome, () => isAbandoned(signal));
  return outcome;
}

const mayMend: ReadonlySet<string> = new Set([
  'RECORDER_AWAY',
  'BROKER_AWAY',
  'TARGET_AWAY',
  'TEMPORAL_AWAY',
  'TARGET_BUSY',
  'STANDING_STALE',
]);
const isRefusal = (error: unknown): boolean => error instanceof HoldpointError && !mayMend.has(codeOf(error));

/**
 * The card is this action's own, and either enough persons released exactly this action, or our own judgement names the very
 * grant that is said to. Throws the code of what is missing.
 */
async function mustBeReleased(
  { digest, cardDigest, statements, grant }: ExecuteInput,
  action: Action,
  judged: JudgedHere,
  records: readonly RecordBody[],
  deps: ExecutorDeps,
): Promise<void> {
  const { recorder, keys, clock } = deps;
  const { contract, runbook, rules, newest, target } = judged;
  if (contract === null || target === null || contract.risk === 'read')
    throw new HoldpointError('INVENTORY_INVALID', 'expected a write on a target from the inventory');
  const raw = parseBlob(await blobOf(recorder.getBlob(cardDigest)));
  const provenance = provenanceOf(target.ref, target);
  const findings = storyOf(records).findings(digest);
  checkCard({ raw, cardDigest, keys, action, digest, contract, runbook, rules, provenance, findings });
  const bound = await recorder.fences(runbook.id);
  if (bound.all === null || bound.runbook === null)
    throw new HoldpointError('STOPPED', 'the log binds no resume to the fences');
  const resumedAt = Math.max(Date.parse(bound.all.resumedAt), Date.parse(bound.runbook.resumedAt));
  const now = clock();
  if (grant !== null) {
    mustBeReleasable({ action, digest, rules, newest, now });
    return mustBeGranted({ statements, grant }, judged, resumedAt);
  }
  const { risk } = contract;
  try {
    verifyRelease({ action, digest, cardDigest, risk, statements, rules, newest, now, resumedAt });
  } catch (error) {
    if (codeOf(error) === 'REJECTED') await recordRejections(statements, deps);
    throw error;
  }
}

/** INVARIANT: the grant is the one that our own judgement found over results that we signed; nobody can name another. */
function mustBeGranted(
  { statements, grant }: Pick<ExecuteInput, 'statements' | 'grant'>,
  { verdict, unaided }: JudgedHere,
  resumedAt: number,
): void {
  const refused = (message: string) => new HoldpointError('NOT_GRANTED', message);
  if (statements.length > 0) throw refused('expected a grant or statements of persons, got both');
  if (verdict.kind !== 'auto' || unaided.kind !== 'proposed')
    throw refused(`judged ${verdict.kind} by rule \`${verdict.rule}\`, expected auto: ${verdict.reason}`);
  if (verdict.grant !== grant) throw refused('expected the grant that our own judgement names');
  if (!(unaided.decidedAt > resumedAt)) throw refused('its evidence was read before the last resume');
}

/**
 * Puts a person's no into the log, where it wins whatever is passed on the next time. Throws `RECORDER_AWAY` until the
 * recorder has answered; one that it knows or does not take was answered.
 */
async function recordRejections(statements: ExecuteInput['statements'], deps: ExecutorDeps): Promise<void> {
  for (const signed of statements.filter(({ statement }) => statement.verdict === 'reject')) {
    try {
      await deps.postStatements([signed]);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'RECORDER_AWAY' || code === 'RATE_LIMITED' || code === 'INTERNAL')
        throw new HoldpointError('RECORDER_AWAY', 'the recorder did not take a rejection yet');
    }
  }
}

const blobOf = (blob: Promise<Buffer>): Promise<Buffer> =>
  blob.catch((error: unknown) => {
    if (codeOf(error) === 'RECORDER_AWAY') throw error;
    throw new HoldpointError('CARD_MISMATCH', 'expected the card that the statements are over');
  });

async function admitAndCarryOut(
  input: ExecuteInput,
  action: Action,
  judged: JudgedHere,
  scope: Scope,
  deps: ExecutorDeps,
): Promise<SignedOutcome> {
  const tool = toolOf(action.tool, 'write', deps) as WriteTool;
  const aim = aimOf(action, input.digest, judged);
  // Broker and target answer, or no attempt is spent.
  const { credential: look } = await deps.broker.issue(predictionOf(action, judged));
  await tool.ready(aim, { signal: scope.signal, credential: async () => look });
  deps.failpoint('executor.before-receipt');
  mustNotBeCancelled(scope);
  const askedAt = deps.monotonic();
  const signed = await askReceipt(input, action, scope, deps);
  deps.failpoint('executor.after-receipt');
  return carryOut({ action, signed, grant: input.grant, askedAt, judged, tool, aim, look, scope }, deps);
}

/** From here the intent is durable. Throws `RECORDER_AWAY` (no effect), or the code of the recorder's refusal. */
const askReceipt = (
  { digest, cardDigest, context, statements, grant }: ExecuteInput,
  action: Action,
  { activityId, attempt }: Scope,
  { recorder }: ExecutorDeps,
): Promise<SignedReceipt> =>
  recorder.receipt({
    v: 1,
    action,
    digest,
    cardDigest,
    alertRef: context.alertRef,
    activityId,
    activityAttempt: attempt,
    execution: randomBytes(16).toString('base64url'),
    statements: [...statements],
    grant,
  });
