import type { Ending, GovernorView, RunbookReport, WaitingHold } from '../contracts/governor.ts';
import { codeSpan } from '../policies/visible.ts';

const lineCharsMax = 300;
const outside = (text: string) => codeSpan(text, lineCharsMax);

/** The Markdown that the Temporal UI shows as current details of a governor: where its runbook stands, and what waits. */
export function governorDetails({ runbook, report, lookedAt, failure }: GovernorView): string {
  const head = [
    `**Runbook** ${outside(runbook)}`,
    ...(lookedAt === null ? [] : [`**Seen** ${outside(lookedAt)}`]),
    ...(failure === null ? [] : [`**Failed since** ${outside(failure)}`]),
  ].join(' · ');
  if (report === null) return `${head}\n\nThe newest manifest has no such runbook, or nobody could look yet.`;
  return [head, standingLines(report), endingLines(report), holdLines(report)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function standingLines({ runbook, standing, dryRun, missing, ungraded }: RunbookReport): string {
  const { ring, rule, trip, until } = standing;
  const accuracy = `accuracy at least ${dryRun.accuracyLowerBound.toFixed(3)} of ${dryRun.accuracyMin}`;
  return [
    `- ring ${ring} (${outside(rule)})${until === null ? '' : ` until ${outside(until)}`}, digest ${outside(runbook.digest)}`,
    `- dry run: day ${Math.floor(dryRun.days)} of ${dryRun.daysMin}; graded ${dryRun.graded} of ${dryRun.gradedMin}; ${accuracy}`,
    ...missing.map(
      ({ condition, expected, got }) =>
        `- missing for a promotion: ${outside(`${condition}: expected ${expected}, got ${got}`)}`,
    ),
    `- to be graded: ${ungraded.count}${ungraded.oldestAt === null ? '' : `, the oldest since ${outside(ungraded.oldestAt)}`}`,
    ...(trip === null
      ? ['- breaker: closed']
      : [`- **breaker open** (${trip.scope}) since ${outside(trip.at)}: ${trip.limit} ${trip.count} of ${trip.max}`]),
  ].join('\n');
}

const endingLines = ({ endings }: RunbookReport): string =>
  endings
    .map(({ what, tool, until, count, used }: Ending) => {
      const rest = count === null ? '' : `, used ${used} of ${count}`;
      return `- ${what}${tool === null ? '' : ` of ${outside(tool)}`} until ${outside(until)}${rest}`;
    })
    .join('\n');

const holdLines = ({ holds }: RunbookReport): string =>
  holds
    .map(
      ({ tool, workflowId, expiresAt }: WaitingHold) =>
        `- held: ${outside(tool)} in ${outside(workflowId)}, expires at ${outside(expiresAt)}`,
    )
    .join('\n');
