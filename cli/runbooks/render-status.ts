import type { BreakerStatus, RunbookStatus } from '../../contracts/runbook-status.ts';
import { age, timeLeft } from '../../gateway/shown/hold-words.ts';
import {
  gradesLine,
  grantMissingLine,
  grantProgressLine,
  missingLines,
  ringIs,
  tripLine,
  why,
} from '../../gateway/shown/ring-words.ts';
import { visible } from '../../policies/visible.ts';
import { ownCommand } from '../connect/command-lines.ts';
import type { Io } from '../shell/io.ts';
import { table } from '../shell/table.ts';

type At = Pick<Io, 'env' | 'cwd' | 'paint'>;
const ringMax = 2;

/** All runbooks, one line each. */
export const renderStatuses = (all: readonly RunbookStatus[]): string[] =>
  table(
    ['RUNBOOK', 'RING', 'UNTIL', 'WHY', 'DRY RUN', 'CORRECT', 'BREAKER', 'TO GRADE', 'MISSING'],
    all.map(({ runbook, standing, dryRun, grades, breakers, ungraded, missing }) => [
      runbook,
      String(standing.ring),
      standing.until ?? '-',
      standing.rule,
      dryRun.since === null ? '-' : `day ${dryRun.days} of ${dryRun.daysMin}`,
      `${grades.correct} of ${grades.graded}`,
      breakers.all.trip !== null ? 'open (all)' : breakers.runbook.trip !== null ? 'open' : 'closed',
      String(ungraded.total),
      standing.ring === ringMax ? '-' : missing.map(({ condition }) => condition).join(', ') || 'a promotion',
    ]),
  );

/** One runbook in full, with the exact command for each thing that waits for a person. `now` is in ms. */
export function renderStatus(io: At, status: RunbookStatus, now: number): string[] {
  const { paint } = io;
  const { standing, dryRun, grades } = status;
  const ring = ringIs(standing.ring);
  return [
    `${paint.bold(status.runbook)}  ${visible(status.title, 120)}`,
    ...row('stands in', standing.ring === 0 ? paint.yellow(ring) : paint.green(ring)),
    ...row(
      'because',
      `${why(standing)}${standing.until === null ? '' : `, until ${standing.until} (${timeLeft(standing.until, now)})`}`,
    ),
    ...row('text', `${status.digest} (manifest ${status.manifestVersion}, record ${status.seq})`),
    ...row(
      'dry run',
      dryRun.since === null
        ? `not begun, ${dryRun.daysMin} days`
        : `day ${dryRun.days} of ${dryRun.daysMin}, since ${dryRun.since}`,
    ),
    ...row('grades', gradesLine(grades)),
    ...row('preflight', preflightOf(status)),
    ...rows('breaker', breakerLines(io, status.breakers.runbook, ['runbook', 'trip-reset', status.runbook])),
    ...rows('over all', breakerLines(io, status.breakers.all, ['runbook', 'trip-reset', '--all'])),
    ...rows('given', givenLines(io, status)),
    ...rows('grants', grantLines(io, status)),
    ...rows('to a grant', grantProgressLines(io, status)),
    ...nextRing(io, status),
    ...toGrade(io, status, now),
  ];
}

function preflightOf({ attestation }: RunbookStatus): string {
  if (attestation === null) return 'none known for this text';
  const { hash, notAfter, fault, waived } = attestation;
  const state = fault === null ? `attested until ${notAfter}` : fault;
  return `${state}${waived.length === 0 ? '' : `, waived: ${waived.join(', ')}`} (${hash})`;
}

function breakerLines(
  io: At,
  { destructive, consecutive, errorBudget, trip }: BreakerStatus,
  reset: string[],
): string[] {
  const counts = [
    `${destructive.count} of ${destructive.max} destructive`,
    `${consecutive.count} of ${consecutive.max} in a row without a good end`,
    `${errorBudget.unexpected} of ${errorBudget.allowed} unexpected in ${errorBudget.events} ends`,
  ].join(', ');
  if (trip === null) return [`${io.paint.green('closed')}: ${counts}`];
  return [
    `${io.paint.red('OPEN')}: ${tripLine(trip)}`,
    `trip ${trip.record}`,
    counts,
    `$ ${ownCommand(io, [...reset, '--reason', '"…"'])}`,
  ];
}

