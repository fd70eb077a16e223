import { z } from 'zod';
import { GovernorAbout } from './page.ts';
import { RunbookRef } from './runbook.ts';
import { Shortfall } from './runbook-status.ts';
import { Standing } from './standing.ts';
import { Instant, Sha256, text, WorkflowId } from './values.ts';

/** How often anything may have been told of, waits or ends, as one reply carries it. */
export const reportEntriesMax = 100;
const count = z.number().int().min(0);

/** A matter that people were told of: what about, when, and the record of it. */
export const Told = z.strictObject({ scope: text(200), about: GovernorAbout, seq: count, at: Instant });
export type Told = z.infer<typeof Told>;

/** A waiver or a grant in force. `count` and `used`: of a grant. */
const Ending = z.strictObject({
  record: Sha256,
  what: z.enum(['waiver', 'grant']),
  tool: text(64).nullable(),
  givenAt: Instant,
  until: Instant,
  count: count.nullable(),
  used: count.nullable(),
});
export type Ending = z.infer<typeof Ending>;
const WaitingHold = z.strictObject({
  digest: Sha256,
  workflowId: WorkflowId,
  tool: text(64),
  shownAt: Instant,
  expiresAt: Instant,
});
export type WaitingHold = z.infer<typeof WaitingHold>;

/** All that a governor shows of one runbook text: the recorder's own fold over its log at one moment. */
export const RunbookReport = z.strictObject({
  v: z.literal(1),
  runbook: RunbookRef,
  seq: count,
  at: Instant,
  standing: Standing,
  dryRun: z.strictObject({
    days: z.number().min(0),
    daysMin: count,
    graded: count,
    gradedMin: count,
    accuracyLowerBound: z.number().min(0).max(1),
    accuracyMin: z.number().min(0).max(1),
  }),
  /** What a promotion misses now, by the newest attestation that the log holds. */
  missing: z.array(Shortfall).max(8),
  ungraded: z.strictObject({ count, oldestAt: Instant.nullable() }),
  endings: z.array(Ending).max(reportEntriesMax),
  holds: z.array(WaitingHold).max(reportEntriesMax),
});
export type RunbookReport = z.infer<typeof RunbookReport>;

/** The recorder's answer about a runbook id. `report` is null when its newest manifest has no such runbook. */
export const Governed = z.strictObject({
  at: Instant,
  report: RunbookReport.nullable(),
  told: z.array(Told).max(reportEntriesMax),
});
export type Governed = z.infer<typeof Governed>;

/** One telling that is due. `after`: the record that told of the same matter last. */
export type Telling = {
  readonly scope: string;
  readonly about: z.infer<typeof GovernorAbout>;
  readonly after: number | null;
};
/** What a governor learns of its runbook each time it looks, and when to look again. */
export type Look = {
  readonly report: RunbookReport | null;
  readonly due: readonly Telling[];
  readonly againMs: number;
};
/** Activities on queue `holdpoint`, beside those of an incident. Each finds its runbook by the workflow id that it runs for. */
export interface GovernorActivities {
  /** Local. Reads where the runbook stands and what is due to be told. */
  lookAtRunbook(): Promise<Look>;
  /** Tells people, if it is still due by the log, and has it recorded. False: it is not due any more. */
  tellOfRunbook(telling: Telling): Promise<boolean>;
}
export type GovernorEnd = 'gone';
/** What the query `state` of a governor answers. */
export type GovernorView = {
  readonly runbook: string;
  readonly report: RunbookReport | null;
  /** When it looked last, and what failed since, if something did. */
  readonly lookedAt: string | null;
  readonly failure: string | null;
};
