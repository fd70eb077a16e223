import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { segmentKey } from '../../activities/record/store.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { describeWith } from '../support/skips.ts';
import {
  alertBody,
  begin,
  cardBody,
  codeFrom,
  decide,
  draftHold,
  draftIncident,
  hold,
  type Incident,
  outcomeOf,
  ready,
  requestOf,
  resultOf,
  runbookRef,
} from './incident.ts';
import {
  executor,
  freshWorkflowId,
  gateway,
  openStage,
  openWorld,
  orchestrator,
  otherExecutor,
  reasoner,
  type Stage,
  type World,
} from './stage.ts';

describeWith('temporal', 'appending', () => {
  let world: World;
  let stage: Stage;
  let incident: Incident;
  const refusalBody = (reason = 'no'): RecordBody => ({
    kind: 'refusal',
    workflowId: incident.workflowId,
    runId: incident.runId,
    digest: null,
    what: 'approve',
    code: 'STATEMENT_STALE',
    reason,
    raw: null,
  });
  const resultBody = (result = resultOf(stage, incident, 1)): Extract<RecordBody, { kind: 'result' }> => ({
    kind: 'result',
    workflowId: incident.workflowId,
    runId: incident.runId,
    evidence: {
      step: result.payload.step,
      tool: result.payload.tool,
      resultHash: digestOf(result),
      at: result.payload.at,
      entityCount: 1,
      bytes: 10,
    },
    signer: 'executor.payments-db',
  });

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
    incident = await begin(stage);
  });
  afterEach(() => stage.close());

  it('records the manifest before the first record that was judged by it', async () => {
    const kinds = (await stage.as(executor).records({})).map(({ payload }) => payload.body.kind);
    expect(kinds).toEqual(['manifest', 'alert']);
  });
  it('answers the same body for the same run with the first record, also after a restart', async () => {
    const first = await stage.as(orchestrator).append(refusalBody());
    expect(await stage.as(orchestrator).append(refusalBody())).toEqual(first);
    await stage.restart();
    expect(await stage.as(orchestrator).append(refusalBody())).toEqual(first);
    expect((await stage.as(orchestrator).append(refusalBody('other'))).seq).toBe(first.seq + 1);
  });
  it('numbers what arrives at once without a gap', async () => {
    const bodies = Array.from({ length: 20 }, (_, n) => refusalBody(`no ${n}`));
    const seqs = await Promise.all(bodies.map(async (body) => (await stage.as(orchestrator).append(body)).seq));
    expect(seqs.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n + 2));
  });
  it.each([
    ['an orchestrator', orchestrator, 'result'],
    ['a gateway', gateway, 'alert'],
    ['a reasoner', reasoner, 'refusal'],
    ['an executor', executor, 'card'],
  ] as const)('does not let %s append what is not its own', async (_who, process, kind) => {
    const bodies = {
      result: resultBody(),
      alert: alertBody(incident),
      refusal: refusalBody(),
      card: cardBody(await draftHold(stage, incident)),
    };
    expect(await codeFrom(stage.as(process).append(bodies[kind]))).toBe('NOT_PERMITTED');
  });
  it.each(['intent', 'outcome', 'kill', 'resume', 'standing', 'reset', 'manifest', 'seal', 'statement'])(
    'lets no process append a record of kind %s',
    async (kind) => {
      const bodies = (await stage.as(executor).records({})).map(({ payload }) => payload.body);
      const kill: RecordBody = { kind: 'kill', scope: 'fence/all', fenceRunId: null, how: 'cancelled', reason: 'no' };
      const body = kind === 'kill' ? kill : (bodies.find((one) => one.kind === kind) ?? ({ kind } as never));
      for (const process of [orchestrator, executor, gateway])
        expect(await codeFrom(stage.as(process).append(body))).toMatch(/NOT_PERMITTED|BAD_INPUT/);
    },
  );
  it('counts what it appended by kind and what it refused by code, and nothing from outside', async () => {
    await stage.as(orchestrator).append(refusalBody());
    await codeFrom(stage.as(gateway).append(alertBody(incident)));
    const metrics = await stage.metrics();
    expect(metrics).toContain('holdpoint_records_total{kind="refusal"} 1');
    expect(metrics).toContain('holdpoint_recorder_refused_total{code="NOT_PERMITTED"} 1');
    expect(metrics).not.toContain(incident.workflowId);
  });
  it('serves nothing any more once its log was found damaged', async () => {
    const { seq } = await stage.as(executor).head();
    writeFileSync(join(stage.archive, segmentKey(seq + 1)), '{}');
    expect(await codeFrom(stage.as(orchestrator).append(refusalBody()))).toMatch(/^RECORDER_AWAY/);
    const { id, digest } = runbookRef(stage.rules);
    expect(await codeFrom(stage.as(executor).standing({ id, digest }))).toMatch(/^RECORDER_AWAY/);
    expect(await codeFrom(stage.as(executor).fences(id))).toMatch(/^RECORDER_AWAY/);
  });
  it('refuses what is no record', async () => {
    expect(await codeFrom(stage.as(orchestrator).append({ kind: 'alert' } as never))).toBe('BAD_INPUT');
    expect(await codeFrom(stage.as(orchestrator).append({ ...refusalBody(), more: 1 } as never))).toBe('BAD_INPUT');
  });

  it('refuses text with half a character in it: it could be neither hashed nor signed', async () => {
    expect(await codeFrom(stage.as(orchestrator).append(refusalBody('\ud800')))).toBe('BAD_INPUT');
  });

  it('refuses an alert that the gateway did not sign', async () => {
    const draft = draftIncident(stage);
    const alert = orchestrator.signer.sign('alert', draft.alert.payload);
    const body = alertBody({ ...draft, alert, alertRef: digestOf(alert) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('BAD_SIGNATURE');
  });
  it('refuses an alert for a workflow id that the gateway did not sign it for', async () => {
    const body = alertBody({ ...draftIncident(stage), workflowId: freshWorkflowId() });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('RECORD_REFUSED');
  });
  it('refuses an alert under the hash of another', async () => {
    const body = alertBody({ ...draftIncident(stage), alertRef: 'a'.repeat(64) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('RECORD_REFUSED');
  });
  it('refuses an alert with a runbook that it does not match', async () => {
    const body = alertBody(draftIncident(stage)) as Extract<RecordBody, { kind: 'alert' }>;
    const runbook = { id: 'other', digest: 'a'.repeat(64) };
    expect(await codeFrom(stage.as(orchestrator).append({ ...body, runbook }))).toBe('RUNBOOK_MISMATCH');
    expect(await codeFrom(stage.as(orchestrator).append({ ...body, runbook: null }))).toBe('RUNBOOK_MISMATCH');
  });
  it('refuses an alert that was matched under an unknown manifest', async () => {
    const body = alertBody(draftIncident(stage)) as Extract<RecordBody, { kind: 'alert' }>;
    expect(await codeFrom(stage.as(orchestrator).append({ ...body, manifest: 'a'.repeat(64) }))).toBe(
      'MANIFEST_UNKNOWN',
    );
  });

  it('takes a result whose signed blob is stored', async () => {
    const result = resultOf(stage, incident, 1);
    await stage.as(executor).putBlob(jcs(result));
    expect(await codeFrom(stage.as(executor).append(resultBody(result)))).toBe('none');
  });
  it('refuses a result whose blob is not stored', async () => {
    expect(await codeFrom(stage.as(executor).append(resultBody()))).toBe('RECORD_REFUSED');
  });
  it('refuses a result that its executor did not sign', async () => {
    const result = orchestrator.signer.sign('result', resultOf(stage, incident, 1).payload);
    await stage.as(executor).putBlob(jcs(result));
    expect(await codeFrom(stage.as(executor).append(resultBody(result)))).toBe('BAD_SIGNATURE');
  });
  it('refuses a result that another executor signed', async () => {
    const result = resultOf(stage, incident, 1);
    await stage.as(executor).putBlob(jcs(result));
    expect(await codeFrom(stage.as(otherExecutor).append(resultBody(result)))).toBe('NOT_PERMITTED');
  });
  it('refuses a result that was signed for another run', async () => {
    const result = resultOf(stage, await begin(stage), 1);
    await stage.as(executor).putBlob(jcs(result));
    expect(await codeFrom(stage.as(executor).append(resultBody(result)))).toBe('RECORD_REFUSED');
  });
  it('refuses a result whose reference says another tool than was signed', async () => {
    const result = resultOf(stage, incident, 1);
    await stage.as(executor).putBlob(jcs(result));
    const body = resultBody(result);
    const evidence = { ...body.evidence, tool: 'postgres.query' };
    expect(await codeFrom(stage.as(executor).append({ ...body, evidence }))).toBe('RECORD_REFUSED');
  });
  it('takes the hash of the call that was signed, and refuses that of another', async () => {
    const result = resultOf(stage, incident, 1);
    await stage.as(executor).putBlob(jcs(result));
    const { tool } = result.payload;
    const append = (args: object) =>
      stage.as(executor).append({ ...resultBody(result), call: digestOf({ tool, args }) });
    expect(await codeFrom(append({ database: 'ledger' }))).toBe('RECORD_REFUSED');
    expect(await codeFrom(append({ database: 'payments' }))).toBe('none');
  });
  it('refuses a proposal whose trace is not stored', async () => {
    const body: RecordBody = {
      kind: 'proposal',
      workflowId: incident.workflowId,
      runId: incident.runId,
      step: 0,
      model: 'rules',
      label: null,
      calls: [],
      conclusion: null,
      trace: 'a'.repeat(64),
    };
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('RECORD_REFUSED');
    const trace = await stage.as(reasoner).putBlob('a trace');
    expect(await codeFrom(stage.as(orchestrator).append({ ...body, trace }))).toBe('none');
  });

  it('refuses a card with another digest than its action has', async () => {
    const held = await draftHold(stage, incident);
    const card = { ...held.card, digest: 'a'.repeat(64) };
    const body = cardBody({ ...held, card, cardDigest: digestOf(card) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('CARD_MISMATCH');
  });
  it('refuses a card that hides what its prediction says', async () => {
    const held = await draftHold(stage, incident);
    const payload = { ...held.card.prediction.payload, does: 'nothing at all' };
    const card = { ...held.card, prediction: { ...held.card.prediction, payload } };
    const body = cardBody({ ...held, card, cardDigest: digestOf(card) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('CARD_MISMATCH');
  });
  it('refuses a card that asks for fewer persons than the runbook does', async () => {
    const held = await draftHold(stage, incident);
    const card = { ...held.card, groups: ['everyone'] };
    const body = cardBody({ ...held, card, cardDigest: digestOf(card) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('CARD_MISMATCH');
  });
  it('refuses a card whose target is in no result that the executor signed', async () => {
    const held = await draftHold(stage, incident);
    const ref = { entity: 'backend:9', resultHash: held.card.provenance.ref.resultHash };
    const action = { ...held.action, args: { target: ref } };
    const card = { ...held.card, action, digest: digestOf(action) };
    const body = cardBody({ ...held, card, cardDigest: digestOf(card) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('INVENTORY_INVALID');
  });
  it('refuses a card of another run', async () => {
    const held = await draftHold(stage, incident);
    const body = cardBody({ ...held, incident: await begin(stage) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('CARD_MISMATCH');
  });
  it('refuses a second card for one digest', async () => {
    const held = await hold(stage, incident);
    const card = { ...held.card, why: 'another story' };
    const body = cardBody({ ...held, card, cardDigest: digestOf(card) });
    expect(await codeFrom(stage.as(orchestrator).append(body))).toBe('RECORD_REFUSED');
  });

  it('takes an outcome once, however often it is sent', async () => {
    await ready(stage);
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    const outcome = outcomeOf(stage, held);
    const first = await stage.as(executor).outcome(outcome);
    expect(await stage.as(executor).outcome(outcome)).toEqual(first);
    expect(await stage.as(executor).openIntents()).toEqual([]);
    const other = outcomeOf(stage, held, { status: 'failed' });
    expect(await codeFrom(stage.as(executor).outcome(other))).toBe('RECORD_REFUSED');
  });
  it('refuses an outcome of an attempt that was never admitted', async () => {
    const held = await hold(stage, incident);
    expect(await codeFrom(stage.as(executor).outcome(outcomeOf(stage, held)))).toBe('RECORD_REFUSED');
  });
  it('refuses an outcome of a number that no attempt has', async () => {
    await ready(stage);
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    expect(await codeFrom(stage.as(executor).outcome(outcomeOf(stage, held, { attempt: 2 })))).toBe('RECORD_REFUSED');
  });
  it('refuses an outcome by an executor that was not admitted', async () => {
    await ready(stage);
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    const theirs = outcomeOf(stage, held, {}, otherExecutor.signer);
    expect(await codeFrom(stage.as(otherExecutor).outcome(theirs))).toBe('RECORD_REFUSED');
    expect(await codeFrom(stage.as(orchestrator).outcome(outcomeOf(stage, held)))).toBe('NOT_PERMITTED');
    expect(await codeFrom(stage.as(otherExecutor).outcome(outcomeOf(stage, held)))).toBe('BAD_SIGNATURE');
  });
  it('shows an executor the open intents of its own role alone', async () => {
    await ready(stage);
    const held = await hold(stage, incident);
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    expect((await stage.as(executor).openIntents()).map(({ payload }) => payload.body.kind)).toEqual(['intent']);
    expect(await stage.as(otherExecutor).openIntents()).toEqual([]);
    expect(await codeFrom(stage.as(orchestrator).openIntents())).toBe('NOT_PERMITTED');
  });
});
