import type { GrantProgress, RunbookStatus, Shortfall } from '../../contracts/runbook-status.ts';
import type { OpenTrip, Ring, Standing } from '../../contracts/standing.ts';

const ringWords: Readonly<Record<Ring, string>> = {
  0: 'reads run, every write is rehearsed',
  1: 'low-risk writes wait for a release, high-risk writes are rehearsed',
  2: 'every write waits for a release',
};
const ruleWords: Readonly<Record<string, string>> = {
  'standing.read-only': 'every text starts here',
  'standing.waived': 'persons waived the dry run',
  'standing.waiver-expired': 'the waiver has ended',
  'standing.promoted': 'earned, and persons promoted it',
  'standing.demoted': 'persons demoted it',
  'standing.demoted-policy-hit': 'what is never allowed had been offered for release',
  'standing.demoted-postcondition': 'a write took effect, and what it was for did not hold',
  'standing.revoked': 'persons revoked what gave it a ring',
  'breaker.open': 'a circuit breaker is open',
};

/** What a ring lets a runbook do. */
export const ringIs = (ring: Ring): string => `ring ${ring}: ${ringWords[ring]}`;
export const why = ({ rule }: Pick<Standing, 'rule'>): string =>
  ruleWords[rule] === undefined ? rule : `${ruleWords[rule]} (${rule})`;

/** Ring, reason and end in one line. */
export const ringLine = (standing: Pick<Standing, 'ring' | 'rule' | 'until'>): string =>
  `ring ${standing.ring}, ${why(standing)}${standing.until === null ? '' : `, until ${standing.until}`}`;

export const tripLine = ({ limit, count, max, at }: OpenTrip): string =>
  `${limitWords[limit]} ${count} of ${max} allowed, at ${at}`;
const limitWords: Readonly<Record<OpenTrip['limit'], string>> = {
  destructive: 'destructive writes in the window',
  consecutive: 'writes in a row without a good end',
  'error-budget': 'unexpected ends',
};

/** A share as it is compared: never rounded up to what it does not reach. */
export const share = (value: number): string => (Math.floor(value * 1_000) / 1_000).toFixed(3);

export const gradesLine = ({ correct, graded, accuracyLowerBound, gradedMin, accuracyMin }: RunbookStatus['grades']) =>
  `${correct} of ${graded} correct, lower bound ${share(accuracyLowerBound)}; a promotion needs ${accuracyMin} over ${gradedMin} or more`;

/** What one tool has earned towards a grant, by its own recommendations alone. */
export const grantProgressLine = (one: GrantProgress): string =>
  [
    `day ${one.days} of ${one.daysMin}`,
    `${one.correct} of ${one.graded} correct`,
    `lower bound ${share(one.accuracyLowerBound)} of ${one.accuracyMin}`,
    `undone by ${one.inverse}`,
  ].join(', ');

export function grantMissingLine(
  { condition, expected, got }: Shortfall,
  { accuracyLowerBound }: GrantProgress,
): string {
  switch (condition) {
    case 'dry_run_days':
      return `${Number(expected) - Number(got)} more days with graded recommendations of this tool`;
    case 'graded_proposals':
      return `${Number(expected) - Number(got)} more graded proposals of this tool`;
    case 'accuracy':
      return `more correct proposals of this tool: the lower bound is ${share(accuracyLowerBound)}, expected ${expected}`;
    case 'preflight':
    case 'ring':
      return `${condition} ${expected}, it has ${got}`;
  }
}

/** What a promotion lacks, each in words that say what to do about it. */
type Lacking = Pick<RunbookStatus, 'missing' | 'dryRun' | 'grades'>;
export const missingLines = (status: Lacking): string[] => status.missing.map((one) => missingLine(one, status));

function missingLine({ condition, expected, got }: Shortfall, { dryRun, grades }: Lacking): string {
  switch (condition) {
    case 'dry_run_days':
      return dryRun.since === null
        ? `${expected} days of dry run, which begins with the first incident that is rehearsed`
        : `${Number(expected) - Number(got)} more days of dry run (day ${got} of ${expected})`;
    case 'graded_proposals':
      return `${Number(expected) - Number(got)} more graded proposals (${got} of ${expected})`;
    case 'accuracy':
      return `more correct proposals: the lower bound of the accuracy is ${share(grades.accuracyLowerBound)}, expected ${expected}`;
    case 'preflight':
      return `a preflight attestation of this text: ${got}`;
    case 'ring':
      return `ring ${expected}, it stands in ${got}`;
  }
}
