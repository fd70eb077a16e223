import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignedRecord } from '../../contracts/record.ts';
import { digestOf } from '../../policies/digest.ts';
import { foldLedger, foldStanding } from '../../policies/standing.ts';
import { at, minute, now } from './support/rules.ts';
import {
  alert,
  attestation,
  demote,
  denied,
  extended,
  grade,
  grant,
  held,
  intent,
  logOf,
  manifest,
  others,
  outcome,
  promote,
  record,
  refused,
  rehearsed,
  revoke,
  runbook,
  standing,
  trip,
  waive,
} from './support/story.ts';

const ringOf = (log: readonly SignedRecord[], time = now) => foldStanding(log, runbook, time).ring;

describe('a runbook’s standing', () => {
  it('is read-only at the start', () => {
    const nothing = { ring: 0, rule: 'standing.read-only', record: null, until: null, dryRunSince: null };
    expect(foldStanding([], runbook, now)).toEqual({ ...nothing, trip: null, grants: [] });
  });

  it('is the ring of a waiver until it expires, and names the record', () => {
    const log = logOf(waive(2, minute));
    expect(foldStanding(log, runbook, now)).toMatchObject({
      ring: 2,
      rule: 'standing.waived',
      record: digestOf(log[0]),
      until: at(now + minute),
    });
    expect(ringOf(log, now + minute - 1)).toBe(2);
    expect(foldStanding(log, runbook, now + minute)).toMatchObject({ ring: 0, rule: 'standing.waiver-expired' });
    expect(ringOf(log, Number.NaN)).toBe(0);
  });

  it('is the ring of a promotion, without an end', () => {
    const log = logOf(promote(1));
    expect(foldStanding(log, runbook, now)).toMatchObject({ ring: 1, rule: 'standing.promoted', until: null });
    expect(ringOf(log, now + 9e12)).toBe(1);
  });

  it('falls back to a promotion below when a waiver ends', () => {
    const log = logOf(promote(1), waive(2, minute));
    expect([ringOf(log), ringOf(log, now + minute)]).toEqual([2, 1]);
    expect(ringOf(logOf(promote(1), waive(1, minute)), now + minute)).toBe(1);
  });

  it('never rises when a newer, lower gift ends', () => {
    const log = logOf(waive(2, 9 * minute), waive(1, minute));
    expect([ringOf(log), ringOf(log, now + minute)]).toEqual([1, 0]);
  });

  it('falls at once with a newer demotion, and rises only by a newer gift', () => {
    const log = logOf(waive(2, minute), demote(0));
    expect(foldStanding(log, runbook, now)).toMatchObject({
      ring: 0,
      rule: 'standing.demoted',
      record: digestOf(log[1]),
    });
    expect(ringOf(logOf(promote(2), demote(1)))).toBe(1);
    expect(ringOf(logOf(promote(1), demote(1)))).toBe(1);
    expect(ringOf(logOf(demote(0), promote(1)))).toBe(1);
    expect(ringOf(logOf(promote(2), demote(0), promote(1)))).toBe(1);
  });

  it('gives a demoted waiver no longer life than it had', () => {
    const log = logOf(waive(2, minute), demote(1));
    expect(foldStanding(log, runbook, now)).toMatchObject({
      ring: 1,
      rule: 'standing.demoted',
      until: at(now + minute),
    });
    expect(ringOf(log, now + minute)).toBe(0);
  });

  it('loses what a revoke names, and keeps the rest', () => {
    const log = logOf(promote(1), waive(2, minute));
    expect(ringOf(extended(log, revoke(digestOf(log[1]))))).toBe(1);
    expect(ringOf(extended(log, revoke(digestOf(log[0]))))).toBe(2);
    expect(ringOf(extended(log, revoke('0'.repeat(64))))).toBe(2);
    const single = logOf(waive(2, minute));
    expect(foldStanding(extended(single, revoke(digestOf(single[0]))), runbook, now)).toMatchObject({
      ring: 0,
      rule: 'standing.revoked',
    });
  });

  it('does not rise when a demotion or a revoke is revoked', () => {
    const demoted = logOf(promote(2), demote(0));
    expect(ringOf(extended(demoted, revoke(digestOf(demoted[1]))))).toBe(0);
    const first = logOf(promote(2));
    const revoked = extended(first, revoke(digestOf(first[0])));
    expect(ringOf(extended(revoked, revoke(digestOf(revoked[1]))))).toBe(0);
  });

  it('is not given by a statement that the log already used', () => {
    const gift = promote(2);
    const log = logOf(gift, demote(0), gift);
    expect(ringOf(log)).toBe(0);
    const fresh = promote(2).body;
    if (gift.body.kind !== 'standing' || fresh.kind !== 'standing') throw new Error('expected standing records');
    const half = { ...fresh, statements: [...fresh.statements, ...gift.body.statements] };
    expect(ringOf(logOf(gift, demote(0), { body: half }))).toBe(0);
  });

  it('is not given by a rejection, a mixed record, or a record that says another change', () => {
    const rejected = standing({ type: 'promote', runbook, ring: 2, attestation }, { verdict: 'reject' });
    expect(ringOf(logOf(rejected))).toBe(0);
    const a = promote(2).body;
    const b = promote(1).body;
    if (a.kind !== 'standing' || b.kind !== 'standing') throw new Error('expected standing records');
    expect(ringOf(logOf({ body: { ...a, statements: [...a.statements, ...b.statements] } }))).toBe(0);
    expect(ringOf(logOf({ body: { ...a, change: 'waive' } }))).toBe(0);
    expect(ringOf(logOf({ body: { ...a, runbook: null } }))).toBe(2);
  });

  it('is not given by a record about another runbook that carries its reference', () => {
    const body = promote(2, others[0]).body;
    if (body.kind !== 'standing') throw new Error('expected a standing record');
    expect(ringOf(logOf({ body: { ...body, runbook } }))).toBe(0);
  });
});

