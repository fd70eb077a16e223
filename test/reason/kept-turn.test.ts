import type { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { Kept } from '../../activities/reason/beats.ts';
import type { Bounds, Draft, Model, Tokens } from '../../activities/reason/turn.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { incidentUnderTest } from './under-test.ts';

const call = { tool: 'postgres.activity', args: { database: 'payments' }, why: 'look' };
const good = { calls: [call], conclusion: null };
const most: Tokens = { inputTokens: 1_000, outputTokens: 100 };
const budget = {
  inputTokensMax: 10_000,
  outputTokensMax: 1_000,
  costMicrosMax: 40_000,
  turnMsMax: 10_000,
  prices: { inputPerMillion: 3, outputPerMillion: 15 },
};
/** A model with a price that says this, one thing for each request, and takes half of what it reserves. */
function priced(...said: unknown[]): Model & { readonly asked: number[] } {
  const asked: number[] = [];
  const draft = async (_turn: unknown, { purse }: Bounds): Promise<Draft> => {
    const settle = purse.reserve(most);
    asked.push(performance.now());
    const one = said[Math.min(asked.length, said.length) - 1];
    if (one instanceof Error) throw one;
    settle({ inputTokens: 500, outputTokens: 50 });
    return { model: 'priced', label: null, said: one };
  };
  return { name: 'priced', budget, draft, asked };
}
const took = (requests: number) => ({
  requests,
  inputTokens: 500 * requests,
  outputTokens: 50 * requests,
  costMicros: 2_250 * requests,
});
const turnsOf = (count: number) => Array.from({ length: count }, () => took(1));
/** What an attempt leaves for the next one: its last heartbeat. */
function left() {
  const beats: unknown[] = [];
  const enter = (environment: MockActivityEnvironment) =>
    void environment.on('heartbeat', (details: unknown) => beats.push(structuredClone(details)));
  return { beats, enter, last: () => beats.findLast((beat) => beat !== undefined) };
}
const recorderAway = async () => Promise.reject(new HoldpointError('RECORDER_AWAY', 'away'));

describe('a turn that is tried again', () => {
  it('is answered by what was kept: it neither pays twice nor is answered differently', async () => {
    const incident = incidentUnderTest();
    const model = priced(good, { calls: [], conclusion: 'another answer' });
    const { enter, last } = left();
    const first = incident.propose(model, { enter, putBlob: recorderAway });
    await expect(first).rejects.toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
    const again = await incident.propose(model, { kept: last() });
    expect(again).toMatchObject({ calls: [call], usage: took(1) });
    expect(model.asked).toHaveLength(1);
  });

  it('asks again only for the repair that it had not got yet', async () => {
    const incident = incidentUnderTest();
    const model = priced('nonsense', new Error('this process dies'), good);
    const { enter, last } = left();
    await expect(incident.propose(model, { enter })).rejects.toMatchObject({ type: 'INTERNAL' });
    const again = await incident.propose(model, { kept: last() });
    expect(again.calls).toEqual([call]);
    expect(model.asked).toHaveLength(3);
    expect(again.usage, 'what nobody can say was taken stays counted at its most').toMatchObject({
      requests: 3,
      inputTokens: 2_000,
    });
  });

  it.each<[string, (kept: Kept) => unknown]>([
    ['of another turn', (kept) => ({ ...kept, turn: 'f'.repeat(64) })],
    ['with a field of its own', (kept) => ({ ...kept, approved: true })],
    ['that is no such thing', () => 'garbage'],
    ['with more answers than a turn has', (kept) => ({ ...kept, answers: Array(3).fill(kept.answers[0]) })],
  ])('asks anew where it finds a heartbeat %s', async (_what, change) => {
    const incident = incidentUnderTest();
    const model = priced(good);
    const { enter, last } = left();
    await incident.propose(model, { enter });
    await incident.propose(model, { kept: change(Kept.parse(last())) });
    expect(model.asked).toHaveLength(2);
  });

  it('judges what was kept like any answer', async () => {
    const incident = incidentUnderTest();
    const { enter, last } = left();
    await incident.propose(priced(good), { enter });
    const kept = Kept.parse(last());
    const said = { calls: [{ ...call, tool: 'kubectl.delete' }], conclusion: null };
    const forged = { ...kept, answers: kept.answers.map((answer) => ({ ...answer, said })) };
    const { calls } = await incident.propose(priced(good), { kept: forged });
    expect(calls, 'the kept answer is repaired by a new one').toEqual([call]);
  });

  it('keeps what an attempt left until it has more to keep', async () => {
    const incident = incidentUnderTest();
    const { enter, last } = left();
    await incident.propose(priced(good), { enter });
    const next = left();
    await expect(
      incident.propose(priced(good), { kept: last(), enter: next.enter, getBlob: recorderAway }),
    ).rejects.toMatchObject({ type: 'RECORDER_AWAY' });
    expect(next.beats.every((beat) => beat !== undefined)).toBe(true);
    expect(next.last()).toEqual(last());
  });

  it('counts a request before it is made', async () => {
    const seen: unknown[] = [];
    const { enter, last } = left();
    const model = priced(good);
    const draft = async (turn: never, bounds: Bounds) => {
      const answer = await model.draft(turn, { ...bounds, purse: { reserve: (tokens) => peek(bounds, tokens) } });
      return answer;
    };
    const peek = (bounds: Bounds, tokens: Tokens) => {
      const settle = bounds.purse.reserve(tokens);
      seen.push(last());
      return settle;
    };
    await incidentUnderTest().propose({ ...model, draft }, { enter });
    expect(seen).toMatchObject([{ spent: { requests: 1, ...most } }]);
  });
});

describe('the budget of an incident', () => {
  it('counts the turns that the log has, and lets one more be taken that fits', async () => {
    const model = priced(good);
    expect(await incidentUnderTest().propose(model, { spent: turnsOf(15) })).toMatchObject({ calls: [call] });
  });

  it.each<[string, object]>([
    ['input tokens', { inputTokensMax: 8_000 }],
    ['output tokens', { outputTokensMax: 800 }],
    ['millionths of cost', { costMicrosMax: 38_000 }],
  ])('is not overdrawn in %s: nothing is asked, and a person is', async (what, change) => {
    const model = priced(good);
    const poor = { ...model, budget: { ...budget, ...change } };
    const { calls, failed, usage } = await incidentUnderTest().propose(poor, { spent: turnsOf(15) });
    expect({ calls, failed }).toMatchObject({
      calls: [],
      failed: { code: 'BUDGET_SPENT', reason: expect.stringContaining(what) },
    });
    expect(usage).toEqual(took(0));
    expect(model.asked).toEqual([]);
  });

  it('is over for the repair too, and what the first answer had still counts', async () => {
    const model = priced({ calls: [call, {}], conclusion: null });
    const poor = { ...model, budget: { ...budget, outputTokensMax: 149 } };
    expect(await incidentUnderTest().propose(poor)).toMatchObject({ calls: [call], usage: took(1) });
  });

  it('counts what earlier attempts at the same turn took', async () => {
    const incident = incidentUnderTest();
    const kept: Kept = { v: 1, turn: 'f'.repeat(64), spent: took(19), answers: [] };
    const { failed } = await incident.propose(priced(good), { kept });
    expect(failed).toMatchObject({ code: 'BUDGET_SPENT' });
  });

  it('asks nothing while nobody can say what was spent', async () => {
    const model = priced(good);
    const incident = incidentUnderTest();
    const asked = incident.propose(model, { records: recorderAway });
    await expect(asked).rejects.toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
    expect(model.asked).toEqual([]);
  });
});
