import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Limits } from '../../contracts/limits.ts';
import { ProposalStatus, RunbookStatus, ungradedShownMax } from '../../contracts/runbook-status.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import { promotionShortfalls } from '../../policies/standing/promotion.ts';
import { proposalStatus, runbookStatus } from '../../policies/standing/status.ts';
import { foldLedger } from '../../policies/standing.ts';
import { minute, now, rulesOf, runbookId } from './support/rules.ts';
import {
  alert,
  type Draws,
  demote,
  denied,
  digestNamed,
  grade,
  grant,
  held,
  intent,
  logOf,
  others,
  outcome,
  promote,
  rehearsed,
  runbook,
  trip,
  waive,
} from './support/story.ts';

const loaded = { ...rulesOf().runbooks.get(runbookId), ...runbook } as LoadedRunbook;
const limits = Limits.parse({});
const statusOf = (draws: Draws[], time = now + minute) => {
  const ledger = foldLedger(logOf(...draws));
  return { ledger, status: runbookStatus({ ledger, loaded, limits, seq: 0, manifestVersion: 1, now: time }) };
};
const name = fc.constantFrom('1', '2', '3');
const happened = fc.oneof(
  fc.constantFrom(alert(), alert('w1', others[0]), denied('scope.database'), trip(), trip('all'), demote(0), demote(1)),
  fc.tuple(name, fc.boolean()).map(([one, correct]) => grade(one, correct)),
  name.map((one) => rehearsed(one, { target: one })),
  name.map((one) => held(one, { target: one })),
  name.map((one) => intent(one)),
  fc.tuple(name, fc.constantFrom('done', 'moved', 'unknown'), fc.boolean()).map((one) => outcome(...one)),
  fc.tuple(fc.constantFrom<1 | 2>(1, 2), fc.integer({ min: -5, max: 10 })).map(([ring, n]) => waive(ring, n * minute)),
  fc.constantFrom<1 | 2>(1, 2).map((ring) => promote(ring)),
  fc.integer({ min: 1, max: 3 }).map((count) => grant(count, 10 * minute)),
);
const story = fc.array(happened, { maxLength: 25 }).map((draws) => [alert(), ...draws]);

describe('what people are shown of a standing', () => {
  it('says what the fold says, in the form that was promised, whatever happened', () => {
    fc.assert(
      fc.property(story, (draws) => {
        const { ledger, status } = statusOf(draws);
        expect(RunbookStatus.parse(status)).toEqual(status);
        expect(status.standing).toEqual(ledger.standing(runbook, now + minute));
        expect(status.missing).toEqual(promotionShortfalls(ledger, loaded, null, now + minute));
        const offered = ledger.proposals.list(runbook, ledger.earnsSince(runbook)).length;
        expect(status.grades.graded + status.ungraded.total).toBe(offered);
        if (status.standing.trip === null) expect(status.given.at(-1)?.ring ?? 0).toBe(status.standing.ring);
        expect([status.breakers.all.trip, status.breakers.runbook.trip]).toContainEqual(status.standing.trip);
      }),
    );
  });
  it('shows each proposal that waits once, oldest first, up to a bound', () => {
    const names = Array.from({ length: ungradedShownMax + 3 }, (_, n) => String(n + 1));
    const { status } = statusOf([
      alert(),
      ...names.map((one) => rehearsed(one, { target: one })),
      rehearsed('99', { target: '1' }),
    ]);
    expect(status.ungraded.total).toBe(names.length);
    expect(status.ungraded.oldest.map(({ digest }) => digest)).toEqual(
      names.slice(0, ungradedShownMax).map(digestNamed),
    );
  });
  it('shows who graded a proposal, and whether a grade still counts', () => {
    const draws = [alert(), rehearsed('1'), grade('1', false, 'personB')];
    const { ledger } = statusOf(draws);
    const shown = proposalStatus(ledger, digestNamed('1'), runbook);
    expect(ProposalStatus.parse(shown)).toMatchObject({
      grades: [{ person: 'personB', correct: false }],
      counts: true,
    });
    expect(proposalStatus(ledger, digestNamed('1'), others[0])?.counts).toBe(false);
    expect(proposalStatus(ledger, digestNamed('1'), undefined)?.counts).toBe(false);
    expect(proposalStatus(ledger, digestNamed('2'), runbook)).toBeNull();
    const fell = [...draws, held('2', { target: 'x' }), intent('2', { target: 'x' }), outcome('2', 'done', false)];
    expect(proposalStatus(statusOf(fell).ledger, digestNamed('1'), runbook)?.counts).toBe(false);
  });
});
