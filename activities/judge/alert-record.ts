import type { SignedAlert } from '../../contracts/alert.ts';
import { digestOf, jcs, type Place } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { type Match, matchRunbook } from '../../policies/match.ts';
import type { OrchestratorDeps } from './deps.ts';

export type RecordedAlert = { readonly alertRef: string; readonly match: Match; readonly rules: Rules };

/**
 * Puts an alert that was admitted here on the record, with what it matches under the newest manifest; the same alert is
 * recorded once. Throws `MANIFEST_*` or the recorder's code.
 */
export async function recordAlert(
  alert: SignedAlert,
  { workflowId, runId }: Place,
  { manifests, recorder, bundle }: Pick<OrchestratorDeps, 'manifests' | 'recorder' | 'bundle'>,
): Promise<RecordedAlert> {
  const rules = manifests.newest();
  const match = matchRunbook(alert.payload.alert, rules.runbooks);
  const runbook = match.kind === 'matched' ? { id: match.runbook.id, digest: match.runbook.digest } : null;
  const alertRef = digestOf(alert);
  await recorder.putBlob(jcs(alert));
  const { findings } = alert.payload;
  if (findings !== undefined)
    await recorder.append({ kind: 'finding', workflowId, runId, from: 'alert', ref: alertRef, findings });
  await recorder.append({
    kind: 'alert',
    workflowId,
    runId,
    alertRef,
    alert,
    manifest: rules.digest,
    runbook,
    bundle,
  });
  return { alertRef, match, rules };
}
