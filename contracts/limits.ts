import { z } from 'zod';

const count = (fallback: number, max: number) => z.number().int().min(1).max(max).default(fallback);

const dayMs = 86_400_000;

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
  /** How far ahead a waiver may end. */
  waiverMsMax: count(30 * dayMs, 90 * dayMs),
  standingAgeMsMax: count(10_000, 60_000),
  receiptStartMsMax: count(2_000, 2_000),
  effectMsMax: count(30_000, 600_000),
  readMsMax: count(20_000, 120_000),
  reasonMsMax: count(120_000, 600_000),
  resultBytesMax: count(262_144, 1_048_576),
  /** In how many runs of one incident (the first, and after each Reset) its recovery reads use up no counted limit. */
  recoveryRunsMax: count(10, 100),
  writesPerWorkflowMax: count(5, 50),
  writesPerRunbookPerHourMax: count(10, 100),
  writesPerHourMax: count(30, 1_000),
  writesPerTargetPerHourMax: count(2, 20),
  breakerDestructiveMax: count(10, 100),
  breakerWindowMs: z
    .number()
    .int()
    .min(600_000)
    .max(7 * dayMs)
    .default(3_600_000),
  breakerConsecutiveMax: count(5, 20),
  errorObjectivePercent: z.number().int().min(50).max(99).default(90),
  errorWindowMs: z
    .number()
    .int()
    .min(dayMs)
    .max(30 * dayMs)
    .default(7 * dayMs),
  errorEventsMin: z.number().int().min(5).max(500).default(50),
  fenceFreshMsMax: count(50, 50),
});
export type Limits = z.infer<typeof Limits>;
