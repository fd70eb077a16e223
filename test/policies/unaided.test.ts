import { describe, expect, it } from 'vitest';
import type { ReadResult } from '../../contracts/evidence.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { storyOf } from '../../policies/incident-story.ts';
import { judgeUnaided, readsOf, type UnaidedInput } from '../../policies/unaided.ts';
import { callHash } from '../../policies/usage.ts';
import { backend, callOf, instant, limits, now, readResult, runbook } from './judging.ts';

const { runId, workflowId } = readResult([]);
const place = { workflowId, runId };
const hash = (name: string) => name.padEnd(64, '0');
const tools = ['postgres.activity', 'postgres.locks', 'postgres.blockingTree'];
/** One read of each kind that the playbook asks for, as the executor signed them: the last shows one idle root. */
const evidence = tools.map((tool, at) => ({
  hash: hash(String(at + 1)),
  result: readResult(at === 2 ? [backend()] : [], { tool }),
}));
const proposed = callOf('postgres.terminateBackend', { target: { entity: backend().id, resultHash: hash('3') } });
const own = hash('a');

const alert = (run = runId) => ({ kind: 'alert', ...place, runId: run }) as RecordBody;
const card = (digest: string) =>
  ({ kind: 'card', ...place, card: { digest, action: { tool: proposed.tool } } }) as unknown as RecordBody;
const intent = (digest: string, grant: string | null) =>
  ({ kind: 'intent', ...place, digest, request: { grant, action: { tool: proposed.tool } } }) as unknown as RecordBody;
type Ending = { status?: string; held?: boolean; endedAt?: string };
const outcome = (digest: string, { status = 'done', held = true, endedAt = instant(now - 60_000) }: Ending = {}) =>
  ({
    kind: 'outcome',
    ...place,
    digest,
    outcome: { payload: { status, postcondition: { held }, endedAt } },
  }) as unknown as RecordBody;
const unsigned = (digest: string) => ({ kind: 'outcome', ...place, digest, outcome: null }) as unknown as RecordBody;

/** What the log has of a read of the playbook. */
const result = (call: { tool: string; args: object }, resultHash: string, more: object = {}) =>
  ({ kind: 'result', ...place, evidence: { resultHash }, call: callHash(call as never), ...more }) as never;
const readOf = (tool: string) => ({ tool, args: { database: 'payments' } });
const results = evidence.map((one) => result(readOf(one.result.tool), one.hash));

const given = (records: readonly RecordBody[], over: Partial<UnaidedInput> = {}): UnaidedInput => ({
  story: storyOf([alert(), ...results, ...records]),
  runId,
  own,
  call: proposed,
  runbook,
  evidence,
  limits,
  now,
  ...over,
});
const kindOf = (...of: Parameters<typeof given>) => judgeUnaided(given(...of)).kind;
const changed = (change: Partial<ReadResult>, which = 2) =>
  evidence.map((one, at) => (at === which ? { ...one, result: { ...one.result, ...change } } : one));

