import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { jcs } from '../../policies/digest.ts';
import { runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { earningRunbook, reversible } from './earning.ts';
import {
  ask,
  endWell,
  giveGrant,
  grantedRunbook,
  look,
  openEarned,
  proposed,
  proposedAnew,
  resultBody,
  wide,
} from './granting.ts';
import {
  begin,
  cardBody,
  codeFrom,
  decide,
  draftHold,
  entityOf,
  hold,
  outcomeOf,
  post,
  requestOf,
  resume,
  runbookRef,
  say,
  waive,
} from './incident.ts';
import { executor, freshRunId, keys, openWorld, orchestrator, otherExecutor, type Stage, type World } from './stage.ts';

describeWith('temporal', 'a receipt by a grant', () => {
  let world: World;
  let stage: Stage;
  let grant: string;
  const standing = async () => (await stage.as(executor).standing(runbookRef(stage.rules))).payload.standing;
  const code = async (work: Promise<unknown>) => codeFrom(work);
  const asked = (...given: Parameters<typeof ask> extends [Stage, ...infer R] ? R : never) =>
    code(ask(stage, ...given));
  /** Appends what the recorder itself would have seen. */
  const saw = (body: object) => stage.recorder.log.write((writer) => writer.append(body as never));

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openEarned(world);
    grant = await giveGrant(stage);
  });
  afterEach(async () => {
    // INVARIANT: whatever was asked for, an auditor finds nothing admitted that the log does not admit.
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
    await stage.close();
  });

  it('is given for what the playbook proposes over signed evidence, and counts', async () => {
    const held = await proposedAnew(stage);
    expect((await ask(stage, held, grant)).payload).toMatchObject({ digest: held.digest, attempt: 1 });
    expect((await standing()).grants).toMatchObject([{ record: grant, used: 1 }]);
  });
  it('begins no effect after the grant has ended', async () => {
    await post(stage, say(stage, { type: 'revoke', record: grant }));
    stage.pass(5);
    const until = stage.at(1_000);
    const short = await giveGrant(stage, { until });
    expect((await ask(stage, await proposedAnew(stage), short)).payload.startBefore).toBe(until);
  });
  it('is given again to the same execution, and to no other: it admits one attempt', async () => {
    const held = await proposedAnew(stage);
    const first = await ask(stage, held, grant);
    expect(await ask(stage, held, grant)).toEqual(first);
    const again = { activityAttempt: 2, execution: 'second'.padEnd(22, '-') };
    expect(await asked(held, grant, again)).toBe('NOT_GRANTED');
    stage.pass(60_000);
    expect(await asked(held, grant, again)).toBe('NOT_GRANTED');
    expect((await standing()).grants).toMatchObject([{ used: 1 }]);
  });
  it('is given a second time in an incident whose first write went well, over what was read since', async () => {
    const incident = await begin(stage);
    const first = await proposed(stage, incident);
    await ask(stage, first, grant);
    await endWell(stage, first);
    stage.pass(5);
    expect(await asked(await proposed(stage, incident, { pid: 4_712 }), grant)).toBe('none');
  });

  it('is told to somebody once, with low urgency and the way to end it, and what came of it ends that page', async () => {
    const held = await proposedAnew(stage);
    await ask(stage, held, grant);
    await stage.recorder.look('pages');
    await stage.restart();
    await stage.recorder.look('pages');
    const of = { workflowId: held.incident.workflowId, digest: held.digest, severity: 'info' };
    const released = {
      ...of,
      about: 'auto-released',
      detail: expect.stringContaining(`is released by grant ${grant}`),
    };
    expect(stage.pages).toMatchObject([released]);
    expect(stage.pages[0]?.commands).toContain(`holdpoint runbook revoke ${grant}`);
    await endWell(stage, held);
    await stage.recorder.look('pages');
    expect(stage.pages).toMatchObject([released, { ...of, about: 'hold-ended' }]);
    const records = await stage.as(executor).records({ workflow: held.incident.workflowId });
    expect(records.filter(({ payload }) => payload.body.kind === 'page')).toHaveLength(2);
  });

  it('is refused for a grant that the log does not hold', async () => {
    expect(await asked(await proposedAnew(stage), 'a'.repeat(64))).toBe('NOT_GRANTED');
  });
  it('is refused beside statements: it is one or the other', async () => {
    const held = await proposedAnew(stage);
    const both = requestOf(held, [decide(stage, held)], { grant });
    expect(await code(stage.as(executor).receipt(both))).toBe('NOT_GRANTED');
  });
  it('is refused once the grant is used up, over all incidents', async () => {
    for (let n = 0; n < 2; n++) {
      const held = await proposedAnew(stage, { pid: 5_000 + n });
      await ask(stage, held, grant);
      await endWell(stage, held);
    }
    expect(await asked(await proposedAnew(stage, { pid: 5_002 }), grant)).toBe('NOT_GRANTED');
  });
  it('is refused beyond its count within one incident', async () => {
    const incident = await begin(stage);
    for (let n = 0; n < 2; n++) {
      const held = await proposed(stage, incident, { pid: 5_000 + n });
      await ask(stage, held, grant);
      await endWell(stage, held);
      stage.pass(5);
    }
    expect(await asked(await proposed(stage, incident, { pid: 5_002 }), grant)).toBe('NOT_GRANTED');
  });
  it('is refused once the grant was revoked', async () => {
    const held = await proposedAnew(stage);
    await post(stage, say(stage, { type: 'revoke', record: grant }));
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });
  it('is refused once the grant has ended', async () => {
    await post(stage, say(stage, { type: 'revoke', record: grant }));
    stage.pass(5);
    const short = await giveGrant(stage, { until: stage.at(1_000) });
    const held = await proposedAnew(stage);
    stage.pass(1_001);
    expect(await asked(held, short)).toBe('NOT_GRANTED');
  });
  it('is refused after a demotion, also when persons raise the ring again', async () => {
    const held = await proposedAnew(stage);
    await post(stage, say(stage, { type: 'demote', runbook: runbookRef(stage.rules), ring: 0 }));
    expect(await asked(held, grant)).toBe('RECEIPT_REFUSED');
    stage.pass(5);
    await waive(stage, 1);
    expect(await asked(await proposedAnew(stage), grant)).toBe('NOT_GRANTED');
  });
  it('is refused for a tool that the grant does not name, at any ring', async () => {
    await waive(stage, 2);
    const held = await proposedAnew(stage, { tool: 'postgres.terminateBackend' });
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });
  it('is refused under another text of the runbook', async () => {
    const held = await proposedAnew(stage);
    const edited = { ...grantedRunbook, title: 'an edit' };
    const rules = await stage.publish({
      runbooks: [{ text: JSON.stringify(edited) }],
      limits: wide,
      source: { notAfter: stage.at(86_400_000) },
    });
    await waive(stage, 1, rules);
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });

  it('is refused where the log has no read that the write is aimed from', async () => {
    const held = await hold(stage, await begin(stage), { tool: 'postgres.pauseClient' });
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });
  it('is refused when a newer read shows another world', async () => {
    const incident = await begin(stage);
    const held = await proposed(stage, incident);
    await look(stage, incident, 4_711, { entities: [entityOf(4_711), entityOf(4_712)] });
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });
  it('is refused when the playbook would not have read what the write is aimed from', async () => {
    const incident = await begin(stage);
    const result = await look(stage, incident, 4_711, { args: { database: 'other' } });
    expect(await asked(await proposed(stage, incident, { result }), grant)).toBe('NOT_GRANTED');
  });
  it('is refused over evidence that is older than a statement may be', async () => {
    const held = await proposedAnew(stage);
    stage.pass(600_001);
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });
  it('is refused over evidence of before the last write, whatever step the workflow says it was in', async () => {
    const incident = await begin(stage);
    const result = await look(stage, incident, 4_711, { step: { step: 900, index: 0 } });
    const first = await proposed(stage, incident, { result });
    await ask(stage, first, grant);
    stage.pass(5);
    await endWell(stage, first);
    expect(await asked(await proposed(stage, incident, { result }), grant)).toBe('NOT_GRANTED');
    stage.pass(5);
    expect(await asked(await proposedAnew(stage, { pid: 4_712 }), grant)).toBe('none');
  });
  it('is refused over evidence of before a kill and its resume', async () => {
    const held = await proposedAnew(stage);
    stage.pass(5);
    await saw({ kind: 'kill', scope: 'fence/all', fenceRunId: null, how: 'a test', reason: 'a test' });
    expect(await asked(held, grant)).toBe('STOPPED');
    await resume(stage, { kind: 'all' });
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
    expect(await asked(await proposedAnew(stage), grant)).toBe('none');
  });
  it('is refused over a result that the executor of another role signed', async () => {
    const incident = await begin(stage);
    const { payload } = await look(stage, incident);
    const result = otherExecutor.signer.sign('result', payload);
    await stage.as(otherExecutor).putBlob(jcs(result));
    await stage.as(otherExecutor).append({ ...resultBody(incident, result), signer: otherExecutor.signer.as });
    const held = await draftHold(stage, incident, { tool: reversible.name, result });
    expect(await code(stage.as(orchestrator).append(cardBody(held)))).toBe('INVENTORY_INVALID');
    expect(
      await asked(await proposed(stage, incident, { result: executor.signer.sign('result', payload) }), grant),
    ).toBe('NOT_GRANTED');
  });

  it('is refused in a run born of a Reset, and in the one that was reset away from', async () => {
    const incident = await begin(stage);
    const before = await proposed(stage, incident);
    const { workflowId } = incident;
    const born = await begin(stage, stage.rules, { workflowId, alert: incident.alert, alertRef: incident.alertRef });
    expect(born.runId).not.toBe(incident.runId);
    expect(await asked(before, grant)).toBe('NOT_GRANTED');
    expect(await asked(await proposed(stage, born), grant)).toBe('NOT_GRANTED');
  });
  it('is refused as soon as the log knows of a Reset, before the run that it made has said anything', async () => {
    const incident = await begin(stage);
    const held = await proposed(stage, incident);
    await saw({ kind: 'reset', workflowId: incident.workflowId, runId: freshRunId(), from: incident.runId });
    expect(await asked(held, grant)).toBe('NOT_GRANTED');
  });

  it('is refused once a person was asked in the incident', async () => {
    const incident = await begin(stage);
    await proposed(stage, incident, { pid: 4_712 });
    expect(await asked(await proposed(stage, incident), grant)).toBe('NOT_GRANTED');
  });
  it('is refused once a person released a write of the incident', async () => {
    const incident = await begin(stage);
    const held = await proposed(stage, incident, { pid: 4_712 });
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await endWell(stage, held);
    stage.pass(5);
    expect(await asked(await proposed(stage, incident), grant)).toBe('NOT_GRANTED');
  });
  it('is refused when a person rejected the very action', async () => {
    const held = await proposedAnew(stage);
    await post(stage, decide(stage, held, { verdict: 'reject' }));
    expect(await asked(held, grant)).toBe('REJECTED');
  });
  it.each([
    ['failed', null],
    ['moved', null],
    ['unknown', null],
    ['done', null],
  ] as const)('is refused after a write of the incident ended %s without what it was for', async (status, held) => {
    const incident = await begin(stage);
    const first = await proposed(stage, incident);
    await ask(stage, first, grant);
    await stage.as(executor).outcome(outcomeOf(stage, first, { status, postcondition: held }));
    stage.pass(5);
    expect(await asked(await proposed(stage, incident, { pid: 4_712 }), grant)).toBe('NOT_GRANTED');
  });
  it('is refused while a write of the incident has no outcome', async () => {
    const incident = await begin(stage);
    await ask(stage, await proposed(stage, incident), grant);
    stage.pass(5);
    expect(await asked(await proposed(stage, incident, { pid: 4_712 }), grant)).toBe('NOT_GRANTED');
  });

  it('is refused by the limits that hold for every write', async () => {
    await stage.close();
    stage = await openEarned(world, { ...earningRunbook, limits: { writesPerIncidentMax: 1, writesPerHourMax: 1 } });
    grant = await giveGrant(stage);
    const first = await proposedAnew(stage);
    await ask(stage, first, grant);
    expect(await asked(await proposedAnew(stage), grant)).toBe('TARGET_BUSY');
    await endWell(stage, first);
    expect(await asked(await proposedAnew(stage, { pid: 9 }), grant)).toBe('LIMIT_REACHED');
  });
  it('is refused to whoever is not the executor of the role', async () => {
    const held = await proposedAnew(stage);
    const request = requestOf(held, [], { grant });
    expect(await code(stage.as(orchestrator).receipt(request))).toBe('NOT_PERMITTED');
    expect((await standing()).grants).toMatchObject([{ used: 0 }]);
  });
  it('is refused in a scope that nobody resumed', async () => {
    const held = await proposedAnew(stage);
    const scope = `fence/runbook/${runbookId}`;
    await saw({ kind: 'kill', scope, fenceRunId: null, how: 'a test', reason: 'a test' });
    expect(await asked(held, grant)).toBe('STOPPED');
  });
});
