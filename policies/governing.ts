import type { Ending, Governed, RunbookReport, Telling, Told, WaitingHold } from '../contracts/governor.ts';
import type { GovernorAbout } from '../contracts/page.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** For how long a proposal may wait to be graded before somebody is told, and after which time again. */
export const gradesWaitMs = 2 * dayMs;
export const gradesAgainMs = 7 * dayMs;
export const breakerAgainMs = dayMs;
/** People are told this long before a waiver or grant ends; of a short one, in the last quarter of its time. */
export const endsSoonMs = dayMs;

/** A telling with its words. `hold`: the held action that it is about, which has an alert of its own. */
export type DueTelling = Telling & {
  readonly detail: string;
  readonly hold: Pick<WaitingHold, 'digest' | 'workflowId'> | null;
};
/** Something that people are told of as long as it lasts. */
type Lasting = Omit<DueTelling, 'after' | 'hold'> & { readonly isDue: (told: Told | null) => boolean };

export const ownScope = (runbook: string): string => `runbook/${runbook}/`;

/**
 * What is due to be told of a runbook by the log, and by nothing that a process remembers: what was told is in the log too,
 * so whoever asks again after a crash, a Reset or a restart is answered the same, until it was told and recorded.
 */
export function dueTellings(id: string, { at, report, told }: Governed): DueTelling[] {
  const now = Date.parse(at);
  const lasting = report === null ? [] : lastingOf(id, report, now);
  const toldOf = (scope: string): Told | null => told.find((one) => one.scope === scope) ?? null;
  const due = lasting.flatMap(({ isDue, ...telling }) => {
    const last = toldOf(telling.scope);
    return isDue(last) ? [{ ...telling, after: last?.seq ?? null, hold: null }] : [];
  });
  const over = told.filter(({ scope, about }) => {
    if (about === 'matter-over' || !scope.startsWith(ownScope(id))) return false;
    return !lasting.some((one) => one.scope === scope) && !isMasked(scope, id, report);
  });
  return [
    ...due,
    ...(report === null ? [] : holdsDue(report, toldOf, now)),
    ...over.map(({ scope, seq }) => ({
      scope,
      about: overAbout,
      after: seq,
      detail: `\`${scope}\` is over`,
      hold: null,
    })),
  ];
}

const overAbout: GovernorAbout = 'matter-over';

/** An open breaker hides the ring: whether a promotion was given since, and what became of the waiver. */
const isMasked = (scope: string, id: string, report: RunbookReport | null): boolean =>
  report?.standing.trip != null && ['dry-run/', 'waiver/'].some((kind) => scope.startsWith(ownScope(id) + kind));

function lastingOf(id: string, report: RunbookReport, now: number): Lasting[] {
  return [
    ...dryRunOver(id, report),
    ...gradesWait(id, report, now),
    ...breakerOpen(id, report, now),
    ...report.endings.flatMap((ending) => endsSoon(id, ending, now)),
  ];
}

/** Whoever gave or took a ring by hand has decided: nobody is asked to promote then. */
const decided: ReadonlySet<string> = new Set(['standing.promoted', 'standing.demoted', 'standing.revoked']);

function dryRunOver(id: string, { runbook, standing, dryRun, missing }: RunbookReport): Lasting[] {
  const { dryRunSince, rule, trip } = standing;
  if (dryRunSince === null || trip !== null || decided.has(rule) || !(dryRun.days >= dryRun.daysMin)) return [];
  const scope = `${ownScope(id)}dry-run/${runbook.digest.slice(0, 16)}`;
  const fresh = (told: Told | null): boolean =>
    told === null || told.about === 'matter-over' || Date.parse(told.at) < Date.parse(dryRunSince);
  const days = `the dry run of \`${id}\` has lasted ${Math.floor(dryRun.days)} days`;
  if (missing.length === 0) {
    const isDue = (told: Told | null): boolean => fresh(told) || told?.about !== 'promotion-ready';
    return [{ scope, about: 'promotion-ready', detail: `${days}, and nothing is missing for a promotion`, isDue }];
  }
  const lines = missing.map(({ condition, expected, got }) => `${condition}: expected ${expected}, got ${got}`);
  return [{ scope, about: 'dry-run-over', detail: `${days}; still missing: ${lines.join('; ')}`, isDue: fresh }];
}