describe('a call that the playbook proposes by itself', () => {
  it('is one that its first row over the signed evidence names, and as old as the oldest of it', () => {
    const old = changed({ at: instant(now - 300_000) }, 0);
    expect(judgeUnaided(given([card(own)], { evidence: old }))).toEqual({ kind: 'proposed', decidedAt: now - 300_000 });
    expect(kindOf([], { own: null })).toBe('proposed');
  });
  it.each([
    ['another tool', callOf('postgres.cancelBackend', proposed.args)],
    ['another target', callOf(proposed.tool, { target: { entity: 'backend/1/2', resultHash: hash('3') } })],
    ['the target of another read', callOf(proposed.tool, { target: { entity: backend().id, resultHash: hash('2') } })],
    ['one argument more', callOf(proposed.tool, { ...proposed.args, force: true })],
  ])('is not one with %s', (_what, call) => {
    expect(kindOf([], { call })).toBe('person');
  });
  it('is none while a read that the playbook makes first is missing', () => {
    expect(kindOf([], { evidence: evidence.slice(1) })).toBe('person');
    expect(kindOf([], { evidence: [] })).toBe('person');
  });
  it.each<[string, Partial<ReadResult>]>([
    ['of another run', { runId: '00000000-0000-4000-8000-000000000001' }],
    ['of another runbook', { runbook: { id: 'another', digest: runbook.digest } }],
    ['of another text of it', { runbook: { id: runbook.id, digest: hash('f') } }],
    ['that is too old', { at: instant(now - limits.statementAgeMsMax - 1) }],
    ['from the future', { at: instant(now + limits.statementAheadMsMax + 1) }],
    ['without a time', { at: 'never' }],
    ['that shows another world', { entities: [backend(), backend({}, 77)] }],
    ['that is not whole', { data: { truncated: true } }],
  ])('does not rest on a read %s', (_what, change) => {
    for (const which of tools.keys()) {
      if (which !== 2 && ('entities' in change || 'data' in change)) continue;
      expect(kindOf([], { evidence: changed(change, which) })).toBe('person');
    }
  });
  it('does not rest on a read that a newer one replaced in the log since it was opened', () => {
    for (const tool of tools) expect(kindOf([result(readOf(tool), hash('e'))])).toBe('person');
  });
  it('is none by a clock that does not answer', () => {
    expect(kindOf([], { now: Number.NaN })).toBe('person');
  });
});

describe('an incident goes on without a person', () => {
  const other = hash('b');
  it('after its own writes by a grant that went well, over what was read since', () => {
    // The playbook of the runbook has a row after this write: with the same evidence it would now conclude otherwise.
    expect(kindOf([card(other), intent(other, hash('9')), outcome(other)])).toBe('proposed');
  });
  it.each<[string, RecordBody[]]>([
    ['another run is on the record', [alert('00000000-0000-4000-8000-000000000001')]],
    ['a Reset is on the record', [{ kind: 'reset', ...place, runId: hash('9'), from: runId } as unknown as RecordBody]],
    ['a person was shown a card', [card(other)]],
    ['a person released a write', [card(other), intent(other, null), outcome(other)]],
    ['a write is still open', [card(other), intent(other, hash('9'))]],
    ['a write ended unknown', [card(other), intent(other, hash('9')), unsigned(other)]],
    ['an unknown write was found done later', [intent(other, hash('9')), unsigned(other), outcome(other)]],
    ['a write failed', [intent(other, hash('9')), outcome(other, { status: 'failed' })]],
    ['a write was in vain', [intent(other, hash('9')), outcome(other, { held: false })]],
    ['its evidence is from before a write', [intent(other, hash('9')), outcome(other, { endedAt: instant(now) })]],
    ['a write ended at no time', [intent(other, hash('9')), outcome(other, { endedAt: 'never' })]],
    ['the action was attempted before', [card(own), intent(own, hash('9')), outcome(own)]],
  ])('not when %s', (_what, records) => {
    expect(kindOf(records)).toBe('person');
  });
  it('not in a run of which the log knows nothing', () => {
    expect(kindOf([], { story: storyOf([]) })).toBe('person');
    expect(kindOf([], { runId: '00000000-0000-4000-8000-000000000001' })).toBe('person');
  });
});

describe('the reads that the playbook is run over', () => {
  const tree = readOf('postgres.blockingTree');
  it('are the newest of each call that it makes itself, in the order of the log', () => {
    const activity = readOf('postgres.activity');
    const story = storyOf([result(tree, hash('1')), result(activity, hash('2')), result(tree, hash('3'))]);
    expect(readsOf(story, runbook).map(({ resultHash }) => resultHash)).toEqual([hash('2'), hash('3')]);
  });
  it('are none with other arguments, of other tools, or that do not say of which call they are', () => {
    const others = [
      result({ ...tree, args: { database: 'ledger' } }, hash('1')),
      result({ tool: 'postgres.query', args: { database: 'payments', sql: 'select 1' } }, hash('2')),
      result(tree, hash('3'), { call: undefined }),
    ];
    expect(readsOf(storyOf(others), runbook)).toEqual([]);
  });
});
