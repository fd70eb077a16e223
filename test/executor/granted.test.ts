import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { judgeCalls } from '../../activities/judge/judge-calls.ts';
import { createExecutorActivities } from '../../activities/tools/create-activities.ts';
import type { ExecutorDeps } from '../../activities/tools/executor-deps.ts';
import type { Tool } from '../../activities/tools/implement.ts';
import type { ToolCall } from '../../contracts/action.ts';
import type { CredentialKind } from '../../contracts/broker-api.ts';
import type { ExecuteInput } from '../../contracts/incident.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { rehearseAndGrade, reversible } from '../record/earning.ts';
import { giveGrant, grantedRunbook, wide } from '../record/granting.ts';
import { begin, post, say, waive } from '../record/incident.ts';
import { dayMs, freshRunId } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { lives, startBlocker, startWaiter } from './support/database.ts';
import { activityAt, type Hold, openHouse, openTheatre, type Theatre, tool } from './support/theatre.ts';

const root = { from: 'postgres.blockingTree', kind: 'backend', where: { role: { eq: 'root' } } };
const [look, , ...rest] = grantedRunbook.playbook;
const pause = { tool: reversible.name, target: 'entity', why: 'it is the one that blocks' };
const runbook = {
  ...grantedRunbook,
  playbook: [look, { id: 'pause', when: { exactly: 1, entity: root }, do: { calls: [pause] } }, ...rest],
};

