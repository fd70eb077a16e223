import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createExecutorActivities } from '../../activities/tools/create-activities.ts';
import type { Tool } from '../../activities/tools/implement.ts';
import { createUnknownSweep } from '../../activities/tools/unknown-outcome.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import { bindAction } from '../../policies/digest.ts';
import { freshText } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { lives, startBlocker, startWaiter } from './support/database.ts';
import { type At, activityAt, type Hold, openHouse, openTheatre, type Theatre } from './support/theatre.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let theatre: Theatre;
let hold: Hold;
let blocker: Awaited<ReturnType<typeof startBlocker>>;
let waiter: Awaited<ReturnType<typeof startWaiter>>;

const execute = (at: Partial<At> = {}, deps = theatre.deps): Promise<SignedOutcome> => {
  const input = { ...hold, statements: [theatre.approve(hold)] };
  return activityAt({ place: hold.place, ...at }).run(createExecutorActivities(deps).executeCall, input);
};
const endOf = (end: PromiseSettledResult<SignedOutcome>): string =>
  end.status === 'fulfilled' ? end.value.payload.status : end.reason.type;
/** What a process leaves that is killed after its receipt: an intent, and nobody who knows what came of it. */
const leaveIntent = () =>
  theatre.deps.recorder.receipt({
    v: 1,
    action: bindAction(hold.action, hold.place),
    digest: hold.digest,
    cardDigest: hold.cardDigest,
    alertRef: hold.context.alertRef,
    activityId: '7',
    activityAttempt: 1,
    execution: freshText(),
    statements: [theatre.approve(hold)],
    grant: null,
  });
/** A write tool that says when it fires. */
const counting = (tool: Tool, onFire: () => void): Tool => {
  if (tool.kind !== 'write') return tool;
  return {
    ...tool,
    arm: async (...given) => {
      const armed = await tool.arm(...given);
      return {
        ...armed,
        fire: (...at) => {
          onFire();
          return armed.fire(...at);
        },
      };
    },
  };
};
/** What an earlier life of this process signed, and could not deliver. */
const doneBefore = (): SignedOutcome =>
  theatre.deps.signer.sign('outcome', {
    v: 1 as const,
    workflowId: hold.place.workflowId,
    runId: hold.place.runId,
    activityId: '7',
    digest: hold.digest,
    attempt: 1,
    status: 'done' as const,
    detail: 'ended',
    result: null,
    postcondition: null,
    startedAt: theatre.stage.at(),
    endedAt: theatre.stage.at(),
  });
const alive = (): Promise<boolean> => lives(house.database, blocker.pid);
const outcomes = async () => (await theatre.bodies(hold)).filter(({ kind }) => kind === 'outcome');
const attemptOver = () => theatre.stage.pass(2_000 + 30_000 + 5_001);

/** One session blocks another in each test, and ending the first is held. */
function holdInEachTest(): void {
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    theatre = await openTheatre(house.world, house.database);
    blocker = await startBlocker(house.database);
    waiter = await startWaiter(house.database);
    hold = await theatre.hold(blocker.pid);
  });
  afterEach(async () => {
    await blocker.client.end();
    await waiter.done;
    await waiter.client.end();
    await theatre.close();
  });
}

