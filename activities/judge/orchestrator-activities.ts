import type { OrchestratorActivities } from '../../contracts/incident.ts';
import { bindAction, digestOf } from '../../policies/digest.ts';
import { beginIncident } from './begin-incident.ts';
import { type OrchestratorDeps, ownPlace } from './deps.ts';
import { withCodes } from './failure.ts';
import { judgeCalls } from './judge-calls.ts';
import { page, recordCard, recordEvent, recordRehearsal } from './records.ts';
import { assessRecovery } from './recovery.ts';
import { weighAlert } from './weigh-alert.ts';
import { weighStatement } from './weigh-statement.ts';

/**
 * The activities of queue `holdpoint`, local ones included. Each may run again after a crash: judging has no effect, and
 * the recorder appends one body once.
 */
export const createOrchestratorActivities = (deps: OrchestratorDeps): OrchestratorActivities => ({
  beginIncident: (input) => withCodes(() => beginIncident(input, ownPlace(), deps)),
  judge: (input) => withCodes(() => judgeCalls(input, ownPlace(), deps)),
  weighStatement: (input) => withCodes(() => weighStatement(input, ownPlace(), deps)),
  weighAlert: (input) => withCodes(() => weighAlert(input, ownPlace(), deps)),
  wasReset: ({ action, digest }) => withCodes(async () => digestOf(bindAction(action, ownPlace())) !== digest),
  assessRecovery: (input) => withCodes(() => assessRecovery(input, ownPlace(), deps)),
  recordEvent: (input) => withCodes(() => recordEvent(input, ownPlace(), deps)),
  recordCard: (input) => withCodes(() => recordCard(input, ownPlace(), deps)),
  recordRehearsal: (input) => withCodes(() => recordRehearsal(input, ownPlace(), deps)),
  page: (input) => withCodes(() => page(input, ownPlace(), deps)),
});
