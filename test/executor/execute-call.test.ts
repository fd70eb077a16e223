import { randomUUID } from 'node:crypto';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createExecutorActivities } from '../../activities/tools/create-activities.ts';
import type { ExecutorDeps } from '../../activities/tools/executor-deps.ts';
import { createOutbox } from '../../activities/tools/outbox.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { SignedOutcome } from '../../contracts/evidence.ts';
import { fenceId } from '../../contracts/queues.ts';
import type { SignedStatement } from '../../contracts/statement.ts';
import { runbookId } from '../policies/support/rules.ts';
import { describeWith } from '../support/skips.ts';
import { lives, startBlocker, startWaiter, until } from './support/database.ts';
import { type At, activityAt, type Hold, openHouse, openTheatre, type Theatre } from './support/theatre.ts';

type Scene = { hold: Hold; blocker: number };
let house: Awaited<ReturnType<typeof openHouse>>;
let theatre: Theatre;
let ending: (() => Promise<unknown>)[];

/** One session blocks another; ending the first is held. */
async function scene(change?: Parameters<Theatre['hold']>[1]): Promise<Scene> {
  const blocker = await startBlocker(house.database);
  const waiter = await startWaiter(house.database);
  ending.push(
    () => blocker.client.end(),
    () => waiter.done,
    () => waiter.client.end(),
  );
  return { hold: await theatre.hold(blocker.pid, change), blocker: blocker.pid };
}

type Change = { deps?: Partial<ExecutorDeps>; statements?: SignedStatement[]; at?: Partial<At> };
const execute = (hold: Hold, { deps, statements, at }: Change = {}): Promise<SignedOutcome> => {
  const { executeCall } = createExecutorActivities({ ...theatre.deps, ...deps });
  const input = { ...hold, statements: statements ?? [theatre.approve(hold)] };
  return activityAt({ place: hold.place, ...at }).run(executeCall, input);
};
const codeOf = (work: Promise<SignedOutcome>): Promise<string | null | undefined> =>
  work.then(
    ({ payload }) => `returned ${payload.status}`,
    (error: unknown) => (error instanceof ApplicationFailure ? error.type : String(error)),
  );
const alive = (pid: number): Promise<boolean> => lives(house.database, pid);
const kinds = async (hold: Hold) => (await theatre.bodies(hold)).map(({ kind }) => kind);

