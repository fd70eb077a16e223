import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { people, runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import {
  alertBody,
  alertOf,
  begin,
  codeFrom,
  decide,
  draftHold,
  draftIncident,
  type Held,
  hold,
  post,
  ready,
  requestOf,
  resume,
  runbookRef,
  say,
  waive,
} from './incident.ts';
import {
  dayMs,
  executor,
  freshRunId,
  gateway,
  openStage,
  openWorld,
  orchestrator,
  otherExecutor,
  type Stage,
  type World,
} from './stage.ts';

describeWith('temporal', 'receipts: who is admitted', () => {
  let world: World;
  let stage: Stage;
  let held: Held;
  const ask = (statements: SignedStatement[], change: Partial<ReceiptRequest> = {}) =>
    stage.as(executor).receipt(requestOf(held, statements, change));
  const refusal = (statements: SignedStatement[], change: Partial<ReceiptRequest> = {}) =>
    codeFrom(ask(statements, change));
  const kinds = async () => (await stage.as(executor).records({ limit: 500 })).map(({ payload }) => payload.body.kind);

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
    await ready(stage);
    held = await hold(stage, await begin(stage));
  });
  afterEach(() => stage.close());

  it('admits a released action: statement and intent are in the log before the receipt is given', async () => {
    const { payload } = await ask([decide(stage, held)]);
    const records = await stage.as(executor).records({ workflow: held.incident.workflowId });
    expect(records.map((record) => record.payload.body.kind)).toEqual(['alert', 'card', 'statement', 'intent']);
    expect(payload.intent.hash).toBe(digestOf(records[3]));
    expect(payload).toMatchObject({ digest: held.digest, attempt: 1, executor: 'executor.payments-db' });
    expect(Date.parse(payload.startBefore) - Date.parse(payload.issuedAt)).toBe(2_000);
  });
  it('gives the same activity attempt the very same receipt again, also after a kill, and appends nothing', async () => {
    const statements = [decide(stage, held)];
    const first = await ask(statements);
    await world.client.workflow.getHandle('fence/all').cancel();
    await stage.recorder.look('fences');
    const before = await kinds();
    expect(jcs(await ask(statements))).toBe(jcs(first));
    expect(await kinds()).toEqual(before);
  });
  it('leaves no intent behind a refusal', async () => {
    expect(await refusal([decide(stage, held, { cardDigest: 'e'.repeat(64) })])).toBe('STATEMENT_WRONG_CARD');
    expect(await kinds()).not.toContain('intent');
  });

  it('refuses a digest that is not that of the action', async () => {
    expect(await refusal([decide(stage, held)], { digest: 'a'.repeat(64) })).toBe('DIGEST_MISMATCH');
  });
  it('refuses an action whose arguments were changed after the release', async () => {
    const action = { ...held.action, tool: 'postgres.cancelBackend' };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('CARD_MISMATCH');
  });
  it('refuses an executor of another role', async () => {
    const work = stage.as(otherExecutor).receipt(requestOf(held, [decide(stage, held)]));
    expect(await codeFrom(work)).toBe('NOT_PERMITTED');
  });
  it('refuses a process that is no executor', async () => {
    const work = stage.as(orchestrator).receipt(requestOf(held, [decide(stage, held)]));
    expect(await codeFrom(work)).toBe('NOT_PERMITTED');
  });
  it('refuses an action of another namespace', async () => {
    const action = { ...held.action, namespace: 'elsewhere' };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('RECEIPT_REFUSED');
  });
  it('refuses an action of a manifest that the recorder does not have', async () => {
    const action = { ...held.action, manifest: 'a'.repeat(64) };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('MANIFEST_UNKNOWN');
  });
  it('refuses a runbook digest that is not in the manifest', async () => {
    const action = { ...held.action, runbook: { id: runbookId, digest: 'a'.repeat(64) } };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('RUNBOOK_MISMATCH');
  });
  it('refuses a read: it needs no receipt', async () => {
    const action = { ...held.action, tool: 'postgres.query' };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('RECEIPT_REFUSED');
  });
  it('refuses a tool that nobody defined', async () => {
    const action = { ...held.action, tool: 'postgres.dropTable' };
    expect(await refusal([decide(stage, held)], { action, digest: digestOf(action) })).toBe('TOOL_UNKNOWN');
  });
  it('refuses the alert of another incident', async () => {
    const other = await begin(stage);
    expect(await refusal([decide(stage, held)], { alertRef: other.alertRef })).toBe('RUNBOOK_MISMATCH');
  });
  it('refuses an alert that the log does not hold, though the gateway signed it', async () => {
    const incident = draftIncident(stage);
    await stage.as(gateway).putBlob(jcs(incident.alert));
    const drafted = await draftHold(stage, incident);
    const work = stage.as(executor).receipt(requestOf(drafted, [decide(stage, drafted)]));
    expect(await codeFrom(work)).toBe('RECEIPT_REFUSED');
  });
  it('refuses an alert that nobody signed as the gateway', async () => {
    const forged = orchestrator.signer.sign('alert', held.incident.alert.payload);
    const alertRef = await stage.as(orchestrator).putBlob(jcs(forged));
    expect(await refusal([decide(stage, held)], { alertRef })).toBe('BAD_SIGNATURE');
  });
  it('refuses an action of a runbook that the alert does not match, whatever the orchestrator carries', async () => {
    const draft = draftIncident(stage);
    const alert = alertOf(stage, draft.workflowId, { alertname: 'SomethingElse' });
    const incident = { ...draft, alert, alertRef: digestOf(alert) };
    await stage.as(orchestrator).append({ ...alertBody(incident), runbook: null } as RecordBody);
    const chosen = await hold(stage, incident);
    const work = stage.as(executor).receipt(requestOf(chosen, [decide(stage, chosen)]));
    expect(await codeFrom(work)).toBe('RUNBOOK_MISMATCH');
  });
  it('refuses under a manifest that has expired', async () => {
    stage.pass(3 * dayMs);
    expect(await refusal([decide(stage, held)])).toBe('MANIFEST_EXPIRED');
  });
  it('refuses a card that the log does not hold for this digest', async () => {
    const other = await draftHold(stage, held.incident);
    const work = stage.as(executor).receipt(requestOf(other, [decide(stage, other)]));
    expect(await codeFrom(work)).toBe('CARD_MISMATCH');
    expect(await refusal([decide(stage, held)], { cardDigest: other.cardDigest })).toBe('CARD_MISMATCH');
  });

  it('refuses without an approval', async () => {
    expect(await refusal([decide(stage, held, { verdict: 'reject' }, people.stranger)])).toBe('STATEMENT_BAD_PROOF');
  });
  it('refuses a statement over another digest', async () => {
    const other = await hold(stage, held.incident, { action: { step: { step: 2, index: 0 } } });
    expect(await refusal([decide(stage, other)])).toBe('STATEMENT_WRONG_SUBJECT');
  });
  it('refuses a forged statement: the name of an approver under the key of another', async () => {
    expect(await refusal([decide(stage, held, {}, people.personB)])).toBe('STATEMENT_BAD_PROOF');
  });
  it('refuses a person who is no approver', async () => {
    expect(await refusal([decide(stage, held, { person: 'personD' }, people.personD)])).toBe('STATEMENT_NOT_POWERED');
  });
  it('refuses a person whom the newest manifest no longer has', async () => {
    const statement = decide(stage, held, { person: 'personB' }, people.personB);
    await stage.publish({ people: [{ person: 'personA', groups: ['oncall', 'leads'], ssh: [people.personA.line] }] });
    expect(await refusal([statement])).toBe('STATEMENT_UNKNOWN_PERSON');
  });
  it('refuses a stale statement', async () => {
    const statement = decide(stage, held);
    stage.pass(600_001);
    expect(await refusal([statement])).toBe('STATEMENT_STALE');
  });
  it('refuses a statement from the future', async () => {
    expect(await refusal([decide(stage, held, { decidedAt: stage.at(2_500) })])).toBe('STATEMENT_FROM_FUTURE');
  });
  it('refuses a statement that was decided before its card was recorded', async () => {
    stage.pass(4_000);
    const later = await hold(stage, held.incident, { action: { step: { step: 2, index: 0 } } });
    const early = decide(stage, later, { decidedAt: stage.at(-3_500) });
    expect(await codeFrom(stage.as(executor).receipt(requestOf(later, [early])))).toBe('STATEMENT_EARLY');
  });
  it('refuses after the hold expired', async () => {
    stage.pass(20 * 60_000 - 1_000);
    const statement = decide(stage, held);
    stage.pass(1_001);
    expect(await refusal([statement])).toBe('HOLD_EXPIRED');
  });
  it('refuses a nonce that the same person used in another statement', async () => {
    const nonce = 'q'.repeat(22);
    const runbook = runbookRef(stage.rules);
    await post(
      stage,
      say(stage, { type: 'demote', runbook: { ...runbook, digest: 'b'.repeat(64) }, ring: 0 }, { nonce }),
    );
    stage.pass(5);
    expect(await refusal([decide(stage, held, { nonce })])).toBe('STATEMENT_REPLAYED');
    expect(await refusal([decide(stage, held)])).toBe('none');
  });
  it('refuses once a person rejected, whatever approvals follow', async () => {
    await post(stage, decide(stage, held, { verdict: 'reject', person: 'personB' }, people.personB));
    expect(await refusal([decide(stage, held)])).toBe('REJECTED');
  });
  it('records no rejection for an action that is not on the record, nor for an executor of another role', async () => {
    const no = decide(stage, held, { verdict: 'reject' });
    const elsewhere = { ...held.action, runId: freshRunId() };
    expect(await refusal([no], { action: elsewhere })).toBe('DIGEST_MISMATCH');
    expect(await codeFrom(stage.as(otherExecutor).receipt(requestOf(held, [no])))).toBe('NOT_PERMITTED');
    const bare = await draftHold(stage, held.incident, { action: { step: { step: 2, index: 0 } } });
    const work = stage.as(executor).receipt(requestOf(bare, [decide(stage, bare, { verdict: 'reject' })]));
    expect(await codeFrom(work)).toBe('CARD_MISMATCH');
    expect(await kinds()).not.toContain('statement');
  });
  it('keeps a rejection that came with the approvals, so that it cannot be left out the next time', async () => {
    const no = decide(stage, held, { verdict: 'reject', person: 'personB' }, people.personB);
    expect(await refusal([decide(stage, held), no])).toBe('REJECTED');
    expect(await refusal([decide(stage, held)])).toBe('REJECTED');
  });
  it('does not let a stranger reject', async () => {
    const noise = decide(stage, held, { verdict: 'reject', person: 'stranger' }, people.stranger);
    expect((await ask([decide(stage, held), noise])).payload.attempt).toBe(1);
  });

  it('refuses while the log binds no resume for all', async () => {
    await world.client.workflow.getHandle('fence/all').cancel();
    await stage.recorder.look('fences');
    expect(await refusal([decide(stage, held)])).toBe('STOPPED');
  });
  it('refuses while the log binds no resume for the runbook', async () => {
    await world.client.workflow.getHandle(`fence/runbook/${runbookId}`).terminate();
    await stage.recorder.look('fences');
    expect(await refusal([decide(stage, held)])).toBe('STOPPED');
  });
  it('refuses a statement from before the fence was resumed', async () => {
    const statement = decide(stage, held);
    await resume(stage, { kind: 'all' });
    expect(await refusal([statement])).toBe('STATEMENT_BEFORE_RESUME');
  });
  it('refuses below the ring that the risk needs', async () => {
    const runbook = runbookRef(stage.rules);
    await post(stage, say(stage, { type: 'demote', runbook, ring: 1 }));
    stage.pass(5);
    expect(await refusal([decide(stage, held)])).toBe('RECEIPT_REFUSED');
  });
  it('refuses below that ring under the newest edition of the runbook too', async () => {
    await stage.publish({ approvers: { expiryMs: 29 * 60_000 } });
    expect(await refusal([decide(stage, held)])).toBe('RECEIPT_REFUSED');
  });
  it('refuses a statement that is older than a demotion, even if the ring came back since', async () => {
    const statement = decide(stage, held);
    stage.pass(5);
    await post(stage, say(stage, { type: 'demote', runbook: runbookRef(stage.rules), ring: 0 }));
    await waive(stage);
    stage.pass(5);
    expect(await refusal([statement])).toBe('RECEIPT_REFUSED');
    expect(await refusal([decide(stage, held)])).toBe('none');
  });
  it('refuses when the waiver has ended, and lets nothing begin after its end', async () => {
    const runbook = runbookRef(stage.rules);
    const until = stage.at(60_000);
    await post(
      stage,
      say(stage, { type: 'waive', runbook, ring: 1, conditions: ['preflight'], until: stage.at(90_000) }),
    );
    await post(stage, say(stage, { type: 'waive', runbook, ring: 2, conditions: ['preflight'], until }));
    stage.pass(59_000);
    expect((await ask([decide(stage, held)])).payload.startBefore).toBe(until);
    stage.pass(1_001);
    const late = await hold(stage, held.incident, { pid: 99, action: { step: { step: 2, index: 0 } } });
    expect(await codeFrom(stage.as(executor).receipt(requestOf(late, [decide(stage, late)])))).toBe('RECEIPT_REFUSED');
  });
  it('lets nothing begin after its hold has expired', async () => {
    stage.pass(20 * 60_000 - 1_000);
    const { payload } = await ask([decide(stage, held)]);
    expect(payload.startBefore).toBe(held.action.expiresAt);
  });
  it('lets nothing begin once the last statement is stale', async () => {
    const statement = decide(stage, held);
    stage.pass(600_000 - 1_000);
    const { payload } = await ask([statement]);
    expect(Date.parse(payload.startBefore)).toBe(Date.parse(statement.statement.decidedAt) + 600_000);
  });
  it('lets nothing begin under a manifest that has expired', async () => {
    const notAfter = stage.at(60_000);
    await stage.publish({ source: { notAfter } });
    stage.pass(59_000);
    expect((await ask([decide(stage, held)])).payload.startBefore).toBe(notAfter);
  });
  it('refuses when its own clock is behind the newest record', async () => {
    const statement = decide(stage, held);
    stage.pass(-10_000);
    await stage.restart();
    expect(await refusal([statement])).toBe('RECEIPT_REFUSED');
  });
});