function gradesWait(id: string, { ungraded: { count, oldestAt } }: RunbookReport, now: number): Lasting[] {
  if (oldestAt === null || !(now - Date.parse(oldestAt) >= gradesWaitMs)) return [];
  const detail = `${count} proposals of \`${id}\` wait to be graded, the oldest since ${oldestAt}`;
  return [{ scope: `${ownScope(id)}grades`, about: 'grades-wait', detail, isDue: again(now, gradesAgainMs) }];
}

/** The recorder told of the trip itself; a breaker over all runbooks is one matter, whichever governor reminds of it. */
function breakerOpen(id: string, { standing: { trip } }: RunbookReport, now: number): Lasting[] {
  if (trip === null || !(now - Date.parse(trip.at) >= breakerAgainMs)) return [];
  const scope = breakerScope(id, trip.scope);
  const detail = `${scope} is open since ${trip.at}: ${trip.limit} ${trip.count} of ${trip.max}; record ${trip.record}`;
  return [{ scope, about: 'breaker-stays-open', detail, isDue: again(now, breakerAgainMs) }];
}

/** As the recorder names it when it tells of the trip and of its reset. */
const breakerScope = (id: string, scope: 'runbook' | 'all'): string =>
  scope === 'all' ? 'breaker/all' : `breaker/runbook/${id}`;

function endsSoon(id: string, ending: Ending, now: number): Lasting[] {
  const { record, what, tool, until, count, used } = ending;
  if (!(now >= warnedAt(ending, endsSoonMs))) return [];
  const of = what === 'waiver' ? `the waiver of \`${id}\`` : `the grant of \`${tool}\` to \`${id}\``;
  const rest = count === null ? '' : `, ${used} of ${count} used`;
  const scope = `${ownScope(id)}${what}/${record.slice(0, 16)}`;
  const isDue = (told: Told | null): boolean => told === null || told.about === 'matter-over';
  return [{ scope, about: 'standing-ends', detail: `${of} ends at ${until}${rest}`, isDue }];
}

/** A hold is told of when it is shown, by its incident; once more here, when most of its time is over. */
function holdsDue({ holds }: RunbookReport, toldOf: (scope: string) => Told | null, now: number): DueTelling[] {
  return holds.flatMap((hold): DueTelling[] => {
    const { digest, workflowId, tool, expiresAt } = hold;
    const scope = `hold/${digest}`;
    if (!(now >= warnedAt(holdSpan(hold), hourMs)) || !(now < Date.parse(expiresAt)) || toldOf(scope) !== null)
      return [];
    const detail = `${tool} waits for a release until ${expiresAt}; silence is never consent`;
    return [{ scope, about: 'hold-still-waits', after: null, detail, hold: { digest, workflowId } }];
  });
}

const holdSpan = ({ shownAt, expiresAt }: WaitingHold) => ({ givenAt: shownAt, until: expiresAt });
const again =
  (now: number, everyMs: number) =>
  (told: Told | null): boolean =>
    told === null || told.about === 'matter-over' || now - Date.parse(told.at) >= everyMs;

/** When people are to be told that something ends: so long before, or in the last quarter of a shorter time. */
function warnedAt({ givenAt, until }: Pick<Ending, 'givenAt' | 'until'>, aheadMs: number): number {
  const end = Date.parse(until);
  return end - Math.min(aheadMs, (end - Date.parse(givenAt)) / 4);
}

/**
 * How long until the next thing that the calendar alone makes due, at most `everyMs`: everything else is a record, and is
 * looked for that often.
 */
export function againInMs({ at, report }: Governed, everyMs: number): number {
  if (report === null) return everyMs;
  const now = Date.parse(at);
  const { standing, dryRun, ungraded, endings, holds } = report;
  const times = [
    ...(standing.dryRunSince === null ? [] : [Date.parse(standing.dryRunSince) + dryRun.daysMin * dayMs]),
    ...(ungraded.oldestAt === null ? [] : [Date.parse(ungraded.oldestAt) + gradesWaitMs]),
    ...endings.flatMap((ending) => [warnedAt(ending, endsSoonMs), Date.parse(ending.until)]),
    ...holds.map((hold) => warnedAt(holdSpan(hold), hourMs)),
  ];
  return Math.min(everyMs, ...times.filter((time) => time > now).map((time) => Math.ceil(time - now)));
}
