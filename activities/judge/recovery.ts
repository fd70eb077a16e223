import { HoldpointError } from '../../contracts/errors.ts';
import { ReadResult } from '../../contracts/evidence.ts';
import type { Recovery, RecoveryInput } from '../../contracts/incident.ts';
import type { Place } from '../../policies/digest.ts';
import { holds } from '../../policies/playbook.ts';
import { openSigned } from '../../policies/signing.ts';
import { type JudgeDeps, openIncident, parseBlob } from './judge-call.ts';

/** Whether the runbook's recovery condition holds over read results that its own executor signed in this incident. */
export async function assessRecovery(
  { context, evidence }: RecoveryInput,
  place: Place,
  deps: JudgeDeps,
): Promise<Recovery> {
  const { runbook } = await openIncident(place, context, deps);
  const { role } = runbook.runbook.identity;
  const results = await Promise.all(
    evidence.map(async ({ resultHash }) => {
      const raw = parseBlob(await deps.recorder.getBlob(resultHash));
      const { payload } = openSigned('result', ReadResult, raw, deps.keys, (signer) => signer === `executor.${role}`);
      if (payload.workflowId !== place.workflowId)
        throw new HoldpointError('INVENTORY_INVALID', `expected a result of workflow \`${place.workflowId}\``);
      return { hash: resultHash, result: payload };
    }),
  );
  const recovered = holds(runbook.runbook.recovery.healthy, { results, ends: [] });
  const reads = evidence.map(({ tool, at }) => `${tool} at ${at}`).join(', ');
  return { recovered, detail: `${recovered ? 'healthy' : 'not healthy'} by ${reads}`.slice(0, 500) };
}
