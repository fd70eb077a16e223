import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Look, Telling } from '../../contracts/governor.ts';
import { governorId } from '../../contracts/queues.ts';
import { runbookId } from '../policies/support/rules.ts';
import { earningRunbook, openYear, rehearseAndGrade, rehearseOne, yearFrom } from '../record/earning.ts';
import { begin, codeFrom, hold, post, runbookRef, say, waive } from '../record/incident.ts';
import { dayMs, executor, openWorld, orchestrator, type Stage, type World } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { type GovernorUnderTest, governorOver } from './under-test.ts';

const minuteMs = 60_000;

describeWith('temporal', 'the activities of a governor', () => {
  let world: World;
  let stage: Stage;
  let governor: GovernorUnderTest;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openYear(world);
    governor = await governorOver(stage);
  });
  afterEach(() => stage.close());

  const at = (workflowId: string) =>
    new MockActivityEnvironment({ workflowExecution: { workflowId, runId: 'a'.repeat(36) } });
  const look = (workflowId = governorId(runbookId)): Promise<Look> =>
    at(workflowId).run(governor.activities.lookAtRunbook);
  const tell = (telling: Telling, workflowId = governorId(runbookId)): Promise<boolean> =>
    at(workflowId).run(governor.activities.tellOfRunbook, telling);
  const tellAll = async (): Promise<string[]> => {
    const { due } = await look();
    for (const telling of due) await tell(telling);
    return due.map(({ about }) => about);
  };
  const typeOf = (work: Promise<unknown>): Promise<unknown> =>
    work.then(
      () => 'none',
      (error: { type?: string }) => error.type,
    );
  const grades = { scope: `runbook/${runbookId}/grades`, about: 'grades-wait', after: null } as const;

  it('see what the recorder goes by: days, grades, what is missing, and what waits', async () => {
    await rehearseAndGrade(stage, 2);
    await rehearseOne(stage);
    stage.pass(dayMs);
    const { report } = await look();
    expect(report).toMatchObject({ runbook: runbookRef(stage.rules), ungraded: { count: 1 }, holds: [] });
    expect(report?.dryRun).toMatchObject({ daysMin: 14, graded: 2, gradedMin: 10 });
    expect(report?.missing.map(({ condition }) => condition)).toEqual([
      'dry_run_days',
      'graded_proposals',
      'accuracy',
      'preflight',
    ]);
  });
  it('tell what is due once, and record it', async () => {
    await rehearseOne(stage);
    stage.pass(3 * dayMs);
    expect(await tell(grades)).toBe(true);
    expect(await tell(grades)).toBe(false);
    expect(governor.pages).toMatchObject([{ about: 'grades-wait', scope: grades.scope, runbook: runbookId }]);
    const { told } = await stage.as(executor).governed(runbookId);
    expect(told).toMatchObject([{ scope: grades.scope, about: 'grades-wait' }]);
  });
  it('tell nothing that is not due by the log, whatever a workflow asks for', async () => {
    for (const asked of [
      grades,
      { ...grades, scope: 'breaker/all', about: 'breaker-stays-open' as const },
      { ...grades, about: 'matter-over' as const },
      { ...grades, scope: 'the database is gone, call this number', about: 'promotion-ready' as const },
    ])
      expect(await tell(asked)).toBe(false);
    expect(governor.pages).toEqual([]);
  });
  it('serve no workflow that is not the one governor of a runbook', async () => {
    for (const id of ['incident/test/1', 'governor/', `x/governor/${runbookId}`, `governor/${runbookId}/2`])
      expect(await typeOf(look(id))).toBe('BAD_INPUT');
    expect(await look('governor/unheard-of')).toMatchObject({ report: null, due: [] });
  });
  it('wait while recorder and orchestrator go by different manifests', async () => {
    const text = JSON.stringify({ ...earningRunbook, title: 'an edit' });
    await stage.publish({ runbooks: [{ text }], source: yearFrom(stage.now()) });
    expect(await typeOf(look())).toBe('STANDING_STALE');
    await governor.reload();
    expect((await look()).report?.standing.ring).toBe(0);
  });
  it('warn before a waiver ends, and say when it has', async () => {
    await waive(stage, 1, stage.rules, 60 * minuteMs);
    expect((await look()).againMs).toBeLessThanOrEqual(10 * minuteMs);
    stage.pass(46 * minuteMs);
    expect(await tellAll()).toEqual(['standing-ends']);
    stage.pass(15 * minuteMs);
    expect(await tellAll()).toEqual(['matter-over']);
    expect(await tellAll()).toEqual([]);
  });
  it('remind of a hold that nobody decided, on its own alert, once', async () => {
    const held = await hold(stage, await begin(stage));
    expect(await tellAll()).toEqual([]);
    stage.pass(16 * minuteMs);
    expect(await tellAll()).toEqual(['hold-still-waits']);
    expect(governor.pages[0]).toMatchObject({ digest: held.digest, workflowId: held.incident.workflowId, scope: null });
    expect(await tellAll()).toEqual([]);
  });
  it('say that the grading queue is empty again', async () => {
    const one = await rehearseOne(stage);
    stage.pass(3 * dayMs);
    await tellAll();
    await post(stage, say(stage, { type: 'grade', proposal: one.digest, correct: true }));
    expect(await tellAll()).toEqual(['matter-over']);
  });
  it('are refused by no recorder for a page that another told at the same moment: one of them is kept', async () => {
    await rehearseOne(stage);
    stage.pass(3 * dayMs);
    await Promise.all([tell(grades), tell(grades), tell(grades)]);
    const records = await stage.as(executor).records({ limit: 500 });
    expect(records.filter(({ payload }) => payload.body.kind === 'page')).toHaveLength(1);
  });
  it('may have nothing recorded but the page: a trip or a promotion in the key of an orchestrator is refused', async () => {
    const body = { kind: 'standing', change: 'promote', runbook: runbookRef(stage.rules), statements: [] } as const;
    expect(await codeFrom(stage.as(orchestrator).append({ ...body, statements: [] }))).toBe('NOT_PERMITTED');
  });
});
