import { z } from 'zod';

const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);

/** Every limit of the platform, units last. Part of the manifest; a runbook may only lower what applies to it. */
export const Limits = z.strictObject({
  stepsMax: count(20, 100),
  callsPerStepMax: count(4, 16),
  rejudgeMax: count(3, 3),
  signalsMax: count(500, 5_000),
  historyEventsMax: count(10_000, 40_000),
  approvalWaitMsMax: count(4 * 3_600_000, 7 * 86_400_000),
  statementAgeMsMax: count(600_000, 600_000),
  statementAheadMsMax: count(2_000, 2_000),
  standingAgeMsMax: count(10_000, 60_000),
  receiptStartMsMax: count(2_000, 2_000),
  effectMsMax: count(30_000, 600_000),
  readMsMax: count(20_000, 120_000),
  reasonMsMax: count(120_000, 600_000),
  resultBytesMax: count(262_144, 1_048_576),
  writesPerWorkflowMax: count(5, 50),
  writesPerRunbookPerHourMax: count(10, 100),
  writesPerHourMax: count(30, 1_000),
  writesPerTargetPerHourMax: count(2, 20),
  killLeaseMs: count(100, 1_000),
  fenceFreshMsMax: count(50, 50),
});
export type Limits = z.infer<typeof Limits>;
