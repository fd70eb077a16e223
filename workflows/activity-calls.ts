import { ActivityCancellationType, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type {
  CardInput,
  ExecuteInput,
  ExecutorActivities,
  IncidentInput,
  JudgeInput,
  Matched,
  OrchestratorActivities,
  PageInput,
  PredictInput,
  ProposeInput,
  ReadInput,
  ReasonerActivities,
  RecordInput,
  RecoveryInput,
  WeighAlertInput,
  WeighInput,
} from '../contracts/incident.ts';
import { executorQueue, reasonerQueue } from '../contracts/queues.ts';

// Every call has a timeout for one attempt and one for all of them, explicit retries, and a summary that the Temporal UI
// shows. Codes that no retry can help are thrown as not retryable by the activities themselves.
const attemptMsMax = 20_000;
const awayMsMax = 6 * 3_600_000;
// A killed incident waits for an effect in flight alone: a read or a record that nobody waits for does no harm.
const cancellationType = ActivityCancellationType.TRY_CANCEL;
const retry = { initialInterval: 200, backoffCoefficient: 2, maximumInterval: 15_000 } as const;
/** One heartbeat missed by an executor that was killed is noticed in this time. */
const heartbeatMsMax = 2_000;
/** A reasoner may be busy with a page of evidence for seconds; a kill stops its model all the same. */
const reasonerHeartbeatMsMax = 10_000;
const pageMsMax = 60_000;

const recorded = proxyActivities<
  Pick<OrchestratorActivities, 'beginIncident' | 'recordEvent' | 'recordCard' | 'recordRehearsal'>
>({
  startToCloseTimeout: attemptMsMax,
  scheduleToCloseTimeout: awayMsMax,
  cancellationType,
  retry,
});
const told = proxyActivities<Pick<OrchestratorActivities, 'page'>>({
  startToCloseTimeout: attemptMsMax,
  scheduleToCloseTimeout: pageMsMax,
  cancellationType,
  retry: { ...retry, maximumAttempts: 4 },
});
/** Short waits are retried inside the worker; longer ones by a timer, so that a recorder away costs few events. */
const local = proxyLocalActivities<
  Pick<OrchestratorActivities, 'judge' | 'weighStatement' | 'weighAlert' | 'wasReset' | 'assessRecovery'>
>({
  startToCloseTimeout: attemptMsMax,
  scheduleToCloseTimeout: awayMsMax,
  localRetryThreshold: 2_000,
  cancellationType,
  retry: { ...retry, maximumInterval: 60_000 },
});

export const beginIncident = (input: IncidentInput) =>
  recorded.beginIncident.executeWithOptions({ summary: 'verify the alert and match one runbook' }, [input]);
export const recordEvent = (input: RecordInput) =>
  recorded.recordEvent.executeWithOptions({ summary: `record ${input.kind}` }, [input]);
export const recordCard = (input: CardInput) =>
  recorded.recordCard.executeWithOptions({ summary: 'record the card that a person will see' }, [input]);
export const recordRehearsal = (input: CardInput) =>
  recorded.recordRehearsal.executeWithOptions({ summary: 'record what a rehearsed write would have been' }, [input]);
export const page = (input: PageInput) => told.page.executeWithOptions({ summary: `tell: ${input.about}` }, [input]);

export const judge = (input: JudgeInput) =>
  local.judge.executeWithOptions({ summary: `judge ${input.calls.length} calls of step ${input.step}` }, [input]);
export const weighStatement = (input: WeighInput) =>
  local.weighStatement.executeWithOptions({ summary: 'weigh a signalled statement' }, [input]);
export const weighAlert = (input: WeighAlertInput) =>
  local.weighAlert.executeWithOptions({ summary: 'weigh an alert signal' }, [input]);
export const wasReset = (input: Pick<PredictInput, 'action' | 'digest'>) =>
  local.wasReset.executeWithOptions({ summary: 'compare run ids' }, [input]);
export const assessRecovery = (input: RecoveryInput) =>
  local.assessRecovery.executeWithOptions({ summary: 'assess recovery' }, [input]);

/** The activities of the reasoner and of the one executor that the runbook names, under this incident's limits. */
export function callsOf({ role, limits }: Matched) {
  const reasoner = proxyActivities<ReasonerActivities>({
    taskQueue: reasonerQueue,
    startToCloseTimeout: limits.reasonMsMax,
    scheduleToCloseTimeout: awayMsMax,
    heartbeatTimeout: reasonerHeartbeatMsMax,
    cancellationType,
    retry: { ...retry, maximumAttempts: 10 },
  });
  const executor = proxyActivities<ExecutorActivities>({
    taskQueue: executorQueue(role),
    startToCloseTimeout: limits.readMsMax,
    scheduleToCloseTimeout: awayMsMax,
    cancellationType,
    retry: { ...retry, maximumAttempts: 20 },
  });
  return {
    propose: (input: ProposeInput) =>
      reasoner.proposeCalls.executeWithOptions({ summary: `reason: step ${input.step}` }, [input]),
    read: (input: ReadInput) => executor.readCall.executeWithOptions({ summary: `read ${input.call.tool}` }, [input]),
    predict: (input: PredictInput) =>
      executor.predict.executeWithOptions({ summary: `predict ${input.action.tool}` }, [input]),
    execute: (input: ExecuteInput, untilMs: number) => execute(role, limits.effectMsMax, input, untilMs),
  };
}
export type IncidentCalls = ReturnType<typeof callsOf>;

/** Retried until the hold expires: a recorder or a target may come back. Each attempt is admitted by a receipt of its own. */
function execute(role: string, effectMsMax: number, input: ExecuteInput, untilMs: number) {
  const executor = proxyActivities<Pick<ExecutorActivities, 'executeCall'>>({
    taskQueue: executorQueue(role),
    summary: `execute ${input.action.tool}`,
    startToCloseTimeout: effectMsMax + attemptMsMax,
    scheduleToCloseTimeout: Math.max(untilMs, attemptMsMax) + effectMsMax,
    heartbeatTimeout: heartbeatMsMax,
    // A cancelled incident waits for the effect in flight, so that its outcome is known.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { initialInterval: 500, backoffCoefficient: 2, maximumInterval: 5_000 },
  });
  return executor.executeCall(input);
}
