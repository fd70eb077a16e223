import { setTimeout as sleep } from 'node:timers/promises';
import type { PendingHold, TimelineEntry } from '../../contracts/incident.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { visible } from '../../policies/visible.ts';
import { approveSignal, rejectSignal } from '../../workflows/messages.ts';
import { askPending, askTimeline } from '../connect/incident.ts';
import type { Temporal } from '../connect/temporal.ts';

/**
 * What the incident made of a statement, as far as it says so itself; the record has the last word. `counted` with an `end`
 * other than `executed` or `rejected` means: it counted, and the write came to nothing.
 */
export type Effect =
  | { readonly kind: 'counted'; readonly end: string | null; readonly detail: string }
  | { readonly kind: 'refused'; readonly code: string; readonly detail: string }
  | { readonly kind: 'sent'; readonly detail: string };

/** What the incident showed before the statement was sent: only what is new afterwards can be its effect. */
export type Before = { readonly timeline: ReadonlySet<string> };

const waitMsMax = 30_000;
const pollMs = 200;
const keyOf = (entry: TimelineEntry): string => JSON.stringify(entry);
const ends = ['executed', 'refused', 'moved', 'failed', 'unknown', 'rejected', 'expired', 'denied', 'rehearsed'];

/** Sends a signed statement by the same plain signal that the Temporal CLI and UI send. */
export async function sendVerdict(temporal: Temporal, workflowId: string, signed: SignedStatement): Promise<void> {
  const signal = signed.statement.verdict === 'approve' ? approveSignal : rejectSignal;
  await temporal.client.workflow.getHandle(workflowId).signal(signal, signed);
}

export const beforeSending = async (temporal: Temporal, workflowId: string): Promise<Before> => ({
  timeline: new Set((await askTimeline(temporal, workflowId)).map(keyOf)),
});

/** Waits until the incident shows what became of the statement: refused, counted, and how the write ended. */
export async function awaitEffect(
  temporal: Temporal,
  workflowId: string,
  { statement }: SignedStatement,
  before: Before,
): Promise<Effect> {
  const digest = statement.subject.type === 'action' ? statement.subject.digest : '';
  let last: Effect = { kind: 'sent', detail: 'the incident has not answered yet' };
  for (const end = Date.now() + waitMsMax; Date.now() < end; await sleep(pollMs)) {
    const hold = (await askPending(temporal, workflowId)).find((waiting) => waiting.digest === digest);
    const fresh = (await askTimeline(temporal, workflowId)).filter((entry) => !before.timeline.has(keyOf(entry)));
    const effect = effectOf(fresh, hold, statement);
    if (effect !== null && (effect.kind !== 'counted' || effect.end !== null || hold !== undefined)) return effect;
    last = effect ?? last;
  }
  return last;
}

/** Reads the effect of a statement off what is new in the timeline; null while nothing tells. */
export function effectOf(
  fresh: readonly TimelineEntry[],
  hold: Pick<PendingHold, 'digest'> | undefined,
  { person, verdict }: SignedStatement['statement'],
): Effect | null {
  const find = (what: string, starts: string) =>
    fresh.find((entry) => entry.what === what && entry.detail.startsWith(starts));
  const end = fresh.find(({ what, detail }) => ends.includes(what) && !detail.includes(' signal: '));
  const shown = ({ what, detail }: TimelineEntry): string => visible(`${what}: ${detail}`, 300);
  const counted = verdict === 'approve' ? find('approved', `${person} (`) : end?.what === 'rejected' ? end : undefined;
  if (counted !== undefined) return { kind: 'counted', end: end?.what ?? null, detail: shown(end ?? counted) };
  const refused = find('refused', `${verdict} signal: `);
  if (refused !== undefined)
    return {
      kind: 'refused',
      code: /[A-Z]+(_[A-Z]+)+|REJECTED|STOPPED/.exec(refused.detail)?.[0] ?? 'NOT_PERMITTED',
      detail: shown(refused),
    };
  if (hold === undefined && end !== undefined)
    return { kind: 'refused', code: end.what === 'rejected' ? 'REJECTED' : 'HOLD_EXPIRED', detail: shown(end) };
  return null;
}