describe('for any log', () => {
  const name = fc.constantFrom('1', '2');
  const happened = fc.oneof(
    name.map((one) => rehearsed(one)),
    name.map((one) => held(one)),
    fc.tuple(name, fc.boolean()).map(([one, correct]) => grade(one, correct)),
    name.map((one) => intent(one)),
    fc.tuple(name, fc.constantFrom('done', 'moved', 'unknown'), fc.boolean()).map((one) => outcome(...one)),
    name.map((one) => refused(one, 'floor.drop-table')),
    fc.constantFrom(alert(), denied('scope.database'), trip()),
  );
  const own = fc.oneof(
    fc
      .tuple(fc.constantFrom<1 | 2>(1, 2), fc.integer({ min: -5, max: 10 }))
      .map(([ring, m]) => waive(ring, m * minute)),
    fc.constantFrom<1 | 2>(1, 2).map((ring) => promote(ring)),
    fc.constantFrom<0 | 1>(0, 1).map((ring) => demote(ring)),
    fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -5, max: 10 })).map(([n, m]) => grant(n, m * minute)),
    happened,
  );
  const foreign = fc
    .constantFrom(...others)
    .chain((ref) =>
      fc.constantFrom(
        waive(2, minute, ref),
        promote(2, ref),
        demote(0, ref),
        revoke('e'.repeat(64)),
        manifest(ref),
        alert('w9', ref),
        rehearsed('9', { ref, workflow: 'w9' }),
      ),
    );
  const log = fc.array(own, { maxLength: 8 }).map((bodies) => logOf(...bodies));
  const runs = { numRuns: 60 };

  it('records about other runbooks change nothing, wherever they stand', () => {
    const mixed = fc.array(
      fc.oneof(
        own.map((d) => ({ ...d, own: true })),
        foreign.map((d) => ({ ...d, own: false })),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(mixed, (drawn) => {
        const whole = drawn.map((one, seq) => record(seq, one));
        const without = whole.filter((_one, seq) => drawn[seq]?.own === true);
        expect(foldStanding(whole, runbook, now)).toEqual(foldStanding(without, runbook, now));
      }),
      runs,
    );
  });

  it('the order in which records are handed over changes nothing: their sequence counts', () => {
    fc.assert(
      fc.property(
        log.chain((records) =>
          fc.tuple(fc.constant(records), fc.shuffledSubarray(records, { minLength: records.length })),
        ),
        ([records, shuffled]) => {
          expect(foldStanding(shuffled, runbook, now)).toEqual(foldStanding(records, runbook, now));
        },
      ),
      runs,
    );
  });

  it('time alone never raises a ring', () => {
    fc.assert(
      fc.property(log, fc.nat(12), fc.nat(12), (records, m, more) => {
        const time = now + (m - 6) * minute;
        expect(ringOf(records, time + more * minute)).toBeLessThanOrEqual(ringOf(records, time));
      }),
      runs,
    );
  });

  it('time alone adds nothing to a grant', () => {
    fc.assert(
      fc.property(log, fc.nat(12), fc.nat(12), (records, m, more) => {
        const grantsAt = (time: number) => foldStanding(records, runbook, time).grants;
        const time = now + (m - 6) * minute;
        const before = grantsAt(time);
        for (const grant of grantsAt(time + more * minute)) expect(before).toContainEqual(grant);
      }),
      runs,
    );
  });

  it('a statement that is found again changes nothing, wherever the log repeats it', () => {
    fc.assert(
      fc.property(log, fc.nat(7), (records, which) => {
        const body = records[which]?.payload.body;
        if (body?.kind !== 'standing' || body.statements.length === 0) return;
        const again = foldLedger(extended(records, { body }));
        const before = foldLedger(records);
        expect(again.standing(runbook, now)).toEqual(before.standing(runbook, now));
        expect(again.proposals.score(runbook, -1)).toEqual(before.proposals.score(runbook, -1));
      }),
      runs,
    );
  });

  it('nothing that merely happens raises a ring, or gives a grant', () => {
    fc.assert(
      fc.property(log, fc.array(happened, { maxLength: 6 }), (records, more) => {
        const before = foldStanding(records, runbook, now);
        const after = foldStanding(extended(records, ...more), runbook, now);
        expect(after.ring).toBeLessThanOrEqual(before.ring);
        expect(after.grants.length).toBeLessThanOrEqual(before.grants.length);
      }),
      runs,
    );
  });

  it('neither a demotion nor a revoke raises a ring, now or later', () => {
    fc.assert(
      fc.property(log, fc.nat(7), fc.nat(12), (records, which, m) => {
        const named = records[which];
        const lowering = [demote(0), demote(1), ...(named === undefined ? [] : [revoke(digestOf(named))])];
        for (const one of lowering)
          expect(ringOf(extended(records, one), now + m * minute)).toBeLessThanOrEqual(
            ringOf(records, now + m * minute),
          );
      }),
      runs,
    );
  });

  it('no ring is given without a statement for this very digest', () => {
    fc.assert(
      fc.property(fc.array(foreign, { maxLength: 8 }), (drawn) => {
        expect(ringOf(logOf(...drawn))).toBe(0);
      }),
      runs,
    );
  });
});
