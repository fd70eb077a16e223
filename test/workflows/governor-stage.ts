import type { GovernorActivities, Look, RunbookReport, Telling } from '../../contracts/governor.ts';

export const at = (ms: number): string => new Date(Date.parse('2026-03-01T12:00:00.000Z') + ms).toISOString();

/** A report of a runbook in ring 0, in the first days of its dry run; `change` bends it. */
export const reportOf = (change: Partial<RunbookReport> = {}): RunbookReport => ({
  v: 1,
  runbook: { id: 'postgres-blocked', digest: 'b'.repeat(64) },
  seq: 7,
  at: at(0),
  standing: {
    ring: 0,
    rule: 'standing.read-only',
    record: null,
    until: null,
    dryRunSince: at(-86_400_000),
    trip: null,
    grants: [],
  },
  dryRun: { days: 1, daysMin: 14, graded: 0, gradedMin: 20, accuracyLowerBound: 0, accuracyMin: 0.8 },
  missing: [{ condition: 'dry_run_days', expected: 14, got: 1 }],
  ungraded: { count: 0, oldestAt: null },
  endings: [],
  holds: [],
  ...change,
});
export const tellingOf = (about: Telling['about'], after: number | null = null): Telling => ({
  scope: `runbook/postgres-blocked/${about}`,
  about,
  after,
});
export const lookOf = (due: readonly Telling[] = [], report: RunbookReport | null = reportOf()): Look => ({
  report,
  due,
  againMs: 600_000,
});

/** What a scripted governor sees, look by look; the last one stays. Replace a method to bend the world. */
export class GovernorStage {
  looks: Look[] = [lookOf()];
  seen = 0;
  failed = false;
  readonly told: Telling[] = [];
  /** Runs before each activity; throws to bend it. */
  before: (activity: keyof GovernorActivities) => Promise<void> | void = () => undefined;
}

export const governorActivities = (stageOf: () => GovernorStage): GovernorActivities => ({
  async lookAtRunbook() {
    const stage = stageOf();
    await stage.before('lookAtRunbook');
    const look = stage.looks[Math.min(stage.seen, stage.looks.length - 1)];
    if (look === undefined) throw new Error('expected a look');
    stage.seen += 1;
    return look;
  },
  async tellOfRunbook(telling) {
    const stage = stageOf();
    await stage.before('tellOfRunbook');
    stage.told.push(telling);
    return true;
  },
});