describeWith('temporal', 'the executor, asked to act by a grant', () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let theatre: Theatre;
  let deps: ExecutorDeps;
  let blocker: Awaited<ReturnType<typeof startBlocker>>;
  let waiter: Awaited<ReturnType<typeof startWaiter>>;
  let hold: Hold;
  let grant: string;

  beforeAll(async () => {
    house = await openHouse();
    const { minter } = house.database;
    const { accessOf } = minter;
    Object.assign(minter, {
      accessOf: (kind: CredentialKind, name: string, own: string) =>
        accessOf(kind, name === reversible.name ? tool : name, own),
    });
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    const source = { notAfter: new Date(Date.now() + 400 * dayMs).toISOString() };
    theatre = await openTheatre(house.world, house.database, {
      limits: wide,
      runbooks: [{ text: JSON.stringify(runbook) }],
      source,
    });
    const { stage } = theatre;
    // The tool of the tests that can be undone does what ends a session.
    const ending = theatre.deps.tools.get(tool);
    if (ending?.kind !== 'write') throw new Error('no tool');
    deps = theatre.deps;
    (deps.tools as Map<string, Tool>).set(reversible.name, { ...ending, contract: reversible });
    await rehearseAndGrade(stage, 10, true, reversible.name);
    stage.pass(90 * dayMs);
    await waive(stage, 1);
    grant = await giveGrant(stage);
    blocker = await startBlocker(house.database);
    waiter = await startWaiter(house.database);
    stage.pass(5);
    hold = await theatre.hold(blocker.pid, { tool: reversible.name });
  });
  afterEach(async () => {
    await blocker.client.query('ROLLBACK').catch(() => undefined);
    await waiter.done;
    await theatre.close();
  });

  const execute = (change: Partial<ExecuteInput> = {}, attempt = 1, with_: ExecutorDeps = deps) => {
    const input = { ...hold, statements: [], grant, ...change };
    return activityAt({ place: hold.place, attempt }).run(createExecutorActivities(with_).executeCall, input);
  };
  const refused = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ type: code });
  const kinds = async (kind: RecordBody['kind']) => (await theatre.bodies(hold)).filter((body) => body.kind === kind);
  /** Nothing was admitted and nothing happened. */
  const untouched = async () => {
    expect(await kinds('intent')).toEqual([]);
    expect(await lives(house.database, blocker.pid)).toBe(true);
  };

  it('acts where its own judgement names that grant, and the log has both', async () => {
    expect((await execute()).payload).toMatchObject({ status: 'done', postcondition: { held: true } });
    expect(await lives(house.database, blocker.pid)).toBe(false);
    expect(await kinds('intent')).toMatchObject([{ request: { grant, statements: [] } }]);
  });
  it('refuses a grant that its own judgement does not name', async () => {
    let asked = 0;
    const receipt: ExecutorDeps['recorder']['receipt'] = (request) => {
      asked += 1;
      return deps.recorder.receipt(request);
    };
    const counting = { ...deps, recorder: { ...deps.recorder, receipt } };
    await refused(execute({ grant: 'a'.repeat(64) }, 1, counting), 'NOT_GRANTED');
    expect(asked).toBe(0);
    await refused(execute({ grant: 'no hash' }), 'BAD_INPUT');
    expect(await kinds('refusal')).toMatchObject([{ code: 'NOT_GRANTED' }, { code: 'BAD_INPUT' }]);
    await untouched();
  });
  it('refuses a grant beside statements of persons', async () => {
    await refused(execute({ statements: [theatre.approve(hold)] }), 'NOT_GRANTED');
    await untouched();
  });
  it('refuses with neither a grant nor a statement, whatever it would judge itself', async () => {
    await refused(execute({ grant: null }), 'RELEASE_MISSING');
    await untouched();
  });
  it('refuses once the grant is revoked', async () => {
    await post(theatre.stage, say(theatre.stage, { type: 'revoke', record: grant }));
    await refused(execute(), 'NOT_GRANTED');
    await untouched();
  });
  it('refuses over evidence that has grown old', async () => {
    theatre.stage.pass(600_001);
    await refused(execute(), 'NOT_GRANTED');
    await untouched();
  });
  it('refuses where the log has another run of the incident', async () => {
    await begin(theatre.stage, theatre.stage.rules, { workflowId: hold.place.workflowId, runId: freshRunId() });
    await refused(execute(), 'NOT_GRANTED');
    await untouched();
  });
  it('refuses where a newer read of its own shows that the playbook would do something else', async () => {
    const call = { tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'look again' };
    const input = { context: hold.context, step: { step: 0, index: 1 }, call };
    await activityAt({ place: hold.place, activityId: '8' }).run(createExecutorActivities(deps).readCall, input);
    await refused(execute(), 'NOT_GRANTED');
    await untouched();
  });
  it('acts on the word of persons all the same', async () => {
    const statements = [theatre.approve(hold)];
    expect((await execute({ grant: null, statements })).payload.status).toBe('done');
    expect(await kinds('intent')).toMatchObject([{ request: { grant: null } }]);
  });
  it('does not act again when it died between receipt and effect: it says what it sees', async () => {
    const dying = { ...deps, failpoint: failAt('executor.after-receipt') };
    await expect(execute({}, 1, dying)).rejects.toThrow();
    await refused(execute({}, 2), 'RECEIPT_SPENT');
    theatre.stage.pass(2_000 + 30_000 + 5_001);
    expect((await execute({}, 3)).payload).toMatchObject({ status: 'unknown', attempt: 1 });
    expect(await kinds('intent')).toHaveLength(1);
    expect(await lives(house.database, blocker.pid)).toBe(true);
  });
  it('is what the orchestrator judges too, until a person was asked; its action lives no longer than its evidence', async () => {
    const { place, context } = await theatre.incident();
    const read = { tool: 'postgres.blockingTree', args: { database: 'payments' }, why: 'who blocks whom' };
    const input = { context, step: { step: 0, index: 0 }, call: read };
    const { resultHash } = await activityAt({ place }).run(createExecutorActivities(deps).readCall, input);
    const { entity } = (hold.action.args as { target: { entity: string } }).target;
    const judge = async (at: Pick<Hold, 'place' | 'context'>, args: ToolCall['args']) => {
      const calls = [{ tool: reversible.name, args, why: 'it blocks' }];
      const [judged] = await judgeCalls({ context: at.context, step: 1, firstIndex: 0, calls }, at.place, deps);
      return judged;
    };
    const judged = await judge({ place, context }, { target: { entity, resultHash } });
    expect(judged?.verdict).toMatchObject({ kind: 'auto', grant });
    expect(Date.parse(judged?.action?.expiresAt ?? '')).toBeLessThanOrEqual(theatre.stage.now() + 600_000);
    expect((await judge(hold, hold.action.args))?.verdict).toMatchObject({ kind: 'hold', rule: 'ring.hold-low' });
  });
  const failAt = (where: string) => (point: string) => {
    if (point === where) throw new Error('killed');
  };
});
