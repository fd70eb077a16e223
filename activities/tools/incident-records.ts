import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { RecorderClient } from '../record/client.ts';

const pageSize = 500;
/** 50,000 records of one workflow id: far beyond its limits. */
const pagesMax = 100;

/** Every record of a workflow id, over all its runs, oldest first. Throws `RECORDER_AWAY`, `TOO_LARGE`. */
export async function recordsOf(
  recorder: Pick<RecorderClient, 'records'>,
  workflow: string,
): Promise<readonly RecordBody[]> {
  const all: RecordBody[] = [];
  let from = 0;
  for (let page = 0; page < pagesMax; page++) {
    const records = await recorder.records({ workflow, from, limit: pageSize });
    all.push(...records.map(({ payload }) => payload.body));
    const last = records.at(-1);
    if (last === undefined || records.length < pageSize) return all;
    from = last.payload.seq + 1;
  }
  throw new HoldpointError('TOO_LARGE', `expected at most ${pageSize * pagesMax} records of \`${workflow}\``);
}

/**
 * How often each tool was used in this incident, by the log: reads with a result and writes with an intent. `except`
 * leaves out the call that is being judged, which an earlier attempt of it may have recorded.
 */
export function countsOf(
  records: readonly RecordBody[],
  except: { readonly digest?: string; readonly step?: { readonly step: number; readonly index: number } } = {},
): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  const add = (tool: string) => counts.set(tool, (counts.get(tool) ?? 0) + 1);
  for (const body of records) {
    if (body.kind === 'intent' && body.digest !== except.digest) add(body.request.action.tool);
    if (body.kind === 'result') {
      const { step, index } = body.evidence.step;
      if (step !== except.step?.step || index !== except.step.index) add(body.evidence.tool);
    }
  }
  return Object.fromEntries(counts);
}

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
