import { codeOf } from '../../contracts/errors.ts';
import type { LogRecord } from '../../contracts/record.ts';
import type { Asked, RecordReader } from './reads.ts';

/** Only what is away is told so; what does not exist is no part of a page that could be left out. */
export async function asked<T>(question: Promise<T>): Promise<Asked<T>> {
  try {
    return { kind: 'here', value: await question };
  } catch (error) {
    return { kind: 'away', code: codeOf(error) };
  }
}

const pageSize = 500;
const incidentRecordsMax = 3_000;

export type Log = { readonly records: readonly LogRecord[]; readonly whole: boolean };

/** Every record of one incident, oldest first, up to a bound. */
export async function incidentLog(record: RecordReader, workflow: string): Promise<Log> {
  const records: LogRecord[] = [];
  for (;;) {
    const page = await record.records({ workflow, from: (records.at(-1)?.seq ?? -1) + 1, limit: pageSize });
    records.push(...page.map(({ payload }) => payload));
    if (page.length === 0 || records.length >= incidentRecordsMax) return { records, whole: page.length === 0 };
  }
}

/** The records from one number on to the end, in pages: only an empty page says that there are no more. */
export async function* recordsFrom(record: RecordReader, from: number, upTo: number): AsyncGenerator<LogRecord> {
  let next = from;
  while (next <= upTo) {
    const page = await record.records({ from: next, limit: Math.min(pageSize, upTo - next + 1) });
    for (const { payload } of page) yield payload;
    const last = page.at(-1)?.payload.seq;
    if (last === undefined) return;
    next = last + 1;
  }
}

const tailPagesMax = 20;
const tailPage = 250;

/** What the log holds since a time, read backwards from its head, up to a bound. `next`: the number after the last. */
export async function recordsSince(record: RecordReader, sinceMs: number): Promise<Log & { readonly next: number }> {
  const head = await record.head();
  let upper = head.seq;
  let records: LogRecord[] = [];
  for (let page = 0; page < tailPagesMax && upper >= 0; page++) {
    const lower = Math.max(0, upper - tailPage + 1);
    const earlier: LogRecord[] = [];
    for await (const one of recordsFrom(record, lower, upper)) earlier.push(one);
    records = [...earlier, ...records];
    upper = lower - 1;
    const first = earlier[0];
    if (first === undefined || Date.parse(first.at) < sinceMs) return { records, whole: true, next: head.seq + 1 };
  }
  return { records, whole: upper < 0, next: head.seq + 1 };
}