const givenLines = (io: At, { given }: RunbookStatus): string[] =>
  given.flatMap(({ ring, rule, until, record }) => [
    `ring ${ring} by ${rule === 'standing.waived' ? 'a waiver' : why({ rule })}, ${until === null ? 'without an end' : `until ${until}`}`,
    `$ ${ownCommand(io, ['runbook', 'revoke', record])}`,
  ]);

const grantLines = (io: At, { standing }: RunbookStatus): string[] =>
  standing.grants.flatMap(({ tool, used, count, until, conditions, record }) => [
    `${visible(tool, 64)}: ${used} of ${count} used, until ${until}${conditions.map((one) => `, only ${one.scope} ${one.in.join(', ')}`).join('')}`,
    `$ ${ownCommand(io, ['runbook', 'revoke', record])}`,
  ]);

/** How far each low-risk tool is from a grant, or why it has none; the command where nothing is missing. */
const grantProgressLines = (io: At, { runbook, towardsGrants }: RunbookStatus): string[] =>
  towardsGrants.flatMap((one) => {
    const tool = visible(one.tool, 64);
    if (one.grant !== null) return [`${tool}: granted`];
    if (one.inverse === null) return [`${tool}: never, as no call undoes it`];
    if (one.keptBy !== null) return [`${tool}: never, as the boundary keeps it by \`${visible(one.keptBy, 80)}\``];
    const command = `$ ${ownCommand(io, ['runbook', 'grant', runbook, one.tool, '--until', '7d', '--count', '5'])}`;
    const lacks = one.missing.map((missing) => `  lacks ${grantMissingLine(missing, one)}`);
    return [
      `${tool}: ${grantProgressLine(one)}`,
      ...(lacks.length > 0 ? lacks : [io.paint.green('  nothing is missing: persons can sign it'), command]),
    ];
  });

/** What keeps the next ring away, or the command that gives it. */
function nextRing(io: At, status: RunbookStatus): string[] {
  // The ring of a waiver is lent: what is earned is measured against the next one above what was promoted.
  const earned = Math.max(0, ...status.given.flatMap(({ rule, ring }) => (rule === 'standing.waived' ? [] : [ring])));
  if (earned >= ringMax) return [];
  const lacks = missingLines(status);
  const next = String(earned + 1);
  const needsFile = status.missing.some(({ condition }) => condition === 'preflight');
  const promote = [
    'runbook',
    'promote',
    status.runbook,
    '--ring',
    next,
    ...(needsFile ? ['--attestation', 'FILE'] : []),
  ];
  const head = lacks.length === 0 ? [io.paint.green('nothing: persons can sign the promotion')] : lacks;
  return [
    ...rows(`to ring ${next}`, head),
    ...(lacks.length === 0 || (needsFile && lacks.length === 1) ? row('', `$ ${ownCommand(io, promote)}`) : []),
  ];
}

function toGrade(io: At, { ungraded }: RunbookStatus, now: number): string[] {
  const { total, oldest } = ungraded;
  if (total === 0) return row('to grade', 'nothing waits');
  const more = total > oldest.length ? row('', `${total - oldest.length} more, shown as these are graded`) : [];
  return [
    ...row('to grade', `${total}, oldest first`),
    ...oldest.flatMap((one) => [
      ...row('', `${visible(one.tool, 64)} ${one.kind} ${age(one.at, now)} ago (${one.at}) in ${one.workflowId}`),
      ...row('', `$ ${ownCommand(io, ['runbook', 'grade', one.digest, 'correct', '--reason', '"…"'])}`),
    ]),
    ...more,
  ];
}

const labelWidth = 11;
const row = (label: string, value: string): string[] => [`  ${label.padEnd(labelWidth)}${value}`];
const rows = (label: string, values: readonly string[]): string[] =>
  values.flatMap((value, index) => row(index === 0 ? label : '', value));
