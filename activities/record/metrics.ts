import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { RecordKind } from '../../contracts/record.ts';

export type RecorderMetrics = {
  appended(kind: RecordKind, ms: number): void;
  refused(code: ErrorCode): void;
  /** Whether Temporal answered the last poll: without it no stop is seen, no resume is bound and nothing is sealed. */
  temporalAnswers(answers: boolean): void;
  headIs(seq: number): void;
};

/** Registers the recorder's metrics; labels are kinds and codes of closed unions, never anything from outside. */
export function createMetrics(registry: Registry): RecorderMetrics {
  const registers = [registry];
  const records = new Counter({
    name: 'holdpoint_records_total',
    help: 'records appended, by kind',
    labelNames: ['kind'],
    registers,
  });
  const seconds = new Histogram({
    name: 'holdpoint_append_seconds',
    help: 'time until a record is durable',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
    registers,
  });
  const refusals = new Counter({
    name: 'holdpoint_recorder_refused_total',
    help: 'requests refused, by code',
    labelNames: ['code'],
    registers,
  });
  const temporal = new Gauge({
    name: 'holdpoint_recorder_temporal_up',
    help: '1 when Temporal answered the last poll',
    registers,
  });
  const head = new Gauge({ name: 'holdpoint_recorder_head', help: 'number of the newest record', registers });
  return {
    appended: (kind, ms) => {
      records.inc({ kind });
      seconds.observe(ms / 1_000);
    },
    refused: (code) => refusals.inc({ code }),
    temporalAnswers: (answers) => temporal.set(answers ? 1 : 0),
    headIs: (seq) => head.set(seq),
  };
}
