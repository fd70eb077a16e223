import type { PinnedKeys } from '../../contracts/config.ts';
import type { SignedRecord } from '../../contracts/record.ts';
import type { Head } from '../../contracts/recorder-api.ts';
import type { RunbookStatus } from '../../contracts/runbook-status.ts';
import type { TemporalDeps } from '../incident-runs.ts';

/** What the console asks of the recorder. Each answer is believed under the recorder's pinned key; it can append nothing. */
export type RecordReader = {
  head(): Promise<Head>;
  records(query: {
    readonly from?: number;
    readonly workflow?: string;
    readonly limit?: number;
  }): Promise<SignedRecord[]>;
  getBlob(hash: string): Promise<Buffer>;
  statuses(): Promise<RunbookStatus[]>;
};
export type Reads = TemporalDeps & { readonly record: RecordReader; readonly keys: PinnedKeys };

/** A part of a page, or why it is not there: what one server cannot say must not hide what the other can. */
export type Asked<T> = { readonly kind: 'here'; readonly value: T } | { readonly kind: 'away'; readonly code: string };
