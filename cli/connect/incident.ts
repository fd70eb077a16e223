import { codeOf, HoldpointError } from '../../contracts/errors.ts';
import type { PendingHold, StateView, TimelineEntry } from '../../contracts/incident.ts';
import * as incident from '../../gateway/incidents/ask.ts';
import { Refusal } from '../shell/refusal.ts';
import type { Temporal } from './temporal.ts';

/** What the workflow says of itself. It is shown, never trusted: `sign` checks the card on its own. */
export const askPending = (temporal: Temporal, workflowId: string): Promise<PendingHold[]> =>
  incident.askPending(temporal, workflowId).catch(withNextStep);
export const askTimeline = (temporal: Temporal, workflowId: string): Promise<TimelineEntry[]> =>
  incident.askTimeline(temporal, workflowId).catch(withNextStep);
export const askState = (temporal: Temporal, workflowId: string): Promise<StateView> =>
  incident.askState(temporal, workflowId).catch(withNextStep);

/** Throws `Refusal` NOT_FOUND or TEMPORAL_AWAY, which says what helps. */
function withNextStep(error: unknown): never {
  if (!(error instanceof HoldpointError)) throw error;
  const next =
    codeOf(error) === 'NOT_FOUND'
      ? 'list them with `holdpoint incidents`'
      : 'check that the orchestrator runs, then try again';
  throw new Refusal(error.code, error.message, next);
}
