import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { beginIncident } from '../../activities/judge/begin-incident.ts';
import { judgeCalls } from '../../activities/judge/judge-calls.ts';
import type { Alert } from '../../contracts/alert.ts';
import { bindAction, digestOf, jcs } from '../../policies/digest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { runbookData } from '../policies/support/rules.ts';
import { alertOf, codeFrom } from '../record/incident.ts';
import { executor, freshRunId, orchestrator, otherExecutor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { type Bench, endWrite, judgeOne, look, openBench, terminate } from './support/bench.ts';

const sealedOff = async (bench: Bench, work: () => Promise<unknown>) => {
  await bench.stage.recorder.stop();
  try {
    return await codeFrom(work());
  } finally {
    await bench.stage.restart();
  }
};

describeWith('temporal', 'the start of an incident', () => {
  let bench: Bench;
  beforeAll(async () => {
    [bench] = await Promise.all([openBench(), loadSqlParser()]);
  });
  afterAll(() => bench.close());

  it('records the alert, and says what its runbook and its manifest allow', async () => {
    const { place, context } = await bench.begin();
    expect(await bench.bodies(place)).toMatchObject([{ kind: 'alert', runbook: context.runbook, bundle: 'build-1' }]);
    const again = await beginIncident({ alert: alertOf(bench.stage, place.workflowId) }, place, bench.deps);
    expect(again).toMatchObject({
      approvals: { groups: ['oncall', 'leads'], quorum: 1, expiryMs: 30 * 60_000 },
      role: 'payments-db',
    });
  });

  it('records an alert once, however often the activity runs', async () => {
    const place = bench.place();
    const alert = alertOf(bench.stage, place.workflowId);
    await beginIncident({ alert }, place, bench.deps);
    await beginIncident({ alert }, place, bench.deps);
    expect(await bench.bodies(place)).toHaveLength(1);
  });

  it('matches no runbook to other labels, and records that', async () => {
    const place = bench.place();
    const alert = alertOf(bench.stage, place.workflowId, { alertname: 'Other' });
    expect(await beginIncident({ alert }, place, bench.deps)).toMatchObject({ kind: 'unmatched' });
    expect(await bench.bodies(place)).toMatchObject([{ kind: 'alert', runbook: null }]);
  });

  it('takes a severity only if it is a plain name: it becomes a search attribute', async () => {
    const place = bench.place();
    const alert = alertOf(bench.stage, place.workflowId, { severity: "x' OR '1'='1" });
    expect(await beginIncident({ alert }, place, bench.deps)).toMatchObject({ severity: 'unknown' });
  });

  const forged: readonly (readonly [string, string, (alert: ReturnType<typeof alertOf>) => unknown])[] = [
    ['admitted for another workflow id', 'RUNBOOK_MISMATCH', () => alertOf(bench.stage, 'incident/other/1')],
    ['signed by the orchestrator', 'BAD_SIGNATURE', ({ payload }) => orchestrator.signer.sign('alert', payload)],
    [
      'changed since it was signed',
      'BAD_SIGNATURE',
      (alert) => ({
        ...alert,
        payload: { ...alert.payload, alert: { ...alert.payload.alert, labels: { alertname: 'x' } } satisfies Alert },
      }),
    ],
    ['that is no envelope', 'BAD_INPUT', ({ payload }) => payload],
    ['that is nothing', 'BAD_INPUT', () => null],
  ];
  it.each(forged)('refuses an alert %s (%s), and records the refusal', async (_name, code, forge) => {
    const place = bench.place();
    const alert = forge(alertOf(bench.stage, place.workflowId)) as never;
    expect(await codeFrom(beginIncident({ alert }, place, bench.deps))).toBe(code);
    expect(await bench.bodies(place)).toMatchObject([{ kind: 'refusal', code }]);
  });

  it('does not begin while the recorder is away: nothing is unrecorded', async () => {
    const place = bench.place();
    const alert = alertOf(bench.stage, place.workflowId);
    const { deps } = bench;
    expect(await sealedOff(bench, () => beginIncident({ alert }, place, deps))).toContain('RECORDER_AWAY');
  });
});

describeWith('temporal', 'judging a turn', () => {
  let bench: Bench;
  beforeAll(async () => {
    [bench] = await Promise.all([openBench(), loadSqlParser()]);
  });
  afterAll(() => bench.close());

  it('mints the digest of a held write from the place where it runs', async () => {
    const at = await bench.begin();
    const call = terminate(await bench.read(at.place, at.context));
    const first = await judgeOne(bench, at, call);
    const second = await judgeOne(bench, at, call);
    expect(first.verdict.kind).toBe('hold');
    expect(first.digest).toBe(first.action && digestOf(bindAction(first.action, at.place)));
    expect(first.digest).not.toBe(
      first.action && digestOf(bindAction(first.action, { ...at.place, runId: freshRunId() })),
    );
    expect(second.digest).not.toBe(first.digest);
    expect(first.action?.preconditions).toMatchObject({ pid: '4711' });
  });

  it('keeps the step of a call that is judged again', async () => {
    const at = await bench.begin();
    const calls = [terminate(await bench.read(at.place, at.context))];
    const [judged] = await judgeCalls({ context: at.context, step: 4, firstIndex: 2, calls }, at.place, bench.deps);
    expect(judged).toMatchObject({ step: { step: 4, index: 2 }, action: { step: { step: 4, index: 2 } } });
  });

  it.each(['moved', 'failed'] as const)(
    'offers a write no more whose limit an earlier one used up, though that one ended %s',
    async (status) => {
      const at = await bench.begin();
      const call = terminate(await bench.read(at.place, at.context));
      expect((await judgeOne(bench, at, call)).verdict.kind).toBe('hold');
      await endWrite(bench, at, status);
      const denied = { verdict: { kind: 'deny', rule: 'limits.per-incident' }, digest: null };
      expect(await judgeOne(bench, at, call)).toMatchObject(denied);
      const reborn = { ...at, place: bench.place(at.place.workflowId) };
      expect(await judgeOne(bench, reborn, terminate(await bench.read(at.place, at.context, true)))).toMatchObject(
        denied,
      );
    },
  );

  it('counts each call of a turn for the next', async () => {
    const at = await bench.begin();
    const call = terminate(await bench.read(at.place, at.context));
    const judged = await judgeCalls(
      { context: at.context, step: 1, firstIndex: 0, calls: [call, call] },
      at.place,
      bench.deps,
    );
    expect(judged.map(({ verdict }) => verdict.kind)).toEqual(['hold', 'deny']);
  });

  it.each([
    [
      'a result of another incident',
      async (bench: Bench) => {
        const other = await bench.begin();
        return bench.read(other.place, other.context, true);
      },
    ],
    ['a result that nobody has', async () => 'f'.repeat(64)],
    [
      'a result of an earlier run that is not on the record',
      async (bench: Bench, workflowId: string) => {
        const earlier = { ...bench.place(workflowId) };
        return bench.read(earlier, (await bench.begin()).context);
      },
    ],
    [
      'a result signed by another role',
      async (bench: Bench, workflowId: string) => {
        const signed = otherExecutor.signer.sign('result', { workflowId, entities: [] });
        return bench.stage.as(executor).putBlob(jcs(signed));
      },
    ],
    ['a blob that is no result', async (bench: Bench) => bench.stage.as(executor).putBlob('[]')],
    ['a blob that is no JSON', async (bench: Bench) => bench.stage.as(executor).putBlob('target')],
  ])('denies a write aimed by %s', async (_name, hashOf) => {
    const at = await bench.begin();
    const judged = await judgeOne(bench, at, terminate(await hashOf(bench, at.place.workflowId)));
    expect(judged).toMatchObject({ verdict: { kind: 'deny' }, action: null, digest: null });
  });

  it('takes a result of an earlier run of this workflow id that is on the record', async () => {
    const earlier = await bench.begin();
    const call = terminate(await bench.read(earlier.place, earlier.context, true));
    const at = { ...earlier, place: bench.place(earlier.place.workflowId) };
    expect((await judgeOne(bench, at, call)).verdict.kind).toBe('hold');
  });

  it('denies a tool nobody classified, whatever its name or arguments', async () => {
    const at = await bench.begin();
    await fc.assert(
      fc.asyncProperty(
        fc.string({ maxLength: 64 }),
        fc.dictionary(fc.string({ maxLength: 20 }), fc.jsonValue({ maxDepth: 2 })),
        async (tool, args) => {
          const judged = await judgeOne(bench, at, { tool: `x${tool}`, args: args as never, why: '' });
          expect(judged.verdict.kind).toBe('deny');
        },
      ),
      { numRuns: 30 },
    );
  });

  it.each([
    [
      'another runbook',
      (context: object) => ({ ...context, runbook: { id: 'other', digest: 'a'.repeat(64) } }),
      'RUNBOOK_MISMATCH',
    ],
    [
      'another edition of its runbook',
      (context: object) => ({ ...context, runbook: { id: 'postgres-blocked', digest: 'a'.repeat(64) } }),
      'RUNBOOK_MISMATCH',
    ],
    [
      'a manifest that nobody signed',
      (context: object) => ({ ...context, manifest: 'a'.repeat(64) }),
      'MANIFEST_UNKNOWN',
    ],
    ['an alert that nobody has', (context: object) => ({ ...context, alertRef: 'a'.repeat(64) }), 'NOT_FOUND'],
  ])('refuses a context that names %s', async (_name, change, code) => {
    const at = await bench.begin();
    const context = change(at.context) as typeof at.context;
    expect(await codeFrom(judgeOne(bench, { ...at, context }, look))).toBe(code);
  });

  it('refuses the alert of another incident', async () => {
    const [at, other] = [await bench.begin(), await bench.begin()];
    const context = { ...at.context, alertRef: other.context.alertRef };
    expect(await codeFrom(judgeOne(bench, { ...at, context }, look))).toBe('RUNBOOK_MISMATCH');
  });

  it('does not judge while the recorder is away', async () => {
    const at = await bench.begin();
    expect(await sealedOff(bench, () => judgeOne(bench, at, look))).toContain('RECORDER_AWAY');
  });
});

describeWith('temporal', 'judging under two manifests', () => {
  it.each([
    [
      'forbids the tool',
      { ...runbookData, action_boundary: { never_allow: ['postgres.terminateBackend'], require_human: [] } },
      'deny',
    ],
    [
      'changes the runbook: what was read under the old one is no evidence',
      { ...runbookData, title: 'another edition' },
      'deny',
    ],
    ['withdraws the runbook', { ...runbookData, id: 'another', match: { labels: { alertname: 'Other' } } }, 'deny'],
    ['gives the alert to another runbook', { ...runbookData, id: 'another' }, 'deny'],
  ])('lets the newest win when it %s', async (_name, runbook, kind) => {
    const bench = await openBench();
    try {
      const at = await bench.begin();
      const call = terminate(await bench.read(at.place, at.context));
      expect((await judgeOne(bench, at, call)).verdict.kind).toBe('hold');
      await bench.stage.publish({ runbooks: [{ text: JSON.stringify(runbook) }] });
      await bench.reload();
      expect((await judgeOne(bench, at, call)).verdict.kind).toBe(kind);
    } finally {
      await bench.close();
    }
  });
});
