import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody, SignedRecord } from '../../contracts/record.ts';
import { storyKinds } from '../../policies/incident-story.ts';
import type { RecorderClient } from '../record/client.ts';

const pageSize = 500;
/** 50,000 records of one workflow id: far beyond its limits. */
const pagesMax = 100;
/** Tens of MB at most, of the workflow ids that were asked for last. */
const keptMax = 10_000;

export type IncidentRecords = {
  /**
   * What the log has of one workflow id by now, over all its runs, oldest first, of the kinds by which every judge counts
   * calls and sees what came of them. Throws `RECORDER_AWAY`, `TOO_LARGE`.
   */
  of(workflowId: string): Promise<readonly RecordBody[]>;
};
type Reader = Pick<RecorderClient, 'records'>;
type Known = readonly SignedRecord[];

/**
 * Reads each record once: what was read before is kept, and the recorder is asked for what came after it. It is asked every
 * time, so that what is kept never stands for what there is.
 */
export function createIncidentRecords(recorder: Reader): IncidentRecords {
  const kept = new Map<string, Known>();
  return {
    async of(workflowId) {
      const records =
        (await readOn(recorder, workflowId, kept.get(workflowId) ?? [])) ?? (await readOn(recorder, workflowId, []));
      if (records === null) throw new HoldpointError('RECORDER_AWAY', 'recorder: its log changed while it was read');
      keep(kept, workflowId, records);
      return records.map(({ payload }) => payload.body);
    },
  };
}

/** Null when the log does not hold what is known: it is another log, or was put back to an earlier state. */
async function readOn(recorder: Reader, workflow: string, known: Known): Promise<Known | null> {
  const all = [...known];
  for (let page = 0; page < pagesMax; page++) {
    const last = all.at(-1);
    const records = await recorder.records({
      workflow,
      kinds: storyKinds,
      from: last?.payload.seq ?? 0,
      limit: pageSize,
    });
    // INVARIANT: the last known record has to come back to the letter. It names the hash of the one before it, so with it
    // everything before is as it was; without it, a number that is used again could hide a newer record.
    if (last !== undefined && records[0]?.signature !== last.signature) return null;
    const newer = last === undefined ? records : records.slice(1);
    if (newer.length === 0) return all;
    all.push(...newer);
  }
  throw new HoldpointError('TOO_LARGE', `expected at most ${pageSize * pagesMax} records of \`${workflow}\``);
}

function keep(kept: Map<string, Known>, workflowId: string, records: Known): void {
  kept.delete(workflowId);
  if (records.length > 0) kept.set(workflowId, records);
  let count = 0;
  for (const [id, { length }] of [...kept].reverse()) {
    count += length;
    if (count > keptMax) kept.delete(id);
  }
}
