import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skips.ts';
import { approval, codeOf, executionOf, type Held, outcomeOf, type Rogue, startRogue } from './support/rogue.ts';
import { type Scene, sceneIn, sceneOf } from './support/scene.ts';
import { type System, startSystem } from './support/system.ts';

describeWith(['temporal', 'postgres'], 'a release, asked for by an orchestrator that was taken over', () => {
  let scene: Scene;
  let system: System;
  let rogue: Rogue;
  let held: Held;
  beforeAll(async () => {
    scene = await sceneOf({ limits: { writesPerTargetPerHourMax: 20 } });
    ({ system, rogue, held } = scene);
  }, 120_000);
  afterEach(() => {
    // What every refusal here has in common: the session that it was about lives on.
    expect(scene.stuck.endedBy()).toBeNull();
  });
  afterAll(() => scene?.stop());

  const execute = (statements: Parameters<typeof executionOf>[1], change: object = {}) =>
    rogue.ask('executeCall', { ...executionOf(held, statements), ...change });
  const refusedWith = async (statements: Parameters<typeof executionOf>[1], change: object = {}) =>
    codeOf(execute(statements, change));

  it('is refused without a statement', async () => {
    expect(await refusedWith([])).toBe('RELEASE_MISSING');
  });
  it('is refused for a statement over another digest', async () => {
    const other = await system.sign({ type: 'action', digest: 'a'.repeat(64) }, { cardDigest: held.cardDigest });
    expect(await refusedWith([other])).toBe('STATEMENT_WRONG_SUBJECT');
  });
  it('is refused for a statement over another card', async () => {
    expect(await refusedWith([await approval(system, held, { cardDigest: 'b'.repeat(64) })])).toBe(
      'STATEMENT_WRONG_CARD',
    );
  });
  it('is refused when another card is named and signed', async () => {
    const cardDigest = 'c'.repeat(64);
    const code = await refusedWith([await approval(system, held, { cardDigest })], { cardDigest });
    expect(['CARD_MISMATCH', 'NOT_FOUND']).toContain(code);
  });
  it('is refused for a statement that was forged', async () => {
    const signed = await approval(system, held);
    const forged = { ...signed, statement: { ...signed.statement, reason: 'another reason' } };
    expect(await refusedWith([forged])).toBe('STATEMENT_BAD_PROOF');
  });
  it("is refused for a statement signed with another person's key", async () => {
    expect(await refusedWith([await approval(system, held, { person: 'first', key: 'second' })])).toBe(
      'STATEMENT_BAD_PROOF',
    );
  });
  it('is refused for a person who is not in the directory', async () => {
    expect(await refusedWith([await approval(system, held, { person: 'outsider' })])).toBe('STATEMENT_UNKNOWN_PERSON');
  });
  it('is refused for a person who is not an approver', async () => {
    expect(await refusedWith([await approval(system, held, { person: 'former' })])).toBe('STATEMENT_NOT_POWERED');
  });
  it('is refused for a statement that is stale at the effect', async () => {
    expect(await refusedWith([await approval(system, held, { decidedAt: Date.now() - 601_000 })])).toMatch(
      /^STATEMENT_(STALE|BEFORE_RESUME)$/,
    );
  });
  it('is refused for a statement from the future', async () => {
    expect(await refusedWith([await approval(system, held, { decidedAt: Date.now() + 60_000 })])).toBe(
      'STATEMENT_FROM_FUTURE',
    );
  });
  it('is refused for a statement of another type', async () => {
    const waiver = await system.sign({
      type: 'waive',
      runbook: held.action.runbook,
      ring: 2,
      conditions: ['dry_run_days'],
      until: new Date(Date.now() + 60_000).toISOString(),
    });
    expect(await refusedWith([waiver])).toBe('STATEMENT_WRONG_TYPE');
  });
  it('is refused for a digest that the action does not have', async () => {
    const signed = await system.sign({ type: 'action', digest: 'd'.repeat(64) }, { cardDigest: held.cardDigest });
    expect(await refusedWith([signed], { digest: 'd'.repeat(64) })).toBe('DIGEST_MISMATCH');
  });
  it('is refused for an action that was changed after it was shown', async () => {
    const action = { ...held.action, preconditions: { ...held.action.preconditions, pid: '1' } };
    expect(await refusedWith([await approval(system, held)], { action })).toBe('DIGEST_MISMATCH');
  });
  it('is refused when the orchestrator names another runbook', async () => {
    const context = { ...held.context, runbook: { id: 'another', digest: held.context.runbook.digest } };
    expect(await refusedWith([await approval(system, held)], { context })).toBe('RUNBOOK_MISMATCH');
  });
  it('is refused when the orchestrator names another manifest', async () => {
    const context = { ...held.context, manifest: 'e'.repeat(64) };
    expect(await refusedWith([await approval(system, held)], { context })).toBe('RUNBOOK_MISMATCH');
  });
  it('is refused to a run of another incident', async () => {
    const other = await startRogue(system);
    try {
      const reply = other.ask('executeCall', {
        ...executionOf(held, [await approval(system, held)]),
        context: other.context,
      });
      expect(await codeOf(reply)).toBe('DIGEST_MISMATCH');
    } finally {
      await other.stop();
    }
  });
  it('leaves every refusal on the record, and no intent', async () => {
    expect((await system.records('refusal', rogue.workflowId)).length).toBeGreaterThan(10);
    expect(await system.records('intent')).toEqual([]);
  });
});

