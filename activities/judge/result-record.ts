import type { RecorderClient } from '../record/client.ts';

const pageSize = 500;
/** 50,000 records of one workflow id: far beyond its limits. */
const pagesMax = 100;

/** Whether the log has a `result` record of this workflow id with this hash. */
export async function isOnRecord(
  resultHash: string,
  workflowId: string,
  recorder: Pick<RecorderClient, 'records'>,
): Promise<boolean> {
  let from = 0;
  for (let page = 0; page < pagesMax; page++) {
    const records = await recorder.records({ workflow: workflowId, from, limit: pageSize });
    const found = records.some(
      ({ payload: { body } }) => body.kind === 'result' && body.evidence.resultHash === resultHash,
    );
    if (found) return true;
    const last = records.at(-1);
    if (last === undefined || records.length < pageSize) return false;
    from = last.payload.seq + 1;
  }
  return false;
}
