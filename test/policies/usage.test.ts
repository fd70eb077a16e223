import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RecordBody } from '../../contracts/record.ts';
import { longerPauseMs, pauseMsMin, recoveryLooksMax } from '../../policies/recovery-pauses.ts';
import { callHash, isRecoveryRead, recoveryReadsMax, usageOf } from '../../policies/usage.ts';
import { limits, runbook } from './judging.ts';

const { runbook: plan } = runbook;
const [tree] = plan.recovery.reads;
if (tree === undefined) throw new Error('expected a recovery read');
const other = { tool: tree.tool, args: { database: 'ledger' } };
const runId = '00000000-0000-4000-8000-000000000001';

const result = (call: { tool: string; args: object }, step = 0, change: object = {}): RecordBody =>
  ({
    kind: 'result',
    runId,
    evidence: { step: { step, index: 0 }, tool: call.tool },
    call: callHash(call as never),
    ...change,
  }) as never;
const intent = (digest: string, tool = 'postgres.terminateBackend'): RecordBody =>
  ({ kind: 'intent', digest, request: { action: { tool } } }) as never;
const outcome = (digest: string, status: string): RecordBody => ({ kind: 'outcome', digest, status }) as never;
const usage = (records: readonly RecordBody[], more: Partial<Parameters<typeof usageOf>[0]> = {}) =>
  usageOf({ records, runbook: plan, runId, ...more });

describe('what an incident has used', () => {
  it.each(['done', 'moved', 'failed', 'refused', 'unknown'])('counts a write that ended %s', (status) => {
    expect(usage([intent('a'), outcome('a', status)]).counts).toEqual({ 'postgres.terminateBackend': 1 });
  });

  it('counts every attempt at a write, and none of an earlier attempt at the very write that is judged', () => {
    const records = [intent('a'), intent('a'), intent('b')];
    expect(usage(records).counts).toEqual({ 'postgres.terminateBackend': 3 });
    expect(usage(records, { own: { kind: 'write', digest: 'a' } }).counts).toEqual({ 'postgres.terminateBackend': 1 });
  });

  it('counts reads of every run, and calls of the same turn', () => {
    const records = [
      result(other),
      result(other, 0, { runId: 'another' }),
      result({ ...other, tool: 'postgres.locks' }),
    ];
    expect(usage(records, { planned: [other, tree] })).toEqual({
      counts: { [tree.tool]: 3, 'postgres.locks': 1 },
      recoveryReads: { [tree.tool]: 1 },
      runs: 2,
    });
  });

  it('sets a recovery read aside by what was asked for, to the letter, and by nothing else', () => {
    const asides = [result(tree, 0), result(tree, 7), result({ ...tree, args: { ...tree.args } }, 3)];
    expect(usage(asides)).toEqual({ counts: {}, recoveryReads: { [tree.tool]: 3 }, runs: 1 });
    const unnamed = result(tree, 0, { call: undefined });
    const wider = result({ ...tree, args: { ...tree.args, more: null } });
    const counted = [unnamed, wider, result(other), result({ tool: 'postgres.locks', args: tree.args })];
    expect(usage(counted).recoveryReads).toEqual({});
  });

  it('leaves out one result of its own lost attempt, and never all that claim the same step', () => {
    const own = { kind: 'read', runId, step: { step: 0, index: 0 }, tool: tree.tool } as const;
    expect(usage([result(other)], { own }).counts).toEqual({});
    expect(usage([result(other), result(other), result(other)], { own }).counts).toEqual({ [tree.tool]: 2 });
    const elsewhere = [result(other, 1), result(other, 0, { runId: 'another' }), result({ ...other, tool: 'x.y' })];
    expect(usage(elsewhere, { own }).counts).toEqual({ [tree.tool]: 2, 'x.y': 1 });
  });
});

describe('recovery reads', () => {
  it.each([
    [0, 1],
    [1, 2],
    [1_000, 2],
    [1_001, 3],
    [10_000, 5],
    [600_000, 16],
  ])('are bounded by the pauses within %d ms to %d looks', (settleMsMax, looks) => {
    expect(recoveryLooksMax(settleMsMax)).toBe(looks);
  });

  it('are never fewer than a run that waits out its pauses makes, however long its reads take', () => {
    const looksOf = (settleMsMax: number, readMs: number): number => {
      let [looks, nowMs] = [1, readMs];
      for (let pauseMs = pauseMsMin; nowMs < settleMsMax; pauseMs = longerPauseMs(pauseMs)) {
        nowMs += Math.min(pauseMs, settleMsMax - nowMs) + readMs;
        looks += 1;
      }
      return looks;
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600_000 }), fc.integer({ min: 0, max: 5_000 }), (settleMsMax, readMs) => {
        expect(looksOf(settleMsMax, readMs)).toBeLessThanOrEqual(recoveryLooksMax(settleMsMax));
        expect(looksOf(settleMsMax, 0)).toBe(recoveryLooksMax(settleMsMax));
      }),
    );
  });

  it('are set aside in the runs that there were, in as many as the platform allows, and only for tools that the runbook looks with', () => {
    const looks = recoveryLooksMax(plan.recovery.settleMsMax);
    const max = (runs: number, tool = tree.tool) => recoveryReadsMax(plan, tool, limits, runs);
    expect([1, 2, 10, 11].map((runs) => max(runs))).toEqual([1, 2, 10, 10].map((runs) => looks * runs));
    expect(limits.recoveryRunsMax).toBe(10);
    expect(max(10, 'postgres.locks')).toBe(0);
    expect(isRecoveryRead(plan, callHash(tree))).toBe(true);
    expect(isRecoveryRead(plan, callHash(other))).toBe(false);
  });
});