describeWith(['temporal', 'postgres'], 'a release that was given', () => {
  let system: System;
  let scene: Scene;
  beforeAll(async () => {
    system = await startSystem({ only: ['recorder', 'executor', 'broker'] });
  }, 120_000);
  afterEach(() => scene?.stop());
  afterAll(() => system?.stop());
  const open = async () => {
    scene = await sceneIn(system);
    return scene;
  };

  it('ends exactly the session that the approver saw, once, with intent and outcome on the record', async () => {
    const { rogue, stuck, held } = await open();
    const outcome = await outcomeOf(rogue.ask('executeCall', executionOf(held, [await approval(system, held)])));
    expect(outcome.payload).toMatchObject({ status: 'done', attempt: 1, digest: held.digest });
    expect(stuck.endedBy()).toBe('57P01');
    const kinds = (await system.log(rogue.workflowId)).map(({ body }) => body.kind);
    expect(kinds.filter((kind) => ['card', 'statement', 'intent', 'outcome'].includes(kind))).toEqual([
      'card',
      'statement',
      'intent',
      'outcome',
    ]);
  });

  it('has no second effect when the orchestrator schedules it twice', async () => {
    const { rogue, held } = await open();
    const statements = [await approval(system, held)];
    const both = await Promise.all([
      codeOf(rogue.ask('executeCall', executionOf(held, statements), { concurrently: true })),
      codeOf(rogue.ask('executeCall', executionOf(held, statements), { concurrently: true })),
    ]);
    expect(both.filter((end) => end === 'it was done')).toHaveLength(1);
    expect(await system.records('intent', rogue.workflowId)).toHaveLength(1);
  });

  it('is overruled by a rejection that the log holds, whatever the orchestrator passes on', async () => {
    const { rogue, stuck, held } = await open();
    const statements = [
      await approval(system, held),
      await approval(system, held, { person: 'second', verdict: 'reject' }),
    ];
    expect(await codeOf(rogue.ask('executeCall', executionOf(held, statements)))).toBe('REJECTED');
    expect(await codeOf(rogue.ask('executeCall', executionOf(held, statements.slice(0, 1))))).toBe('REJECTED');
    expect(stuck.endedBy()).toBeNull();
  });

  it('has no effect on a session that is no longer in the transaction that the approver saw', async () => {
    const { rogue, stuck, held } = await open();
    await stuck.move();
    const outcome = await outcomeOf(rogue.ask('executeCall', executionOf(held, [await approval(system, held)])));
    expect(outcome.payload.status).toBe('moved');
    expect(stuck.endedBy()).toBeNull();
  });
});
