import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { people } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import {
  attested,
  earningRunbook,
  grade,
  grantSubject,
  missing,
  openYear,
  promote,
  rehearseAndGrade,
  rehearseOne,
  reversible,
} from './earning.ts';
import { begin, codeFrom, hold, post, runbookRef, say, sayBoth, waive } from './incident.ts';
import { dayMs, executor, keys, openWorld, orchestrator, type Stage, type World } from './stage.ts';

describeWith('temporal', 'rings that are earned', () => {
  let world: World;
  let stage: Stage;
  const standing = async () => (await stage.as(executor).standing(runbookRef(stage.rules))).payload.standing;
  const ring = async () => (await standing()).ring;
  const sound = async () => (await verifyArchive({ dir: stage.archive, keys })).faults;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openYear(world);
  });
  afterEach(() => stage.close());

  it('are promoted after the dry run, with accurate grades and an attestation, and the archive verifies', async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(13 * dayMs);
    expect(await missing(promote(stage, 1))).toBe('dry_run_days');
    stage.pass(dayMs);
    await promote(stage, 1);
    expect(await standing()).toMatchObject({ ring: 1, rule: 'standing.promoted', until: null });
    await promote(stage, 2);
    expect(await ring()).toBe(2);
    expect(await sound()).toEqual([]);
  });
  it('name every condition that is missing, the first with what it expects and what there is', async () => {
    stage.pass(20 * dayMs);
    const work = promote(stage, 2, 'a'.repeat(64));
    await expect(work).rejects.toMatchObject({
      code: 'NOT_EARNED',
      details: { condition: 'dry_run_days', expected: 14, got: 0 },
    });
    expect(await missing(work)).toBe('dry_run_days, graded_proposals, accuracy, preflight');
    expect(await ring()).toBe(0);
  });
  it('are not earned by days that nothing was rehearsed in', async () => {
    stage.pass(30 * dayMs);
    await rehearseAndGrade(stage, 10);
    expect(await missing(promote(stage, 1))).toBe('dry_run_days');
  });
  it('are not earned by too few graded proposals', async () => {
    await rehearseAndGrade(stage, 9);
    stage.pass(14 * dayMs);
    expect(await missing(promote(stage, 1))).toBe('graded_proposals');
  });
  it('are not earned by proposals that were wrong, or that one person calls wrong', async () => {
    await rehearseAndGrade(stage, 9);
    await rehearseAndGrade(stage, 1, false);
    const disputed = await rehearseOne(stage);
    await grade(stage, disputed, true);
    await grade(stage, disputed, false, 'personB');
    stage.pass(14 * dayMs);
    expect(await missing(promote(stage, 1))).toBe('accuracy');
  });
  it('are not earned without an attestation, by an expired one, or by one of another text', async () => {
    await rehearseAndGrade(stage, 10);
    const early = await attested(stage);
    stage.pass(31 * dayMs);
    expect(await missing(promote(stage, 1, 'a'.repeat(64)))).toBe('preflight');
    expect(await missing(promote(stage, 1, early))).toBe('preflight');
  });
  it('are not earned by the grades of another text: an edit starts again', async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(14 * dayMs);
    const edited = { runbooks: [{ text: JSON.stringify({ ...earningRunbook, title: 'an edit' }) }] };
    const notAfter = stage.at(dayMs);
    const rules = await stage.publish({ ...edited, source: { notAfter } });
    const runbook = runbookRef(rules);
    const attestation = await attested(stage, runbook);
    const subject = { type: 'promote', runbook, ring: 1, attestation } as const;
    expect(await missing(post(stage, ...sayBoth(stage, subject)))).toBe('dry_run_days, graded_proposals, accuracy');
    expect(await codeFrom(promote(stage, 1, attestation))).toBe('RECORD_REFUSED');
  });
  it('are not given without the quorum of a promotion', async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(14 * dayMs);
    const subject = { type: 'promote', runbook: runbookRef(stage.rules), ring: 1, attestation: await attested(stage) };
    expect(await codeFrom(post(stage, say(stage, subject as never)))).toBe('QUORUM_MISSING');
  });

  it('take one grade of each person for one proposal', async () => {
    const held = await rehearseOne(stage);
    await grade(stage, held);
    expect(await codeFrom(grade(stage, held, false))).toBe('STATEMENT_REPLAYED');
    expect(await codeFrom(grade(stage, held, false, 'personB'))).toBe('none');
  });
  it('take a grade of a held proposal too', async () => {
    expect(await codeFrom(grade(stage, await hold(stage, await begin(stage))))).toBe('none');
  });
  it('take no grade of what was neither held nor rehearsed', async () => {
    expect(await codeFrom(grade(stage, { digest: 'a'.repeat(64) }))).toBe('RECORD_REFUSED');
  });
  it('take no grade by who proposed: the key of a process is no person’s', async () => {
    const { digest } = await rehearseOne(stage);
    const forged = say(stage, { type: 'grade', proposal: digest, correct: true }, { person: orchestrator.signer.as });
    expect(await codeFrom(post(stage, forged))).toBe('STATEMENT_UNKNOWN_PERSON');
  });
  it('take no grade of a person without that power, nor a forged one', async () => {
    const subject = { type: 'grade', proposal: (await rehearseOne(stage)).digest, correct: true } as const;
    expect(await codeFrom(post(stage, say(stage, subject, { person: 'personD' }, people.personD)))).toBe(
      'STATEMENT_NOT_POWERED',
    );
    expect(await codeFrom(post(stage, say(stage, subject, {}, people.stranger)))).toBe('STATEMENT_BAD_PROOF');
  });
  it('take a signed grade once', async () => {
    const statement = say(stage, { type: 'grade', proposal: (await rehearseOne(stage)).digest, correct: true });
    await post(stage, statement);
    expect(await codeFrom(post(stage, statement))).toBe('STATEMENT_REPLAYED');
  });

  const grant = (change: Parameters<typeof grantSubject>[1] = {}) => post(stage, ...sayGrant(change));
  /** Two persons of a group that may grant. */
  const sayGrant = (change: Parameters<typeof grantSubject>[1]) => sayBoth(stage, grantSubject(stage, change));
  const earnGrant = async (days = 90) => {
    await rehearseAndGrade(stage, 10, true, reversible.name);
    stage.pass(days * dayMs);
    await waive(stage, 1);
  };

  it('earn a grant of one low-risk reversible tool after 90 days, and it can be revoked', async () => {
    await earnGrant();
    const { hash } = await grant();
    expect((await standing()).grants).toMatchObject([{ record: hash, tool: reversible.name, count: 2, used: 0 }]);
    expect(await codeFrom(grant())).toBe('RECORD_REFUSED');
    await post(stage, say(stage, { type: 'revoke', record: hash }));
    expect((await standing()).grants).toEqual([]);
    expect(await sound()).toEqual([]);
  });
  it('earn no grant within 90 days', async () => {
    await earnGrant(89);
    expect(await missing(grant())).toBe('dry_run_days');
  });
  it('earn no grant by the proposals of another tool', async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(90 * dayMs);
    await waive(stage, 1);
    expect(await missing(grant())).toBe('dry_run_days, graded_proposals, accuracy');
  });
  it('earn no grant by days in which the tool itself was not recommended', async () => {
    await rehearseAndGrade(stage, 10);
    stage.pass(80 * dayMs);
    await earnGrant(10);
    expect(await missing(grant())).toBe('dry_run_days');
  });
  it('earn no grant by recommendations that were wrong', async () => {
    await rehearseAndGrade(stage, 3, false, reversible.name);
    await earnGrant();
    expect(await missing(grant())).toBe('accuracy');
  });
  it('earn no grant in ring 0', async () => {
    await rehearseAndGrade(stage, 10, true, reversible.name);
    stage.pass(90 * dayMs);
    expect(await missing(grant())).toBe('ring');
  });
  it('earn no grant of a high-risk tool, of one that cannot be undone, or of one that the runbook has not', async () => {
    await earnGrant();
    for (const tool of ['postgres.terminateBackend', 'postgres.cancelBackend', 'postgres.query', 'unheard.of'])
      expect(await codeFrom(grant({ tool }))).toBe('RECORD_REFUSED');
  });
  it('earn no grant that has ended, or that outlives the time it was earned in', async () => {
    await earnGrant();
    expect(await codeFrom(grant({ until: stage.at(-1) }))).toBe('RECORD_REFUSED');
    expect(await codeFrom(grant({ until: stage.at(91 * dayMs) }))).toBe('RECORD_REFUSED');
  });
  it('earn no grant outside the scopes of the runbook', async () => {
    await earnGrant();
    expect(await codeFrom(grant({ conditions: [{ scope: 'databases', in: ['billing'] }] }))).toBe('RECORD_REFUSED');
    expect(await codeFrom(grant({ conditions: [{ scope: 'databases', in: ['payments'] }] }))).toBe('none');
  });
  it.each([reversible.name, 'SELECT pg_terminate_backend'])(
    'earn no grant of a tool that the boundary keeps for persons: %s',
    async (entry) => {
      await stage.close();
      const boundary = { never_allow: [], require_human: [entry] };
      stage = await openYear(world, { ...earningRunbook, action_boundary: boundary });
      await earnGrant();
      expect(await codeFrom(grant())).toBe('RECORD_REFUSED');
    },
  );

  it('close no breaker that is not open', async () => {
    const { hash } = await stage.as(executor).head();
    expect(await codeFrom(post(stage, ...sayBoth(stage, { type: 'trip-reset', record: hash })))).toBe('RECORD_REFUSED');
  });
  it('are not raised by an attestation alone', async () => {
    await attested(stage);
    expect(await ring()).toBe(0);
  });
});