describeWith(['temporal', 'postgres'], 'executeCall, again', () => {
  holdInEachTest();

  it('returns the recorded outcome to a retry of the same activity, without another effect', async () => {
    const first = await execute();
    expect(await execute({ attempt: 2 })).toEqual(first);
    expect(await outcomes()).toHaveLength(1);
  });

  it('has one effect when it is scheduled twice', async () => {
    const both = await Promise.allSettled([execute({ activityId: '7' }), execute({ activityId: '8' })]);
    expect(both.map(endOf).sort()).toEqual(['RECEIPT_SPENT', 'done']);
    expect(await outcomes()).toHaveLength(1);
  });

  it('has one effect when one activity attempt runs twice, as an orchestrator can make it that uses an id again', async () => {
    const fired: string[] = [];
    const tools = new Map(
      [...theatre.deps.tools].map(([name, tool]) => [name, counting(tool, () => fired.push(name))]),
    );
    const both = await Promise.allSettled([1, 2].map(() => execute({}, { ...theatre.deps, tools })));
    expect(both.map(endOf).sort()).toEqual(['RECEIPT_SPENT', 'done']);
    expect(fired).toEqual(['postgres.terminateBackend']);
  });

  it('refuses another activity after the first one ended', async () => {
    await execute({ activityId: '7' });
    await expect(execute({ activityId: '8' })).rejects.toMatchObject({ type: 'RECEIPT_SPENT', nonRetryable: true });
  });

  it('has no effect while a lost attempt may still run, and says when to ask again', async () => {
    await leaveIntent();
    const failure = await execute({ attempt: 2 }).catch((error: ApplicationFailure) => error);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({ type: 'RECEIPT_SPENT', nonRetryable: false });
    expect(Number((failure as ApplicationFailure).nextRetryDelay)).toBeGreaterThan(25_000);
    expect(await alive()).toBe(true);
  });

  it('is admitted again after that, and its precondition decides', async () => {
    await leaveIntent();
    attemptOver();
    expect((await execute({ attempt: 2 })).payload).toMatchObject({ status: 'done', attempt: 2 });
  });

  it('calls it moved when the lost attempt had its effect', async () => {
    await leaveIntent();
    await blocker.client.end();
    await waiter.done;
    attemptOver();
    expect((await execute({ attempt: 2 })).payload).toMatchObject({ status: 'moved', attempt: 2 });
  });

  it('says unknown, never refused, when a lost attempt cannot be followed by another', async () => {
    await leaveIntent();
    theatre.stage.pass(11 * 60_000);
    const stale = { ...hold, statements: [] };
    const { executeCall } = createExecutorActivities(theatre.deps);
    const outcome = await activityAt({ place: hold.place, attempt: 2 }).run(executeCall, stale);
    expect(outcome.payload).toMatchObject({ status: 'unknown', attempt: 1, postcondition: { held: false } });
    expect(await alive()).toBe(true);
  });

  it.each([
    ['may be tried again', 2_000 + 30_000 + 5_001],
    ['could not be released any more', 11 * 60_000],
  ])('reports what its disk still holds of a lost attempt that %s: no guess, no second effect', async (_, passMs) => {
    await leaveIntent();
    const statements = [theatre.approve(hold)];
    const known = doneBefore();
    await theatre.deps.outbox.keep(known);
    theatre.stage.pass(passMs);
    const { executeCall } = createExecutorActivities(theatre.deps);
    const again = activityAt({ place: hold.place, attempt: 2 }).run(executeCall, { ...hold, statements });
    expect(await again).toEqual(known);
    expect(await outcomes()).toMatchObject([{ attempt: 1, status: 'done' }]);
    expect([await alive(), await theatre.deps.outbox.kept(hold.digest, 1)]).toEqual([true, null]);
  });

  it('gives a person the unknown outcome that is on the record, and tries nothing', async () => {
    await leaveIntent();
    attemptOver();
    await createUnknownSweep(theatre.deps).sweep();
    expect((await execute({ attempt: 2 })).payload.status).toBe('unknown');
    expect(await alive()).toBe(true);
  });
});

describeWith(['temporal', 'postgres'], 'outcomes that nobody knows', () => {
  holdInEachTest();
  beforeEach(leaveIntent);

  it('are left alone while the attempt may still run', async () => {
    await createUnknownSweep(theatre.deps).sweep();
    expect(await outcomes()).toEqual([]);
  });

  it('are left alone while this process works on the action', async () => {
    attemptOver();
    await theatre.deps.inFlight.during(hold.digest, () => createUnknownSweep(theatre.deps).sweep());
    expect(await outcomes()).toEqual([]);
  });

  it('are called unknown also when the session is gone: that does not say who ended it', async () => {
    await blocker.client.end();
    await waiter.done;
    attemptOver();
    await createUnknownSweep(theatre.deps).sweep();
    expect(await outcomes()).toMatchObject([
      { status: 'unknown', outcome: { payload: { postcondition: { held: true } } } },
    ]);
  });

  it('are signed once, with what was there to see', async () => {
    attemptOver();
    const { sweep } = createUnknownSweep(theatre.deps);
    await sweep();
    await sweep();
    expect(await outcomes()).toMatchObject([
      { status: 'unknown', outcome: { payload: { postcondition: { held: false } } } },
    ]);
    expect(await theatre.deps.recorder.openIntents()).toEqual([]);
  });
});
