import type { Card } from '../../../contracts/card.ts';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { PendingHold } from '../../../contracts/incident.ts';
import type { LogRecord, RecordBody } from '../../../contracts/record.ts';
import { Sha256 } from '../../../contracts/values.ts';
import { digestOf } from '../../../policies/digest.ts';
import { askPending } from '../../incidents/ask.ts';
import { asked, incidentLog } from '../ask.ts';
import type { Asked, Reads } from '../reads.ts';
import { mustBeIncident } from './incident.ts';

type Statement = Extract<RecordBody, { kind: 'statement' }>['statement'];
export type Hold = {
  readonly workflowId: string;
  readonly digest: string;
  /** From the record, whose hash was checked. Null: none was recorded under this digest. */
  readonly card: { readonly card: Card; readonly cardDigest: string; readonly seq: number } | null;
  /** Set for a write that was only rehearsed: it can never be released. */
  readonly rehearsed: boolean;
  readonly pending: Asked<PendingHold | null>;
  readonly statements: readonly { readonly seq: number; readonly statement: Statement }[];
  readonly refusals: readonly { readonly seq: number; readonly code: string; readonly reason: string }[];
  readonly ends: readonly {
    readonly seq: number;
    readonly at: string;
    readonly status: string;
    readonly detail: string;
  }[];
  readonly admitted: boolean;
  readonly sealed: boolean;
};

/** Throws `NOT_FOUND`, `RECORD_DAMAGED`, or `RECORDER_AWAY`: without the record there is nothing that could be decided on. */
export async function loadHold(reads: Reads, incident: string, digest: string): Promise<Hold> {
  const workflowId = mustBeIncident(incident);
  if (!Sha256.safeParse(digest).success) throw noSuch();
  const [log, waiting] = await Promise.all([
    incidentLog(reads.record, workflowId),
    asked(askPending(reads, workflowId)),
  ]);
  const found = cardIn(log.records, digest, workflowId);
  if (found === null) throw noSuch();
  const { rehearsed, ...card } = found;
  const pending: Hold['pending'] =
    waiting.kind === 'away'
      ? waiting
      : { kind: 'here', value: waiting.value.find((hold) => hold.digest === digest) ?? null };
  return { workflowId, digest, card, rehearsed, pending, ...toldOf(log.records, digest, card.card.action.runId) };
}

const noSuch = (): HoldpointError =>
  new HoldpointError('NOT_FOUND', 'the record holds no card of such a call in this incident');

type Found = { readonly card: Card; readonly cardDigest: string; readonly seq: number; readonly rehearsed: boolean };

/** The card as it was recorded. What it says it is must be what it is: a wrong one is shown to nobody. */
function cardIn(records: readonly LogRecord[], digest: string, workflowId: string): Found | null {
  for (const { seq, body } of records) {
    const shown = body.kind === 'card' ? body : body.kind === 'verdict' ? body.rehearsal : null;
    if (shown === null || shown.card.digest !== digest) continue;
    const { card, cardDigest } = shown;
    if (digestOf(card) !== cardDigest || digestOf(card.action) !== digest || card.action.workflowId !== workflowId)
      throw new HoldpointError('RECORD_DAMAGED', 'the recorded card is not of the call that it names');
    return { card, cardDigest, seq, rehearsed: body.kind === 'verdict' };
  }
  return null;
}

function toldOf(
  records: readonly LogRecord[],
  digest: string,
  runId: string,
): Pick<Hold, 'statements' | 'refusals' | 'ends' | 'admitted' | 'sealed'> {
  const statements: Hold['statements'][number][] = [];
  const refusals: Hold['refusals'][number][] = [];
  const ends: Hold['ends'][number][] = [];
  let admitted = false;
  let sealed = false;
  for (const { seq, at, body } of records) {
    if (body.kind === 'statement') {
      const { subject } = body.statement.statement;
      if (subject.type === 'action' && subject.digest === digest) statements.push({ seq, statement: body.statement });
    } else if (body.kind === 'refusal' && body.digest === digest)
      refusals.push({ seq, code: body.code, reason: body.reason });
    else if (body.kind === 'intent' && body.digest === digest) admitted = true;
    else if (body.kind === 'outcome' && body.digest === digest)
      ends.push({ seq, at, status: body.status, detail: body.outcome?.payload.detail ?? body.why });
    else if (body.kind === 'seal' && body.runId === runId) sealed = true;
  }
  return { statements, refusals, ends, admitted, sealed };
}

export type Decidable = { readonly kind: 'yes' } | { readonly kind: 'no'; readonly why: string };

/** Whether commands are shown. Nothing is permitted by it: executor and recorder each check for themselves. */
export function decidable({ card, rehearsed, pending, admitted, sealed }: Hold, now: number): Decidable {
  const no = (why: string): Decidable => ({ kind: 'no', why });
  if (card === null) return no('no card is recorded');
  if (rehearsed) return no('it was only rehearsed, and can never be released');
  if (pending.kind === 'away') return no('the workflow does not say whether it still waits');
  if (pending.value === null)
    return no(admitted ? 'its effect was admitted' : sealed ? 'its run has ended' : 'it waits no more');
  if (pending.value.cardDigest !== card.cardDigest) return no('the workflow shows another card than the record has');
  if (Date.parse(card.card.expiresAt) <= now) return no('it has expired: silence is never consent');
  return { kind: 'yes' };
}
