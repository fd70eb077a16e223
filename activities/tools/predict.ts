import { HoldpointError } from '../../contracts/errors.ts';
import { Prediction, type SignedPrediction } from '../../contracts/evidence.ts';
import type { PredictInput } from '../../contracts/incident.ts';
import { withoutSecrets } from '../../policies/redaction/redact-value.ts';
import { firstIssue } from '../../policies/signing.ts';
import { inScope, type Scope } from './activity-scope.ts';
import { accessTo } from './borrow.ts';
import type { ExecutorDeps } from './executor-deps.ts';
import type { WriteTool } from './implement.ts';
import { aimOf, bindHere, judgeHere, predictionOf, toolOf } from './judge-here.ts';

/**
 * What a held, rehearsed or granted write would do, found without doing it and signed over its digest. Judged again first: also a
 * prediction reads production. Throws `TARGET_MOVED` when the target is no longer as it was seen.
 */
export const createPredict =
  (deps: ExecutorDeps) =>
  (input: PredictInput): Promise<SignedPrediction> =>
    inScope({ name: 'predict', digest: input.digest }, deps, (scope) => predict(input, scope, deps));

async function predict(
  { action: carried, digest, context }: PredictInput,
  scope: Scope,
  deps: ExecutorDeps,
): Promise<SignedPrediction> {
  const action = bindHere(scope.place, carried, digest, context);
  const records = await deps.incidentRecords.of(scope.place.workflowId);
  const call = { tool: action.tool, args: action.args, why: '' };
  const kinds = ['auto', 'hold', 'rehearse'] as const;
  const own = { kind: 'write', digest } as const;
  const judged = await judgeHere({ place: scope.place, context, call, records, own }, kinds, deps);
  const tool = toolOf(action.tool, 'write', deps) as WriteTool;
  const late = AbortSignal.timeout(Math.min(judged.rules.limits.readMsMax, judged.newest.limits.readMsMax));
  const bytesMax = judged.rules.limits.resultBytesMax;
  const signal = AbortSignal.any([scope.signal, late]);
  const credential = accessTo(predictionOf(action, judged), deps);
  const aim = aimOf(action, digest, judged);
  const predicted = withoutSecrets(await tool.predict(aim, { signal, bytesMax, credential }));
  const prediction = Prediction.safeParse({
    v: 1,
    workflowId: scope.place.workflowId,
    runId: scope.place.runId,
    activityId: scope.activityId,
    digest,
    at: new Date(deps.clock()).toISOString(),
    ...predicted,
  });
  if (!prediction.success) throw new HoldpointError('INTERNAL', `prediction: ${firstIssue(prediction.error)}`);
  return deps.signer.sign('prediction', prediction.data);
}
