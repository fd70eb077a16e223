import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingHold } from '../../contracts/incident.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { visible } from '../../policies/visible.ts';
import { approveSignal, rejectSignal } from '../../workflows/messages.ts';
import { askPending, askTimeline } from '../connect/incident.ts';
import type { Temporal } from '../connect/temporal.ts';
import type { SignedHold } from './sign-hold.ts';

/** What the incident made of a statement, as far as it says so itself; the record has the last word. */
export type Effect =
  | { readonly kind: 'counted'; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'sent'; readonly detail: string };

const waitMsMax = 15_000;
const pollMs = 200;

/** Sends a signed statement by the same plain signal that the Temporal CLI and UI send. */
export async function sendVerdict(temporal: Temporal, workflowId: string, signed: SignedStatement): Promise<void> {
  const signal = signed.statement.verdict === 'approve' ? approveSignal : rejectSignal;
  await temporal.client.workflow.getHandle(workflowId).signal(signal, signed);
}

/** Waits until the hold shows what became of the statement: counted, refused, or (after 15 s) nothing yet. */
export async function awaitEffect(temporal: Temporal, workflowId: string, sent: SignedHold): Promise<Effect> {
  const { statement } = sent.signed;
  for (const end = Date.now() + waitMsMax; Date.now() < end; await sleep(pollMs)) {
    const hold = (await askPending(temporal, workflowId)).find(({ digest }) => digest === sent.hold.digest);
    if (hold === undefined) return afterHold(temporal, workflowId, statement.decidedAt);
    if (hold.approvedBy.includes(statement.person) && !sent.hold.approvedBy.includes(statement.person))
      return { kind: 'counted', detail: `${hold.approvedBy.length} of ${hold.quorum} have released` };
    if (hold.refusedSignals > sent.hold.refusedSignals) return refusalOf(hold);
  }
  return { kind: 'sent', detail: 'the incident has not answered yet' };
}

const refusalOf = (hold: PendingHold): Effect => {
  const said = visible(hold.lastRefusal ?? '', 500);
  return { kind: 'refused', code: /^[A-Z_]+/.exec(said)?.[0] ?? 'NOT_PERMITTED', detail: said };
};

/** The hold is over: what the timeline says since the statement was made. */
async function afterHold(temporal: Temporal, workflowId: string, since: string): Promise<Effect> {
  const entries = (await askTimeline(temporal, workflowId)).filter(({ at }) => at >= since);
  const detail = entries.map(({ what, detail: more }) => visible(`${what}: ${more}`, 200)).join(' · ');
  return { kind: 'counted', detail: detail === '' ? 'the hold is over' : detail };
}
