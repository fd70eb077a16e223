import type { Alert, SignedAlert } from '../../contracts/alert.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { WeighAlertInput, WeighedAlert } from '../../contracts/incident.ts';
import { digestOf, type Place } from '../../policies/digest.ts';
import { recordAlert } from './alert-record.ts';
import type { OrchestratorDeps } from './deps.ts';
import { admittedAt } from './judge-call.ts';

/**
 * Weighs one signalled alert: it counts only as the gateway's word, over this very workflow id, on the alert that started
 * the incident. Whatever is wrong with it is an answer. One that resolves the incident is on the record before it ends
 * anything: throws only what `recordAlert` throws.
 */
export async function weighAlert(
  { incident, raw }: WeighAlertInput,
  place: Place,
  deps: Pick<OrchestratorDeps, 'keys' | 'manifests' | 'recorder' | 'bundle'>,
): Promise<WeighedAlert> {
  let signed: SignedAlert;
  try {
    const own = admittedAt(place.workflowId, incident.alert, deps.keys);
    signed = admittedAt(place.workflowId, raw, deps.keys);
    if (digestOf(signed) === digestOf(own)) return { kind: 'own' };
    mustBeSameFiring(signed.payload.alert, own.payload.alert);
  } catch (error) {
    const reason = error instanceof HoldpointError ? error.message.slice(0, 500) : 'an unexpected error';
    return { kind: 'refused', code: codeOf(error), reason };
  }
  if (signed.payload.alert.status === 'firing') return { kind: 'repeats' };
  await recordAlert(signed, place, deps);
  return { kind: 'resolved' };
}

/** The gateway gives an instant one spelling, and mints a workflow id of these three: a start that differs is another firing. */
function mustBeSameFiring(got: Alert, own: Alert): void {
  const fields = ['source', 'fingerprint', 'startsAt'] as const;
  const other = fields.find((field) => got[field] !== own[field]);
  if (other !== undefined)
    throw new HoldpointError('RUNBOOK_MISMATCH', `expected the \`${other}\` of the alert that started this incident`);
}
