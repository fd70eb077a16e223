import type { SignedOutcome } from '../../contracts/evidence.ts';
import type { RecordBody } from '../../contracts/record.ts';

export type Intent = Extract<RecordBody, { kind: 'intent' }>;
/** What the log has of this very activity's earlier attempts at a digest: the last intent, and how it ended if known. */
export type Earlier = { readonly intent: Intent; readonly ended: boolean; readonly outcome: SignedOutcome | null };

/** Null when this activity was never admitted before. Another activity's attempts are not its own to report. */
export function earlierOf(records: readonly RecordBody[], digest: string, activityId: string): Earlier | null {
  const intent = records.findLast(
    (body): body is Intent =>
      body.kind === 'intent' && body.digest === digest && body.request.activityId === activityId,
  );
  if (intent === undefined) return null;
  const ends = records.flatMap((body) =>
    body.kind === 'outcome' && body.digest === digest && body.attempt === intent.attempt ? [body.outcome] : [],
  );
  return { intent, ended: ends.length > 0, outcome: ends.findLast((outcome) => outcome !== null) ?? null };
}
