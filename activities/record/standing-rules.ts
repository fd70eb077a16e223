import { HoldpointError } from '../../contracts/errors.ts';
import type { Runbook, RunbookRef } from '../../contracts/runbook.ts';
import type { Shortfall } from '../../contracts/runbook-status.ts';
import type { Statement, Subject } from '../../contracts/statement.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { boundaryOf, entryOn } from '../../policies/boundary.ts';
import type { Rules } from '../../policies/manifest.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import type { Ledger } from '../../policies/standing/ledger.ts';
import { dayMs, grantShortfalls, promotionShortfalls, shortfallLine } from '../../policies/standing/promotion.ts';

export type StandingSubject = Exclude<Subject, { type: 'action' | 'resume' }>;
type SubjectOf<T extends Subject['type']> = Extract<Subject, { type: T }>;
export type ChangeInput = {
  /** The fold of everything before the change. */
  readonly ledger: Ledger;
  readonly newest: Rules;
  readonly subject: StandingSubject;
  /** What persons with the power signed of it. */
  readonly statements: readonly Statement[];
  readonly now: number;
};

/** A grant ends within the time that one is earned in. */
const grantMsMax = 90 * dayMs;

const refused = (message: string): HoldpointError => new HoldpointError('RECORD_REFUSED', message);

/**
 * What a signed change of standing needs of the log, beside the power of those who signed it. Answers the runbook that it
 * is about; null for all. Pure: the verifier asks again over what was appended. Throws `NOT_EARNED` with the conditions
 * that are missing, `STATEMENT_REPLAYED` for a second grade of one person, `RECORD_REFUSED`.
 */
export function checkChange(input: ChangeInput): RunbookRef | null {
  const { subject } = input;
  switch (subject.type) {
    case 'waive':
      mustBeNewest(input, subject.runbook, 'waive');
      mustFollowLowering(input, subject);
      mustEndWithin('waive', subject.until, input.newest.limits.waiverMsMax, input.now);
      return subject.runbook;
    case 'demote':
      return subject.runbook;
    case 'promote':
      return checkPromotion(input, subject);
    case 'revoke':
      return checkRevocation(input, subject);
    case 'grade':
      return checkGrade(input, subject);
    case 'grant':
      return checkGrant(input, subject);
    case 'trip-reset':
      return checkTripReset(input, subject);
  }
}

function mustBeNewest({ newest }: ChangeInput, { id, digest }: RunbookRef, what: string): LoadedRunbook {
  const loaded = newest.runbooks.get(id);
  if (loaded?.digest !== digest)
    throw refused(`${what}: the newest manifest has no runbook \`${id}\` with this digest`);
  return loaded;
}

/** Whatever is given has an end that people still remember giving it by. */
function mustEndWithin(what: string, until: string, msMax: number, now: number): void {
  const leftMs = Date.parse(until) - now;
  if (!(leftMs > 0)) throw refused(`${what}: it ended at ${until}`);
  if (!(leftMs <= msMax)) throw refused(`${what}: expected an end within ${msMax / dayMs} days, got ${until}`);
}

/** What was lowered comes back only by a decision made after that: an older one may have been kept. */
function mustFollowLowering(
  { ledger, statements }: ChangeInput,
  { type, runbook }: SubjectOf<'waive' | 'promote' | 'grant'>,
): void {
  const earliest = Math.min(...statements.map(({ decidedAt }) => Date.parse(decidedAt)));
  const lowered = ledger.loweredSince(runbook.id, earliest);
  if (lowered !== null) throw refused(`${type}: record ${lowered.seq} lowered the standing of \`${runbook.id}\` since`);
}

function checkPromotion(input: ChangeInput, subject: SubjectOf<'promote'>): RunbookRef {
  const { runbook, ring, attestation } = subject;
  const loaded = mustBeNewest(input, runbook, 'promote');
  mustFollowLowering(input, subject);
  mustBeEarned(`promote to ring ${ring}`, promotionShortfalls(input.ledger, loaded, attestation, input.now));
  return runbook;
}

/** Throws `NOT_EARNED` naming every condition that is missing, the first with what it expects. */
function mustBeEarned(what: string, missing: readonly Shortfall[]): void {
  const [first] = missing;
  if (first === undefined) return;
  const names = missing.map(({ condition }) => condition).join(', ');
  throw new HoldpointError('NOT_EARNED', `${what}: ${missing.map(shortfallLine).join('; ')}`, {
    ...first,
    missing: names,
  });
}

function checkRevocation({ ledger }: ChangeInput, { record }: SubjectOf<'revoke'>): RunbookRef {
  const runbook = ledger.gift(record);
  if (runbook === null) throw refused('revoke: the log holds no waiver, promotion or grant with this hash');
  return runbook;
}

/** Nobody grades what they proposed: a process proposes, and no key of a process stands in the directory. */
function checkGrade({ ledger, statements }: ChangeInput, { proposal }: SubjectOf<'grade'>): RunbookRef {
  const known = ledger.proposals.of(proposal);
  if (known === null) throw refused('grade: the log holds no proposal with this digest that was held or rehearsed');
  const people = statements.map(({ person }) => person);
  const graded = ledger.proposals.gradesOf(proposal).find(({ person }) => people.includes(person));
  if (graded !== undefined)
    throw new HoldpointError('STATEMENT_REPLAYED', `grade: \`${graded.person}\` graded this proposal already`);
  return known.runbook;
}

function checkGrant(input: ChangeInput, subject: SubjectOf<'grant'>): RunbookRef {
  const { ledger, now } = input;
  const { runbook, tool, until } = subject;
  const loaded = mustBeNewest(input, runbook, 'grant');
  mustFollowLowering(input, subject);
  mustBeGrantable(loaded.runbook, subject);
  mustEndWithin('grant', until, grantMsMax, now);
  const live = ledger.grants.live(runbook, now).find((one) => one.tool === tool);
  if (live !== undefined) throw refused(`grant: record \`${live.record}\` grants \`${tool}\` already; revoke it first`);
  mustBeEarned(`grant \`${tool}\``, grantShortfalls(ledger, loaded, tool, now));
  return runbook;
}

/** Only a low-risk tool that can be undone, that the runbook lists and leaves to a grant. */
function mustBeGrantable({ tools, action_boundary }: Runbook, { tool, conditions }: SubjectOf<'grant'>): void {
  const contract = toolRegistry.get(tool);
  const listing = tools.find((one) => one.tool === tool);
  if (contract === undefined || listing === undefined) throw refused(`grant: the runbook has no tool \`${tool}\``);
  if (contract.risk !== 'low') throw refused(`grant: expected a low-risk tool, \`${tool}\` is ${contract.risk} risk`);
  if (contract.inverse.tool === null) throw refused(`grant: expected a tool that can be undone, \`${tool}\` cannot`);
  const { neverAllow, requireHuman } = boundaryOf({ action_boundary });
  if (entryOn([...neverAllow, ...requireHuman], contract) !== null)
    throw refused(`grant: the runbook's boundary keeps \`${tool}\` for persons`);
  const outside = conditions.find((one) => one.in.some((name) => listing.scopes[one.scope]?.includes(name) !== true));
  if (outside !== undefined) throw refused(`grant: expected ${outside.scope} inside the scopes of the runbook`);
}

function checkTripReset({ ledger }: ChangeInput, { record }: SubjectOf<'trip-reset'>): RunbookRef | null {
  const open = ledger.trips.byRecord(record);
  if (open === null) throw refused('trip-reset: no breaker is open that this record opened');
  return open.runbook;
}
