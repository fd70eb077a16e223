import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { postStatements } from '../../activities/record/client.ts';
import type { Subject } from '../../contracts/statement.ts';
import { people, runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, decide, hold, post, ready, resume, runbookRef, say, sayBoth, waive } from './incident.ts';
import { dayMs, executor, keys, openStage, openWorld, raiseFence, type Stage, type World } from './stage.ts';

const all = { kind: 'all' } as const;

describeWith('temporal', 'the statements door', () => {
  let world: World;
  let stage: Stage;
  const waiver = (change: Partial<Extract<Subject, { type: 'waive' }>> = {}): Subject => ({
    type: 'waive',
    runbook: runbookRef(stage.rules),
    ring: 2,
    conditions: ['dry_run_days'],
    until: stage.at(3_600_000),
    ...change,
  });
  const ring = async () => (await stage.as(executor).standing(runbookRef(stage.rules))).payload.standing.ring;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
  });
  afterEach(() => stage.close());

  it('binds a fence run to a quorate resume, and shows it as open', async () => {
    const fenceRunId = await resume(stage, all);
    const fences = await stage.as(executor).fences(runbookId);
    expect(fences).toMatchObject({ all: { runId: fenceRunId }, runbook: null });
  });
  it('refuses a resume without its quorum', async () => {
    const fenceRunId = await raiseFence(world, all);
    expect(await codeFrom(post(stage, say(stage, { type: 'resume', scope: all, fenceRunId })))).toBe('QUORUM_MISSING');
  });
  it('refuses a resume of a fence run that is not the current one', async () => {
    const old = await raiseFence(world, all);
    await raiseFence(world, all);
    const work = post(stage, ...sayBoth(stage, { type: 'resume', scope: all, fenceRunId: old }));
    expect(await codeFrom(work)).toBe('STATEMENT_WRONG_SUBJECT');
  });
  it('refuses a resume of a fence run that was cancelled already', async () => {
    const fenceRunId = await raiseFence(world, all);
    await world.client.workflow.getHandle('fence/all').cancel();
    const work = post(stage, ...sayBoth(stage, { type: 'resume', scope: all, fenceRunId }));
    expect(await codeFrom(work)).toBe('STOPPED');
  });
  it('refuses a resume of a fence run that was terminated already', async () => {
    const fenceRunId = await raiseFence(world, all);
    await world.client.workflow.getHandle('fence/all').terminate();
    const work = post(stage, ...sayBoth(stage, { type: 'resume', scope: all, fenceRunId }));
    expect(await codeFrom(work)).toBe('STOPPED');
  });
  it('binds a fence run once, however fresh the second pair of statements is', async () => {
    const fenceRunId = await resume(stage, all);
    const work = post(stage, ...sayBoth(stage, { type: 'resume', scope: all, fenceRunId }));
    expect(await codeFrom(work)).toBe('STATEMENT_REPLAYED');
  });
  it('refuses an old resume for a fence that was started again', async () => {
    const fenceRunId = await raiseFence(world, all);
    const statements = sayBoth(stage, { type: 'resume', scope: all, fenceRunId });
    await post(stage, ...statements);
    await raiseFence(world, all);
    expect(await codeFrom(post(stage, ...statements))).toBe('STATEMENT_REPLAYED');
    await stage.recorder.look('fences');
    expect((await stage.as(executor).fences(runbookId)).all).toBeNull();
  });
  it('refuses a resume of a runbook that no manifest names', async () => {
    const scope = { kind: 'runbook', runbook: 'unheard-of' } as const;
    const fenceRunId = await raiseFence(world, scope);
    const work = post(stage, ...sayBoth(stage, { type: 'resume', scope, fenceRunId }));
    expect(await codeFrom(work)).toBe('RECORD_REFUSED');
  });

  it('takes a waiver, which sets the ring of this very digest', async () => {
    expect(await ring()).toBe(0);
    await waive(stage, 1);
    expect(await ring()).toBe(1);
  });
  it('refuses the same statement a second time', async () => {
    const statement = say(stage, waiver());
    await post(stage, statement);
    expect(await codeFrom(post(stage, statement))).toBe('STATEMENT_REPLAYED');
  });
  it('refuses another statement with a nonce that its person used', async () => {
    const nonce = 'm'.repeat(22);
    await post(stage, say(stage, waiver(), { nonce }));
    expect(await codeFrom(post(stage, say(stage, waiver({ ring: 1 }), { nonce })))).toBe('STATEMENT_REPLAYED');
  });
  it('refuses a waiver by a person without that power', async () => {
    const statement = say(stage, waiver(), { person: 'personB' }, people.personB);
    expect(await codeFrom(post(stage, statement))).toBe('STATEMENT_NOT_POWERED');
  });
  it('refuses a forged waiver', async () => {
    expect(await codeFrom(post(stage, say(stage, waiver(), {}, people.stranger)))).toBe('STATEMENT_BAD_PROOF');
  });
  it('refuses a waiver for a runbook digest that the newest manifest does not have', async () => {
    const runbook = { id: runbookId, digest: 'a'.repeat(64) };
    expect(await codeFrom(post(stage, say(stage, waiver({ runbook }))))).toBe('RECORD_REFUSED');
  });
  it('refuses a waiver that has ended', async () => {
    expect(await codeFrom(post(stage, say(stage, waiver({ until: stage.at(-1) }))))).toBe('RECORD_REFUSED');
  });
  it('refuses a waiver that ends later than the limits allow', async () => {
    const until = (ms: number) => post(stage, say(stage, waiver({ until: stage.at(ms) })));
    expect(await codeFrom(until(30 * dayMs + 60_000))).toBe('RECORD_REFUSED');
    expect(await codeFrom(until(30 * dayMs))).toBe('none');
    await stage.publish({ limits: { waiverMsMax: 3_600_000 } });
    expect(await codeFrom(until(2 * 3_600_000))).toBe('RECORD_REFUSED');
  });
  it('refuses a stale waiver', async () => {
    const statement = say(stage, waiver());
    stage.pass(600_001);
    expect(await codeFrom(post(stage, statement))).toBe('STATEMENT_STALE');
  });
  it('refuses a signed rejection as an approval of a waiver', async () => {
    expect(await codeFrom(post(stage, say(stage, waiver(), { verdict: 'reject' })))).toBe('STATEMENT_NOT_APPROVING');
  });
  it('takes a demotion and a revocation at once', async () => {
    const { hash } = await waive(stage, 2);
    await post(stage, say(stage, { type: 'demote', runbook: runbookRef(stage.rules), ring: 1 }));
    expect(await ring()).toBe(1);
    await post(stage, say(stage, { type: 'revoke', record: hash }));
    expect(await ring()).toBe(0);
  });
  it('refuses a waiver that was decided before the standing was lowered', async () => {
    const { hash } = await waive(stage, 2);
    const kept = [say(stage, waiver()), say(stage, waiver({ ring: 1 }))];
    stage.pass(5);
    await post(stage, say(stage, { type: 'demote', runbook: runbookRef(stage.rules), ring: 1 }));
    expect(await codeFrom(post(stage, ...kept.slice(0, 1)))).toBe('RECORD_REFUSED');
    await post(stage, say(stage, { type: 'revoke', record: hash }));
    expect(await codeFrom(post(stage, ...kept.slice(1)))).toBe('RECORD_REFUSED');
    expect(await ring()).toBe(0);
    stage.pass(5);
    await waive(stage, 1);
    expect(await ring()).toBe(1);
  });
  it('refuses to revoke what is no waiver or promotion', async () => {
    const { hash } = await stage.as(executor).head();
    expect(await codeFrom(post(stage, say(stage, { type: 'revoke', record: hash })))).toBe('RECORD_REFUSED');
    expect(await codeFrom(post(stage, say(stage, { type: 'revoke', record: 'a'.repeat(64) })))).toBe('RECORD_REFUSED');
  });
  it('refuses a promotion while the log holds nothing that earns a ring', async () => {
    const subject = {
      type: 'promote',
      runbook: runbookRef(stage.rules),
      ring: 2,
      attestation: 'a'.repeat(64),
    } as const;
    expect(await codeFrom(post(stage, ...sayBoth(stage, subject)))).toBe('NOT_EARNED');
    expect(await ring()).toBe(0);
  });
  it('refuses to carry an approval: that is a signal to its incident', async () => {
    await ready(stage);
    const held = await hold(stage, await begin(stage));
    expect(await codeFrom(post(stage, decide(stage, held)))).toBe('RECORD_REFUSED');
  });
  it('refuses a rejection of a digest that has no card', async () => {
    const subject = { type: 'action', digest: 'a'.repeat(64) } as const;
    const statement = say(stage, subject, { verdict: 'reject', cardDigest: 'b'.repeat(64) });
    expect(await codeFrom(post(stage, statement))).toBe('RECORD_REFUSED');
  });
  it('refuses a rejection by a stranger', async () => {
    await ready(stage);
    const held = await hold(stage, await begin(stage));
    const statement = decide(stage, held, { verdict: 'reject', person: 'stranger' }, people.stranger);
    expect(await codeFrom(post(stage, statement))).toBe('STATEMENT_UNKNOWN_PERSON');
  });
  it('refuses statements of two subjects in one post', async () => {
    const pair = [say(stage, waiver()), say(stage, waiver({ ring: 1 }), { person: 'personC' }, people.personC)];
    expect(await codeFrom(post(stage, ...pair))).toBe('STATEMENT_WRONG_SUBJECT');
  });
  it('refuses what is no statement', async () => {
    expect(await codeFrom(postStatements({ url: stage.recorder.url, keys }, [{ statement: 1 } as never]))).toBe(
      'BAD_INPUT',
    );
  });
  it('bounds how often one address may knock', async () => {
    await stage.close();
    stage = await openStage({ world, doorPerMinute: 3 });
    const knock = () => codeFrom(postStatements({ url: stage.recorder.url, keys }, [{} as never]));
    expect([await knock(), await knock(), await knock(), await knock()]).toEqual([
      'BAD_INPUT',
      'BAD_INPUT',
      'BAD_INPUT',
      'RATE_LIMITED',
    ]);
  });
});
