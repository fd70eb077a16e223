import { activityInfo } from '@temporalio/activity';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import type { Place } from '../../policies/digest.ts';
import type { Notifier } from '../notify/page.ts';
import type { RecorderClient } from '../record/client.ts';
import type { IncidentRecords } from './incident-records.ts';
import type { JudgeDeps } from './judge-call.ts';

/** What the orchestrator's activities work with. None of it can reach a target. */
export type OrchestratorDeps = JudgeDeps & {
  readonly recorder: Pick<RecorderClient, 'append' | 'putBlob' | 'getBlob' | 'standing'>;
  readonly incidentRecords: IncidentRecords;
  readonly notifier: Notifier;
  /** Has a rejection of an action recorded, so that it wins over any receipt asked for later. */
  readonly postStatements: (statements: readonly SignedStatement[]) => Promise<unknown>;
  /** Build id of the workflow bundle that these activities are served with. */
  readonly bundle: string;
};

/** Where this activity runs, as its own context says: never as a message does. */
export function ownPlace(): Place {
  const { namespace, workflowExecution } = activityInfo();
  if (workflowExecution === undefined) throw new HoldpointError('BAD_INPUT', 'expected an activity of a workflow');
  return { namespace, workflowId: workflowExecution.workflowId, runId: workflowExecution.runId };
}
