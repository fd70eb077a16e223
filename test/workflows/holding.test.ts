import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOrchestratorActivities } from '../../activities/judge/orchestrator-activities.ts';
import { page, recordCard, recordEvent, recordRehearsal } from '../../activities/judge/records.ts';
import { assessRecovery } from '../../activities/judge/recovery.ts';
import { weighStatement } from '../../activities/judge/weigh-statement.ts';
import type { CardInput, IncidentContext } from '../../contracts/incident.ts';
import type { Place } from '../../policies/digest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { activityAt } from '../executor/support/theatre.ts';
import { people } from '../policies/support/rules.ts';
import { codeFrom, say } from '../record/incident.ts';
import { executor, freshRunId, orchestrator, otherExecutor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { type Bench, endWrite, judgeOne, openBench, terminate } from './support/bench.ts';

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

  it('makes no card for a write whose limit was used up since it was judged', async () => {
    const { place, input } = await held();
    await endWrite(bench, { place, context: input.context }, 'failed');
    expect(await codeFrom(recordCard(input, place, bench.deps))).toBe('VERDICT_NOT_HOLD');
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

  it('records what a rehearsed write would have been, under the verdict that it was judged by', async () => {
    const { place, input } = await held();
    const judged = { ...input.judged, verdict: { ...input.judged.verdict, kind: 'rehearse' as const } };
    await recordRehearsal({ ...input, judged }, place, bench.deps);
    expect(await bench.bodies(place)).toMatchObject([
      { kind: 'alert' },
      {
        kind: 'verdict',
        digest: judged.digest,
        rehearsal: { card: { digest: judged.digest, groups: ['oncall', 'leads'] } },
      },
    ]);
  });

  it.each([
    ['a verdict that offered it', (shown: Shown) => ({ ...shown, judged: shown.input.judged }), 'RECORD_REFUSED'],
    [
      'a run born of a Reset',
      (shown: Shown) => ({ ...shown, place: { ...shown.place, runId: freshRunId() } }),
      'DIGEST_MISMATCH',
    ],
  ])('records no rehearsal for %s', async (_name, change, code) => {
    const one = await held();
    const judged = { ...one.input.judged, verdict: { ...one.input.judged.verdict, kind: 'rehearse' as const } };
    const bent = { judged, ...change(one) };
    const work = recordRehearsal({ ...one.input, judged: bent.judged }, bent.place, bench.deps);
    expect(await codeFrom(work)).toBe(code);
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
    const records = await bench.stage.as(orchestrator).records({ from: 0, limit: 500 });
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
    const input = { context, about: 'hold-waits', digest: 'a'.repeat(64), severity: 'info', detail: 'look' } as const;
    await page(input, place, bench.deps);
    expect((await bench.bodies(place)).at(-1)).toMatchObject({
      kind: 'page',
      about: 'hold-waits',
      digest: input.digest,
      to: 'payments-oncall (test)',
      delivered: reachable,
      channels: [{ channel: 'test', kind: 'webhook', delivered: reachable }],
    });
    // A label may not make a page that asks for a person less than a warning.
    expect(bench.pages.at(-1)).toMatchObject({ severity: 'warning', escalation: 'payments-oncall' });
    expect(bench.pages.at(-1)?.commands).toEqual([`holdpoint approve ${place.workflowId} ${'a'.repeat(64)}`]);
  });

  it.each([
    ['a digest that is none', { digest: 'x; rm -rf /' }],
    ['an about that is none', { about: 'hold-ended' }],
    ['more text than fits', { detail: 'x'.repeat(1_001) }],
  ])('tells nobody for words that no incident would use: %s', async (_what, change) => {
    const { place, context } = await bench.begin();
    const told = bench.pages.length;
    const input = { context, about: 'gave-up', digest: null, severity: null, detail: 'look', ...change };
    expect(await codeFrom(page(input as never, place, bench.deps))).toBe('BAD_INPUT');
    expect(bench.pages).toHaveLength(told);
  });

  it('tells nobody for a workflow id that is not safe in a shell', async () => {
    const { context } = await bench.begin();
    const told = bench.pages.length;
    const input = { context, about: 'hold-waits', digest: 'a'.repeat(64), severity: null, detail: 'look' } as const;
    expect(await codeFrom(page(input, bench.place('incident/$(reboot)'), bench.deps))).toBe('BAD_INPUT');
    expect(bench.pages).toHaveLength(told);
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
