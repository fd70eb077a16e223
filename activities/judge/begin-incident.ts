import type { Alert, SignedAlert } from '../../contracts/alert.ts';
import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { IncidentInput, Matched, Triage } from '../../contracts/incident.ts';
import { Name } from '../../contracts/values.ts';
import type { Place } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { approvalsOf } from '../../policies/release.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { recordAlert } from './alert-record.ts';
import type { OrchestratorDeps } from './deps.ts';
import { admittedAt } from './judge-call.ts';

const summaryCharsMax = 500;

/**
 * The start of an incident: the gateway's signature over this very workflow id, one runbook that the alert matches under
 * the newest manifest, and the `alert` record before anything else happens. Throws `BAD_INPUT`, `BAD_SIGNATURE`,
 * `RUNBOOK_MISMATCH` (each recorded as a refusal), `MANIFEST_*`, `RECORDER_AWAY`.
 */
export async function beginIncident(
  { alert: signed }: IncidentInput,
  place: Place,
  deps: OrchestratorDeps,
): Promise<Triage> {
  const opened = await admitted(signed, place, deps);
  const { alertRef, match, rules } = await recordAlert(opened, place, deps);
  if (match.kind === 'unmatched') return { kind: 'unmatched', reason: match.reason };
  return matchedOf(opened.payload.alert, alertRef, match.runbook, rules);
}

async function admitted(signed: SignedAlert, place: Place, deps: OrchestratorDeps): Promise<SignedAlert> {
  try {
    return admittedAt(place.workflowId, signed, deps.keys);
  } catch (error) {
    const { workflowId, runId } = place;
    const reason = error instanceof HoldpointError ? error.message.slice(0, 500) : 'an unexpected error';
    const what = 'start of an incident';
    await deps.recorder.append({
      kind: 'refusal',
      workflowId,
      runId,
      digest: null,
      what,
      code: codeOf(error),
      reason,
      raw: null,
    });
    throw error;
  }
}

function matchedOf(alert: Alert, alertRef: string, loaded: LoadedRunbook, rules: Rules): Matched {
  const { runbook, id, digest } = loaded;
  const { stepsMax, callsPerStepMax, rejudgeMax, signalsMax, historyEventsMax, effectMsMax, readMsMax, reasonMsMax } =
    rules.limits;
  return {
    kind: 'matched',
    context: { alertRef, runbook: { id, digest }, manifest: rules.digest },
    title: runbook.title,
    role: runbook.identity.role,
    severity: severityOf(alert),
    summary: (alert.annotations.summary ?? alert.labels.alertname ?? '').slice(0, summaryCharsMax),
    approvals: { ...approvalsOf(loaded, rules), expiryMs: expiryMsOf(loaded, rules) },
    recovery: {
      calls: runbook.recovery.reads.map(({ tool, args, why }) => ({ tool, args, why })),
      settleMsMax: runbook.recovery.settleMsMax,
    },
    limits: {
      stepsMax,
      callsPerStepMax,
      rejudgeMax,
      signalsMax,
      historyEventsMax,
      effectMsMax,
      readMsMax,
      reasonMsMax,
    },
  };
}

/** A search attribute: a label's text only if it is a plain name. */
function severityOf({ labels }: Alert): string {
  const parsed = Name.safeParse(labels.severity);
  return parsed.success ? parsed.data : 'unknown';
}

/** How long a hold may wait, in ms: a runbook can only lower what the manifest allows. */
export const expiryMsOf = ({ runbook }: LoadedRunbook, { limits }: Rules): number =>
  Math.min(runbook.approvers.expiryMs, limits.approvalWaitMsMax);
