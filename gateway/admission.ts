import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { Alert, SignedAlert } from '../contracts/alert.ts';
import { incidentWorkflowType, orchestratorQueue } from '../contracts/queues.ts';
import { takeInAlert } from '../policies/intake.ts';
import type { Signer } from '../policies/signing.ts';
import { alertSignal } from '../workflows/messages.ts';
import { isAlreadyStarted, isNotFound } from './temporal-errors.ts';
import { incidentWorkflowId } from './workflow-id.ts';

/**
 * What became of an alert. `started`: a new incident. `joined`: its incident runs and was told. `duplicate`: its incident
 * has closed. `resolved`: its incident runs and was told of the end. `ignored`: an end without a running incident.
 */
export type AdmissionResult = 'started' | 'joined' | 'duplicate' | 'resolved' | 'ignored';
export type Admitted = { readonly workflowId: string; readonly result: AdmissionResult };
export type Admission = {
  readonly accepted: readonly Admitted[];
  /** Alerts that Temporal did not take in time. A sender repeats the whole delivery, which is harmless. */
  readonly failed: number;
};
export type AdmissionDeps = {
  readonly client: Client;
  readonly namespace: string;
  readonly signer: Signer;
  readonly clock: () => number;
  readonly deadlineMs?: number;
};

const concurrencyMax = 8;

/** Hands alerts to Temporal, each signed as this gateway's word on which workflow id it belongs to. Never throws. */
export type Admit = (alerts: readonly Alert[]) => Promise<Admission>;

export function createAdmission(deps: AdmissionDeps): Admit {
  return async (alerts) => {
    const deadline = Date.now() + (deps.deadlineMs ?? 5_000);
    const accepted: Admitted[] = [];
    let failed = 0;
    await inLanes(lanesOf(alerts), async ({ workflowId, alert }) => {
      const signed = signedAs(workflowId, alert, deps);
      const tell = alert.status === 'firing' ? signalOrStart : signalOnly;
      const result = await deps.client.withDeadline(deadline, () => tell(deps, workflowId, signed)).catch(() => null);
      if (result === null) failed++;
      else accepted.push({ workflowId, result });
    });
    return { accepted, failed };
  };
}

/** INVARIANT: no secret of an alert gets behind this door. Which incident it belongs to was decided by what arrived. */
function signedAs(workflowId: string, raw: Alert, { signer, clock }: AdmissionDeps): SignedAlert {
  const { alert, findings } = takeInAlert(raw);
  const found = findings.length === 0 ? {} : { findings: [...findings] };
  return signer.sign('alert', {
    v: 1 as const,
    workflowId,
    receivedAt: new Date(clock()).toISOString(),
    alert,
    ...found,
  });
}

type Item = { readonly workflowId: string; readonly alert: Alert };

/** Alerts of one incident stay in order, one after the other; different incidents need not wait for each other. */
function lanesOf(alerts: readonly Alert[]): readonly (readonly Item[])[] {
  const lanes = new Map<string, Item[]>();
  for (const alert of alerts) {
    const workflowId = incidentWorkflowId(alert);
    const lane = lanes.get(workflowId);
    if (lane === undefined) lanes.set(workflowId, [{ workflowId, alert }]);
    else lane.push({ workflowId, alert });
  }
  return [...lanes.values()];
}

async function inLanes(lanes: readonly (readonly Item[])[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let lane = lanes[next++]; lane !== undefined; lane = lanes[next++]) for (const item of lane) await work(item);
  };
  await Promise.all(Array.from({ length: concurrencyMax }, worker));
}

/** One value as the client's data converter and codecs would send it. */
async function payloadsOf(client: Client, value: unknown) {
  const { payloadConverter, payloadCodecs } = client.options.loadedDataConverter;
  let payloads = [payloadConverter.toPayload(value)];
  for (const codec of payloadCodecs) payloads = await codec.encode(payloads);
  return { payloads };
}

const joinRunning = 2; // temporal.api.enums.v1.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
const refuseClosed = 3; // temporal.api.enums.v1.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE

// The raw call, because only its answer says whether the run was started or joined.
async function signalOrStart(
  { client, namespace }: AdmissionDeps,
  workflowId: string,
  alert: SignedAlert,
): Promise<AdmissionResult> {
  try {
    const { started } = await client.workflowService.signalWithStartWorkflowExecution({
      namespace,
      identity: client.options.identity,
      requestId: randomUUID(),
      workflowId,
      workflowType: { name: incidentWorkflowType },
      taskQueue: { name: orchestratorQueue },
      input: await payloadsOf(client, { alert }),
      signalName: alertSignal.name,
      signalInput: await payloadsOf(client, alert),
      workflowIdConflictPolicy: joinRunning,
      workflowIdReusePolicy: refuseClosed,
    });
    return started ? 'started' : 'joined';
  } catch (error) {
    if (isAlreadyStarted(error)) return 'duplicate';
    throw error;
  }
}

async function signalOnly(
  { client, namespace }: AdmissionDeps,
  workflowId: string,
  alert: SignedAlert,
): Promise<AdmissionResult> {
  try {
    await client.workflowService.signalWorkflowExecution({
      namespace,
      identity: client.options.identity,
      requestId: randomUUID(),
      workflowExecution: { workflowId },
      signalName: alertSignal.name,
      input: await payloadsOf(client, alert),
    });
    return 'resolved';
  } catch (error) {
    if (isNotFound(error)) return 'ignored';
    throw error;
  }
}
