import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { RunbookRef } from '../../contracts/runbook.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { verifyPower } from '../../policies/release.ts';
import type { Asked } from '../../policies/standing/breaker.ts';
import { overOf } from './breaker.ts';
import { checkChange, type StandingSubject } from './standing-rules.ts';
import type { LogState } from './state.ts';

type StandingBody = Extract<RecordBody, { kind: 'standing' }>;
export type StandingStory = {
  readonly state: LogState;
  readonly newest: Rules;
  /** Every manifest that the log had seen. */
  readonly known: readonly Rules[];
  readonly at: number;
};

/** How long the recorder may have taken between deciding and writing: what ended in between was still in force. */
const writingMsMax = 2_000;
const wrong = (message: string): HoldpointError => new HoldpointError('RECORD_DAMAGED', message);

/** Checks a change of standing as the recorder had to: the power of its persons, and what it needed of the log before it. */
export function checkStanding(story: StandingStory, body: StandingBody): void {
  if (body.change === 'trip' || body.trip !== undefined) checkTrip(story, body);
  else checkSigned(story, { ...body, change: body.change });
}

type SignedBody = StandingBody & { readonly change: StandingSubject['type'] };
function checkSigned(story: StandingStory, body: SignedBody): void {
  const { newest, at } = story;
  const verified = verifyPower({ raw: body.statements, type: body.change, rules: newest, newest, now: at });
  const subject = verified[0]?.statement.subject;
  if (subject?.type !== body.change) throw wrong('says another change than its statements');
  const statements = verified.map(({ statement }) => statement);
  const runbook = atEitherTime(at, (now) =>
    checkChange({ ledger: story.state.ledger, newest, subject: subject as StandingSubject, statements, now }),
  );
  if (digestOf(runbook) !== digestOf(body.runbook)) throw wrong('is about another runbook than its statements');
}

/** Decided at some moment before it was written. Throws what was wrong at the later one. */
function atEitherTime(at: number, check: (now: number) => RunbookRef | null): RunbookRef | null {
  try {
    return check(at);
  } catch (error) {
    try {
      return check(at - writingMsMax);
    } catch {
      throw error;
    }
  }
}

/** Counts again, under the manifests of that time, whether the breaker had to open: one that opens at will stops at will. */
function checkTrip({ state, known, at }: StandingStory, body: StandingBody): void {
  const { trip } = body;
  if (trip === undefined || body.change !== 'trip' || body.statements.length > 0)
    throw wrong('expected a trip to be the count of the recorder alone');
  const countedAt = Date.parse(trip.at);
  if (!(countedAt <= at && at - countedAt <= writingMsMax)) throw wrong('was counted at another time');
  const asked = { destructive: 'destructive', consecutive: 'other', 'error-budget': null }[trip.limit] as Asked;
  const scope = trip.scope === 'all' ? null : body.runbook;
  const due = known.some((edition) => {
    const over = overOf({ ledger: state.ledger, asked, now: countedAt }, scope, edition);
    return over !== null && digestOf({ ...over, scope: trip.scope, at: trip.at }) === digestOf(trip);
  });
  if (!due || state.ledger.trips.isOpen(scope?.id ?? null)) throw wrong('is not what the log before it counts');
}