describeWith(['temporal', 'postgres'], 'executeCall', () => {
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    ending = [];
    theatre = await openTheatre(house.world, house.database);
  });
  afterEach(async () => {
    for (const end of ending) await end();
    await theatre.close();
  });

  it('ends the held session once it is released, and records before it returns', async () => {
    const { hold, blocker } = await scene();
    const outcome = await execute(hold);
    expect(outcome.payload).toMatchObject({ status: 'done', attempt: 1, postcondition: { held: true } });
    expect(await alive(blocker)).toBe(false);
    expect(await kinds(hold)).toEqual(['alert', 'result', 'card', 'statement', 'intent', 'outcome']);
  });

  it('asks for the receipt, the credential and the fences in that order before the effect, and the recorder before it returns', async () => {
    const { hold } = await scene();
    const order: string[] = [];
    const failpoint = (name: string) => void order.push(name.replace('executor.', ''));
    const traced = <T extends (...args: never[]) => unknown>(name: string, work: T): T =>
      ((...args: never[]) => {
        order.push(name);
        return work(...args);
      }) as T;
    const { recorder, broker, fences, outbox } = theatre.deps;
    const deps = {
      failpoint,
      recorder: { ...recorder, receipt: traced('RECEIPT', recorder.receipt) },
      broker: { ...broker, issue: traced('CREDENTIAL', broker.issue) },
      fences: { mustBeOpen: traced('FENCES', fences.mustBeOpen) },
      outbox: { ...outbox, keep: traced('KEEP', outbox.keep), deliver: traced('DELIVER', outbox.deliver) },
    };
    await execute(hold, { deps });
    expect(order.filter((name, index) => name !== order[index - 1])).toEqual([
      // The first is for a look: broker and target answer, or no attempt is spent.
      ...['CREDENTIAL', 'before-receipt', 'RECEIPT', 'after-receipt', 'CREDENTIAL', 'after-credential', 'FENCES'],
      ...['before-effect', 'after-effect'],
      ...['after-sign', 'KEEP', 'after-outbox', 'DELIVER', 'before-return'],
    ]);
  });

  const refusals: readonly (readonly [string, string, (s: Scene) => Promise<SignedOutcome> | SignedOutcome])[] = [
    ['nobody released it', 'RELEASE_MISSING', ({ hold }) => execute(hold, { statements: [] })],
    [
      'somebody outside the directory released it',
      'STATEMENT_BAD_PROOF',
      ({ hold }) => execute(hold, { statements: [forged(hold)] }),
    ],
    [
      'one approved and one rejected',
      'REJECTED',
      ({ hold }) =>
        execute(hold, { statements: [theatre.approve(hold), theatre.approve(hold, { verdict: 'reject' })] }),
    ],
    [
      'the run is another one, as after a Reset',
      'DIGEST_MISMATCH',
      ({ hold }) => execute(hold, { at: { place: { ...hold.place, runId: randomUUID() } } }),
    ],
    [
      'the caller names the run that the digest was minted for',
      'BAD_INPUT',
      ({ hold }) => {
        const action = { ...hold.action, runId: hold.place.runId };
        return execute({ ...hold, action }, { at: { place: { ...hold.place, runId: randomUUID() } } });
      },
    ],
    [
      'the namespace is another one',
      'DIGEST_MISMATCH',
      ({ hold }) => execute(hold, { at: { place: { ...hold.place, namespace: 'other' } } }),
    ],
    ['the card is another one', 'CARD_MISMATCH', ({ hold }) => execute({ ...hold, cardDigest: 'c'.repeat(64) })],
    [
      'another runbook is named',
      'RUNBOOK_MISMATCH',
      ({ hold }) =>
        execute({ ...hold, context: { ...hold.context, runbook: { id: 'other', digest: 'a'.repeat(64) } } }),
    ],
    [
      'another manifest is named',
      'RUNBOOK_MISMATCH',
      ({ hold }) => execute({ ...hold, context: { ...hold.context, manifest: 'a'.repeat(64) } }),
    ],
    [
      'the runbook belongs to another role',
      'NOT_PERMITTED',
      ({ hold }) => execute(hold, { deps: { role: 'billing-db' } }),
    ],
    ['this executor lacks the tool', 'TOOL_UNKNOWN', ({ hold }) => execute(hold, { deps: { tools: new Map() } })],
    [
      'the hold has expired',
      'HOLD_EXPIRED',
      ({ hold }) => {
        const statements = [theatre.approve(hold)];
        theatre.stage.pass(21 * 60_000);
        return execute(hold, { statements });
      },
    ],
    [
      'the release is stale',
      'STATEMENT_STALE',
      ({ hold }) => {
        const statements = [theatre.approve(hold)];
        theatre.stage.pass(11 * 60_000);
        return execute(hold, { statements });
      },
    ],
  ];
  const forged = (hold: Hold): SignedStatement => {
    const signed = theatre.approve(hold);
    return { ...signed, statement: { ...signed.statement, reason: 'another' } };
  };

  it.each(refusals)('has no effect and leaves no intent when %s', async (_, code, act) => {
    const made = await scene();
    expect(await codeOf(Promise.resolve(act(made)))).toBe(code);
    expect(await alive(made.blocker)).toBe(true);
    expect(await kinds(made.hold)).not.toContain('intent');
  });

  it('says of a refusal that no retry will help, and has it recorded', async () => {
    const { hold } = await scene();
    const failure = await execute(hold, { statements: [] }).catch((error: ApplicationFailure) => error);
    expect(failure).toMatchObject({ type: 'RELEASE_MISSING', nonRetryable: true });
    expect(await theatre.bodies(hold)).toContainEqual(
      expect.objectContaining({ kind: 'refusal', code: 'RELEASE_MISSING', what: 'executeCall', digest: hold.digest }),
    );
  });

  it('keeps a rejection in the log, where it wins although only the approval is passed on later', async () => {
    const { hold, blocker } = await scene();
    const both = [theatre.approve(hold), theatre.approve(hold, { verdict: 'reject' })];
    expect(await codeOf(execute(hold, { statements: both }))).toBe('REJECTED');
    expect(await codeOf(execute(hold, { statements: both.slice(0, 1) }))).toBe('REJECTED');
    expect(await alive(blocker)).toBe(true);
  });

  it('does not let go of a rejection that the recorder could not take yet', async () => {
    const { hold } = await scene();
    const postStatements = async () => Promise.reject(new HoldpointError('RECORDER_AWAY', 'recorder: away'));
    const statements = [theatre.approve(hold), theatre.approve(hold, { verdict: 'reject' })];
    const failure = await execute(hold, { statements, deps: { postStatements } }).catch((error: Error) => error);
    expect(failure).toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
  });

  it('has no effect while the recorder is away, and may be tried again', async () => {
    const { hold, blocker } = await scene();
    const away = async () => Promise.reject(new HoldpointError('RECORDER_AWAY', 'recorder: away'));
    const deps = { recorder: { ...theatre.deps.recorder, receipt: away } };
    const failure = await execute(hold, { deps }).catch((error: ApplicationFailure) => error);
    expect(await alive(blocker)).toBe(true);
    expect(failure).toMatchObject({ type: 'RECORDER_AWAY', nonRetryable: false });
  });

  it('has no effect once cancelled, and then no intent', async () => {
    const { hold, blocker } = await scene();
    const env = activityAt({ place: hold.place });
    const { executeCall } = createExecutorActivities({
      ...theatre.deps,
      failpoint: (name) => name === 'executor.before-receipt' && env.cancel(),
    });
    const run = env.run(executeCall, { ...hold, statements: [theatre.approve(hold)] });
    await expect(run).rejects.toBeInstanceOf(CancelledFailure);
    expect(await alive(blocker)).toBe(true);
    expect(await kinds(hold)).not.toContain('intent');
  });

  it.each([
    ['all', { kind: 'all' }],
    ['the runbook', { kind: 'runbook', runbook: runbookId }],
  ] as const)('has no effect after a kill of %s that the log has not seen yet', async (_, scope) => {
    const { hold, blocker } = await scene();
    await house.world.client.workflow.getHandle(fenceId(scope)).cancel();
    expect(await codeOf(execute(hold))).toBe('STOPPED');
    expect(await alive(blocker)).toBe(true);
    const outcome = (await theatre.bodies(hold)).find(({ kind }) => kind === 'outcome');
    expect(outcome).toMatchObject({ status: 'failed', why: expect.stringContaining('STOPPED') });
  });

  it('has no effect when its own run was terminated', async () => {
    const { hold, blocker } = await scene();
    await house.world.client.workflow.getHandle(hold.place.workflowId).terminate();
    expect(await codeOf(execute(hold))).toBe('STOPPED');
    expect(await alive(blocker)).toBe(true);
  });

  it('has no effect when the fences answer too slowly to be fresh', async () => {
    const { hold, blocker } = await scene();
    const { fences } = theatre.deps;
    const slow: ExecutorDeps['fences'] = {
      async mustBeOpen(question) {
        const answer = await fences.mustBeOpen(question);
        await new Promise((resolve) => setTimeout(resolve, 60));
        return answer;
      },
    };
    expect(await codeOf(execute(hold, { deps: { fences: slow } }))).toMatch(/FENCE_UNREACHABLE|RECEIPT_EXPIRED/);
    expect(await alive(blocker)).toBe(true);
  });

  it('has no effect when it sleeps between the last check and the effect', async () => {
    const { hold, blocker } = await scene();
    const sleep = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
    const failpoint = (name: string) => name === 'executor.before-effect' && sleep();
    const outcome = await execute(hold, { deps: { failpoint } });
    expect(outcome.payload).toMatchObject({ status: 'failed', detail: expect.stringContaining('RECEIPT_EXPIRED') });
    expect(await alive(blocker)).toBe(true);
  });

  it.each([
    ['an hour behind', -3_600_000],
    ['three seconds behind', -3_000],
    ['an hour ahead', 3_600_000],
  ])('has no effect with a clock that is %s', async (_, offMs) => {
    const { hold, blocker } = await scene();
    const clock = () => theatre.stage.now() + offMs;
    expect(await codeOf(execute(hold, { deps: { clock } }))).not.toMatch(/returned/);
    expect(await alive(blocker)).toBe(true);
  });

  it('calls a moved target moved, and leaves it', async () => {
    const blocker = await startBlocker(house.database);
    const waiter = await startWaiter(house.database);
    const hold = await theatre.hold(blocker.pid);
    await blocker.client.query('COMMIT');
    expect((await execute(hold)).payload).toMatchObject({ status: 'moved', postcondition: null });
    expect(await alive(blocker.pid)).toBe(true);
    await waiter.done;
    await Promise.all([blocker.client.end(), waiter.client.end()]);
  });

  it('refuses an action whose preconditions are not what was seen', async () => {
    const pinned = { pid: '1', backendStart: '2026-01-01 00:00:00+00', xactStart: '2026-01-01 00:00:00+00' };
    await expect(scene({ preconditions: pinned })).rejects.toMatchObject({ type: 'INVENTORY_INVALID' });
  });

  it('waits with its outcome until the recorder is back, and loses nothing', async () => {
    const { hold, blocker } = await scene();
    let refused = 0;
    const flaky = {
      ...theatre.deps.recorder,
      outcome: async (outcome: SignedOutcome) => {
        if (refused++ < 2) throw new HoldpointError('RECORDER_AWAY', 'recorder: away');
        return theatre.deps.recorder.outcome(outcome);
      },
    };
    const outbox = createOutbox({ dir: theatre.outboxDir, recorder: flaky, log: theatre.deps.log });
    const run = execute(hold, { deps: { outbox } });
    await until(async () => refused === 1);
    expect([await alive(blocker), (await kinds(hold)).includes('outcome')]).toEqual([false, false]);
    expect(await outbox.kept(hold.digest, 1)).not.toBeNull();
    expect((await run).payload.status).toBe('done');
    expect([await kinds(hold), await outbox.kept(hold.digest, 1)]).toEqual([expect.arrayContaining(['outcome']), null]);
  });
});
