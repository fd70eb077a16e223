import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrchestratorActivities } from '../../activities/judge/orchestrator-activities.ts';
import { page, recordCard, recordEvent } from '../../activities/judge/records.ts';
import { assessRecovery } from '../../activities/judge/recovery.ts';
import { weighStatement } from '../../activities/judge/weigh-statement.ts';
import type { CardInput, IncidentContext } from '../../contracts/incident.ts';
import type { Place } from '../../policies/digest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { activityAt } from '../executor/support/theatre.ts';
import { people } from '../policies/support/rules.ts';
import { codeFrom, say } from '../record/incident.ts';
import { executor, freshRunId, otherExecutor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { type Bench, judgeOne, openBench, terminate } from './support/bench.ts';

describeWith('temporal', 'what the orchestrator does for a hold', () => {
  let bench: Bench;
  beforeAll(async () => {
    [bench] = await Promise.all([openBench(), loadSqlParser()]);
  });
  afterAll(() => bench.close());

  type Shown = { readonly place: Place; readonly context: IncidentContext; readonly input: CardInput };
  const predicted = (digest: string, { workflowId, runId }: Place, signer = executor.signer) =>
    signer.sign('prediction', {
      v: 1 as const,
      workflowId,
      runId,
      activityId: '6',
      digest,
      at: bench.stage.at(),
      dryRun: false,
      does: 'ends one session',
      target: 'backend 4711',
      changes: ['one session ends'],
      blastRadius: ['one client'],
    });
  const held = async (): Promise<Shown> => {
    const { place, context } = await bench.begin();
    const judged = await judgeOne(bench, { place, context }, terminate(await bench.read(place, context)));
    return { place, context, input: { context, judged, prediction: predicted(judged.digest ?? '', place) } };
  };
  const shown = async () => {
    const { place, context, input } = await held();
    return { place, context, input, view: await recordCard(input, place, bench.deps) };
  };

  it('records the card before anyone sees the hold', async () => {
    const { place, view } = await shown();
    expect(await bench.bodies(place)).toMatchObject([{ kind: 'alert' }, { kind: 'card', cardDigest: view.cardDigest }]);
    expect(view).toMatchObject({ does: 'ends one session', risk: 'high', quorum: 1, groups: ['oncall', 'leads'] });
  });

  it('records one card, however often the activity runs', async () => {
    const { place, input, view } = await shown();
    expect(await recordCard(input, place, bench.deps)).toEqual(view);
    expect(await bench.bodies(place)).toHaveLength(2);
  });

  it('makes no card in a run born of a Reset', async () => {
    const { place, input } = await held();
    const elsewhere = { ...place, runId: freshRunId() };
    expect(await codeFrom(recordCard(input, elsewhere, bench.deps))).toBe('DIGEST_MISMATCH');
  });

  it.each([
    [
      'by another role',
      (shown: Shown) => predicted(shown.input.judged.digest ?? '', shown.place, otherExecutor.signer),
      'BAD_SIGNATURE',
    ],
    ['of another action', (shown: Shown) => predicted('a'.repeat(64), shown.place), 'CARD_MISMATCH'],
    [
      'that was changed',
      (shown: Shown) => ({
        ...shown.input.prediction,
        payload: { ...shown.input.prediction.payload, does: 'nothing' },
      }),
      'BAD_SIGNATURE',
    ],
  ])('shows no prediction %s', async (_name, forge, code) => {
    const one = await held();
    const prediction = forge(one);
    expect(await codeFrom(recordCard({ ...one.input, prediction }, one.place, bench.deps))).toBe(code);
    expect(await bench.bodies(one.place)).toMatchObject([{ kind: 'alert' }]);
  });

  const weigh = async (sign: (hold: { digest: string; cardDigest: string }) => unknown) => {
    const { place, context, view } = await shown();
    const { digest, cardDigest, tool, expiresAt } = view;
    const raw = sign({ digest, cardDigest });
    return {
      place,
      weighed: await weighStatement({ context, raw, hold: { digest, cardDigest, tool, expiresAt } }, place, bench.deps),
    };
  };
  const action = (digest: string) => ({ type: 'action' as const, digest });

  it('counts the statement of an approver over this action and this card', async () => {
    const { weighed } = await weigh(({ digest, cardDigest }) => say(bench.stage, action(digest), { cardDigest }));
    expect(weighed).toMatchObject({ kind: 'counts', verdict: 'approve', person: 'personA' });
  });

  it('counts a rejection, and has it recorded so that it wins over any later receipt', async () => {
    const { weighed } = await weigh(({ digest, cardDigest }) =>
      say(bench.stage, action(digest), { cardDigest, verdict: 'reject' }),
    );
    expect(weighed).toMatchObject({ kind: 'counts', verdict: 'reject' });
    const records = await bench.deps.recorder.records({ from: 0, limit: 500 });
    const statements = records.map(({ payload: { body } }) => body).filter(({ kind }) => kind === 'statement');
    expect(statements.at(-1)).toMatchObject({ statement: { statement: { verdict: 'reject' } } });
  });

  it.each([
    [
      'another digest',
      () => say(bench.stage, action('a'.repeat(64)), { cardDigest: 'a'.repeat(64) }),
      'STATEMENT_WRONG_SUBJECT',
    ],
    [
      'another card',
      ({ digest }: { digest: string }) => say(bench.stage, action(digest), { cardDigest: 'a'.repeat(64) }),
      'STATEMENT_WRONG_CARD',
    ],
    ['garbage', () => 'garbage', 'STATEMENT_MALFORMED'],
    ['nothing', () => null, 'STATEMENT_MALFORMED'],
  ])('refuses a statement over %s', async (_name, sign, code) => {
    const { weighed } = await weigh(sign as never);
    expect(weighed).toMatchObject({ kind: 'refused', code });
  });

  it.each([
    ['of a stranger', { person: 'stranger' }, people.stranger, 'STATEMENT_UNKNOWN_PERSON'],
    ['of one who may not release', { person: 'personD' }, people.personD, 'STATEMENT_NOT_POWERED'],
    ['signed with another person’s key', { person: 'personA' }, people.personB, 'STATEMENT_BAD_PROOF'],
  ])('refuses a statement %s', async (_name, draft, key, code) => {
    const { weighed } = await weigh(({ digest, cardDigest }) =>
      say(bench.stage, action(digest), { cardDigest, ...draft }, key),
    );
    expect(weighed).toMatchObject({ kind: 'refused', code });
  });

  it('puts outside text on the record with half characters replaced, and never throws for one', async () => {
    const { place } = await bench.begin();
    const raw = '{"statement":"\ud800"}';
    await recordEvent(
      { kind: 'refusal', digest: null, what: 'approve signal', code: 'X', reason: 'r', raw },
      place,
      bench.deps,
    );
    expect((await bench.bodies(place)).at(-1)).toMatchObject({ raw: '{"statement":"\ufffd"}' });
  });

  it('records only what fits the contract of a record', async () => {
    const { place } = await bench.begin();
    const raw = 'x'.repeat(2_049);
    const event = { kind: 'refusal' as const, digest: null, what: 'w', code: 'X', reason: 'r', raw };
    expect(await codeFrom(recordEvent(event, place, bench.deps))).toBe('BAD_INPUT');
    expect(await codeFrom(recordEvent({ ...event, kind: 'seal' } as never, place, bench.deps))).toBe('BAD_INPUT');
  });

  it.each([true, false])('records whether a page was delivered: %s', async (reachable) => {
    const { place, context } = await bench.begin();
    bench.reachable = reachable;
    await page({ context, about: 'hold-waits', digest: 'a'.repeat(64), detail: 'look' }, place, bench.deps);
    expect((await bench.bodies(place)).at(-1)).toMatchObject({
      kind: 'page',
      about: 'hold-waits',
      delivered: reachable,
    });
    expect(bench.pages.at(-1)?.commands).toEqual([`holdpoint approve ${place.workflowId} ${'a'.repeat(64)}`]);
  });

  it('finds recovery only in results that the executor signed in this incident', async () => {
    const [at, other] = [await bench.begin(), await bench.begin()];
    const evidenceOf = async ({ place, context }: typeof at) => {
      const resultHash = await bench.read(place, context);
      return [
        {
          step: { step: 9, index: 0 },
          tool: 'postgres.blockingTree',
          resultHash,
          at: bench.stage.at(),
          entityCount: 1,
          bytes: 1,
        },
      ];
    };
    const { context, place } = at;
    expect(await assessRecovery({ context, evidence: await evidenceOf(at) }, place, bench.deps)).toMatchObject({
      recovered: false,
    });
    expect(await assessRecovery({ context, evidence: [] }, place, bench.deps)).toMatchObject({ recovered: false });
    const foreign = assessRecovery({ context, evidence: await evidenceOf(other) }, place, bench.deps);
    expect(await codeFrom(foreign)).toBe('INVENTORY_INVALID');
  });

  it('says by its own run id whether a digest is of another run', async () => {
    const { place, input } = await held();
    const { action, digest } = input.judged;
    if (action === null || digest === null) throw new Error('expected a hold');
    const { wasReset } = createOrchestratorActivities(bench.deps);
    const ask = (runId: string) => activityAt({ place: { ...place, runId } }).run(wasReset, { action, digest });
    expect(await ask(place.runId)).toBe(false);
    expect(await ask(freshRunId())).toBe(true);
  });

  it('gives every failure its code, and says whether a retry can help', async () => {
    const { place, context } = await bench.begin();
    const { judge } = createOrchestratorActivities(bench.deps);
    const wrong = {
      context: { ...context, manifest: 'a'.repeat(64) },
      step: 0,
      firstIndex: 0,
      calls: [terminate('a'.repeat(64))],
      counts: {},
    };
    await expect(activityAt({ place }).run(judge, wrong)).rejects.toMatchObject({
      type: 'MANIFEST_UNKNOWN',
      nonRetryable: true,
    });
    await bench.stage.recorder.stop();
    const away = activityAt({ place }).run(judge, { ...wrong, context });
    await expect(away).rejects.toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
    await bench.stage.restart();
  });
});
