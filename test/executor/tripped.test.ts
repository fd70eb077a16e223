import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createExecutorActivities } from '../../activities/tools/create-activities.ts';
import { runbookData } from '../policies/support/rules.ts';
import { runbookRef } from '../record/incident.ts';
import { executor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { startBlocker, startWaiter } from './support/database.ts';
import { activityAt, type Hold, openHouse, openTheatre, type Theatre, tool } from './support/theatre.ts';

const text = (change: object) => ({ runbooks: [{ text: JSON.stringify({ ...runbookData, ...change }) }] });

describeWith(['temporal', 'postgres'], 'executeCall and what standing makes of it', () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let theatre: Theatre;
  let ending: (() => Promise<unknown>)[];
  const scene = async () => {
    const blocker = await startBlocker(house.database);
    const waiter = await startWaiter(house.database);
    ending.push(
      () => blocker.client.end(),
      () => waiter.done,
      () => waiter.client.end(),
    );
    return { hold: await theatre.hold(blocker.pid), pid: blocker.pid };
  };
  const execute = (hold: Hold): Promise<string | null | undefined> =>
    activityAt({ place: hold.place })
      .run(createExecutorActivities(theatre.deps).executeCall, { ...hold, statements: [theatre.approve(hold)] })
      .then(
        ({ payload }) => payload.status,
        (error: unknown) => (error instanceof ApplicationFailure ? error.type : String(error)),
      );
  const alive = async (pid: number): Promise<boolean> => {
    const admin = await house.database.session('admin');
    const { rows } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [pid]);
    await admin.end();
    return rows.length > 0;
  };
  const standing = async () =>
    (await theatre.stage.as(executor).standing(runbookRef(theatre.stage.rules))).payload.standing;

  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    ending = [];
    theatre = await openTheatre(house.world, house.database, text({ circuit_breaker: { destructive: { count: 1 } } }));
  });
  afterEach(async () => {
    for (const end of ending) await end();
    await theatre.close();
  });

  it('has no effect once the breaker opened, and says so, before and after it knows of the trip', async () => {
    expect(await execute((await scene()).hold)).toBe('done');
    const { hold, pid } = await scene();
    expect(await execute(hold)).toBe('BREAKER_OPEN');
    expect((await standing()).trip).toMatchObject({ limit: 'destructive' });
    expect(await execute(hold)).toBe('BREAKER_OPEN');
    expect(await alive(pid)).toBe(true);
  });
  it('records the rule that denied what was held: a policy hit demotes its runbook at once', async () => {
    const { hold, pid } = await scene();
    const boundary = { never_allow: [tool], require_human: [] };
    await theatre.stage.publish(text({ action_boundary: boundary }));
    await theatre.deps.manifests.reload();
    expect(await execute(hold)).toBe('VERDICT_NOT_HOLD');
    const refusals = (await theatre.bodies(hold)).filter(({ kind }) => kind === 'refusal');
    expect(refusals).toMatchObject([{ rule: 'boundary.never-allow', digest: hold.digest }]);
    expect(await standing()).toMatchObject({ ring: 0, rule: 'standing.demoted-policy-hit' });
    expect(await alive(pid)).toBe(true);
  });
});
