import { proxyActivities, setHandler, setWorkflowOptions } from '@temporalio/workflow';
import type { IncidentInput, IncidentOutcome, OrchestratorActivities, StateView } from '../contracts/incident.ts';
import { stateQuery } from './messages.ts';

const { beginIncident } = proxyActivities<OrchestratorActivities>({
  startToCloseTimeout: 20_000,
  scheduleToCloseTimeout: 3_600_000,
});

export async function incident(input: IncidentInput): Promise<IncidentOutcome> {
  let state: StateView = { state: 'triage', runbook: null, severity: null, outcome: null, awaiting: 0 };
  setHandler(stateQuery, () => state, { description: 'where this incident stands' });
  const triage = await beginIncident(input);
  state = { ...state, state: 'closed', outcome: triage.kind === 'unmatched' ? 'unmatched' : 'gave-up' };
  return triage.kind === 'unmatched' ? 'unmatched' : 'gave-up';
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, incident);
