import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type BrokerClient, createBrokerClient, type IssuedHere } from '../../activities/identity/broker-client.ts';
import type { Minter } from '../../activities/identity/minter.ts';
import type { PostgresCredential } from '../../contracts/broker-api.ts';
import { type FenceScope, fenceId } from '../../contracts/queues.ts';
import type { SignedReceipt } from '../../contracts/receipt.ts';
import { bindAction } from '../../policies/digest.ts';
import { lives, startBlocker, startWaiter, until } from '../executor/support/database.ts';
import { type Hold, openHouse, openTheatre, startTheatreBroker, type Theatre } from '../executor/support/theatre.ts';
import { recorder as recorderProcess, runbookId } from '../policies/support/rules.ts';
import { resume } from '../record/incident.ts';
import { executor, freshRunId, freshText, keys, orchestrator, otherExecutor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';

let house: Awaited<ReturnType<typeof openHouse>>;
let theatre: Theatre;
let broker: BrokerClient;
let hold: Hold;
let blocker: Awaited<ReturnType<typeof startBlocker>>;
let ending: (() => Promise<unknown>)[];

const clientOf = (process: typeof executor, url = theatre.broker.url) =>
  createBrokerClient({ url, signer: process.signer, keys, clock: theatre.stage.now, log: theatre.deps.log });
const receiptOf = (): Promise<SignedReceipt> =>
  theatre.stage.as(executor).receipt({
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
const write = (receipt: SignedReceipt, by = broker) => by.issue({ kind: 'write', receipt });
type Look = { tool?: string; database?: string; runId?: string; workflowId?: string };
type Login = IssuedHere & { readonly credential: PostgresCredential };
const look = (kind: 'read' | 'predict', change: Look = {}, by = broker): Promise<Login> => {
  const { database = 'payments', ...more } = change;
  const tool = kind === 'read' ? 'postgres.blockingTree' : 'postgres.terminateBackend';
  const { workflowId, runId } = hold.place;
  const scopes = [{ kind: 'databases' as const, value: database }];
  return by.issue({ kind, workflowId, runId, tool, ...more, scopes }) as Promise<Login>;
};
const observe = (digest = hold.digest) => broker.issue({ kind: 'observe', workflowId: hold.place.workflowId, digest });
const refused = (work: Promise<unknown>, code: string) => expect(work).rejects.toMatchObject({ code });
const held = () => house.database.minter.issued('payments');
const stop = (scope: FenceScope) => theatre.world.client.workflow.getHandle(fenceId(scope)).cancel();
const signIn = async ({ credential }: Pick<IssuedHere, 'credential'>): Promise<pg.Client> => {
  const session = await house.database.session(credential as PostgresCredential);
  ending.push(() => session.end().catch(() => undefined));
  return session;
};
/** Whether the login still works, and whether the session by it does. */
const works = async (issued: IssuedHere, session: pg.Client) => ({
  login: await signIn(issued).then(
    () => true,
    () => false,
  ),
  session: await session.query('SELECT 1').then(
    () => true,
    () => false,
  ),
});

type Intent = SignedReceipt['payload']['intent'];

describeWith(['temporal', 'postgres'], 'the broker', () => {
  beforeAll(async () => {
    house = await openHouse();
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    theatre = await openTheatre(house.world, house.database);
    broker = theatre.deps.broker;
    blocker = await startBlocker(house.database);
    const waiter = await startWaiter(house.database);
    ending = [() => blocker.client.end().catch(() => undefined), () => waiter.done, () => waiter.client.end()];
    hold = await theatre.hold(blocker.pid);
  });
  afterEach(async () => {
    for (const end of ending) await end();
    await theatre.close();
  });

  it('issues for a receipt one login that can do what its tool does, and nothing else', async () => {
    const issued = await write(await receiptOf());
    expect(issued.credential).toMatchObject({ system: 'postgres', database: 'payments', access: 'terminate' });
    const session = await signIn(issued);
    await expect(session.query('SELECT * FROM payments')).rejects.toMatchObject({ code: '42501' });
    await expect(session.query(`SELECT pg_cancel_backend(${blocker.pid})`)).rejects.toMatchObject({ code: '42501' });
    await session.query(`SELECT pg_terminate_backend(${blocker.pid})`);
    await until(async () => !(await lives(house.database, blocker.pid)));
  });

  it('issues no second one for a receipt, also to two that ask at once', async () => {
    const receipt = await receiptOf();
    const asked = await Promise.allSettled([write(receipt), write(receipt), write(receipt)]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await refused(write(receipt), 'RECEIPT_SPENT');
  });

  it('refuses a receipt that is not the recorder’s word', async () => {
    const receipt = await receiptOf();
    const { payload } = receipt;
    const changed = { ...receipt, payload: { ...payload, startBefore: theatre.stage.at(60_000) } };
    await refused(write(changed), 'BAD_SIGNATURE');
    await refused(write(executor.signer.sign('receipt', payload)), 'BAD_SIGNATURE');
    expect(await held()).toHaveLength(1);
  });

  it.each([
    ['at another place', (intent: Intent) => ({ intent: { ...intent, seq: intent.seq - 1, hash: 'a'.repeat(64) } })],
    ['by another hash', (intent: Intent) => ({ intent: { ...intent, hash: 'a'.repeat(64) } })],
    ['for another action', () => ({ digest: 'b'.repeat(64) })],
    ['for another attempt', () => ({ attempt: 2 })],
  ])('refuses a receipt whose intent the log has %s, whoever signed it', async (_, change) => {
    const { payload } = await receiptOf();
    const other = { ...payload, ...change(payload.intent) };
    await refused(write(recorderProcess.signer.sign('receipt', other)), 'RECEIPT_REFUSED');
  });

  it('refuses a receipt to another executor, and everything to what is none', async () => {
    const receipt = await receiptOf();
    await refused(write(receipt, clientOf(otherExecutor)), 'NOT_PERMITTED');
    await refused(write(receipt, clientOf(orchestrator)), 'NOT_PERMITTED');
    await refused(look('read', {}, clientOf(orchestrator)), 'NOT_PERMITTED');
  });

  it('refuses a receipt whose time is over', async () => {
    const receipt = await receiptOf();
    theatre.stage.pass(2_001);
    await refused(write(receipt), 'RECEIPT_EXPIRED');
  });

  it('refuses a receipt that an earlier life of it may have answered', async () => {
    const receipt = await receiptOf();
    await write(receipt);
    const next = await startTheatreBroker(theatre);
    ending.push(() => next.stop());
    await refused(write(receipt, clientOf(executor, next.url)), 'RECEIPT_EXPIRED');
  });

  it.each([
    ['all', { kind: 'all' }],
    ['the runbook', { kind: 'runbook', runbook: runbookId }],
  ] as const)('issues nothing to write with after a stop of %s, and leaves nothing behind', async (_, scope) => {
    const receipt = await receiptOf();
    const before = await held();
    await stop(scope);
    await refused(write(receipt), 'STOPPED');
    expect((await held()).filter((id) => !before.includes(id))).toEqual([]);
  });

  it.each([
    ['a stop of all', () => stop({ kind: 'all' })],
    ['a stop of the runbook', () => stop({ kind: 'runbook', runbook: runbookId })],
    ['the end of its run', () => theatre.world.client.workflow.getHandle(hold.place.workflowId).terminate()],
    ['a fence that was raised anew', () => resume(theatre.stage, { kind: 'all' })],
    ['its time', async () => theatre.stage.pass(700_000)],
  ])('withdraws with %s what it issued, and ends the sessions by it', async (_, happen) => {
    const issued = [await write(await receiptOf()), await look('read')];
    const sessions = await Promise.all(issued.map(signIn));
    await happen();
    await theatre.broker.look();
    await until(async () => (await held()).length === 0);
    for (const [at, one] of issued.entries())
      expect(await works(one, sessions[at] as pg.Client)).toEqual({ login: false, session: false });
  });

  it('withdraws one that its executor is done with, and no other executor’s', async () => {
    const issued = await write(await receiptOf());
    const session = await signIn(issued);
    await clientOf(otherExecutor).end(issued.id);
    await session.query('SELECT 1');
    await broker.end(issued.id);
    expect(await works(issued, session)).toEqual({ login: false, session: false });
  });

  it('withdraws at its start, and at a sweep, what nobody knows of', async () => {
    const issued = await write(await receiptOf());
    const session = await signIn(issued);
    const next = await startTheatreBroker(theatre);
    ending.push(() => next.stop());
    expect(await works(issued, session)).toEqual({ login: false, session: false });
    const lost = await house.database.credential('terminate');
    await next.sweep();
    await expect(house.database.session(lost)).rejects.toMatchObject({ code: '28P01' });
  });

  it('does not give out what a stop withdrew while it was made', async () => {
    const { minter } = house.database;
    const mint: Minter['mint'] = async (order) => {
      await stop({ kind: 'all' });
      await next.look();
      return minter.mint(order);
    };
    const next = await startTheatreBroker({ ...theatre, database: { ...house.database, minter: { ...minter, mint } } });
    ending.push(() => next.stop());
    await refused(look('read', {}, clientOf(executor, next.url)), 'STOPPED');
    expect(await held()).toEqual([]);
  });

  it('gives one incident one login to read with, and another incident another', async () => {
    const [first, again] = await Promise.all([look('read'), look('read')]);
    expect(again.credential.user).toBe(first.credential.user);
    expect((await look('predict')).credential).toMatchObject({ user: first.credential.user, access: 'monitor' });
    const { workflowId, runId } = (await theatre.incident()).place;
    expect((await look('read', { workflowId, runId })).credential.user).not.toBe(first.credential.user);
    const session = await signIn(first);
    await expect(session.query(`SELECT pg_terminate_backend(${blocker.pid})`)).rejects.toMatchObject({ code: '42501' });
  });

  const looks: readonly (readonly [string, 'read' | 'predict', Look, string])[] = [
    ['with a tool that writes', 'read', { tool: 'postgres.terminateBackend' }, 'NOT_PERMITTED'],
    ['for a prediction of a read', 'predict', { tool: 'postgres.activity' }, 'NOT_PERMITTED'],
    ['with a tool that nobody knows', 'read', { tool: 'postgres.superuser' }, 'TOOL_UNKNOWN'],
    ['with a tool that its runbook does not list', 'read', { tool: 'postgres.indexStats' }, 'NOT_PERMITTED'],
    ['in a database outside the scopes', 'read', { database: 'ledger' }, 'NOT_PERMITTED'],
    ['for a run that does not run', 'read', { runId: freshRunId() }, 'STOPPED'],
    ['for an incident that is not in the log', 'read', { workflowId: 'incident/a/b' }, 'NOT_PERMITTED'],
  ];
  it.each(looks)('issues nothing to look %s', async (_, kind, change, code) => {
    await refused(look(kind, change), code);
  });

  it('issues nothing to look to an executor of another role', async () => {
    await refused(look('read', {}, clientOf(otherExecutor)), 'NOT_PERMITTED');
  });

  it('issues nothing to look for a run that has ended', async () => {
    await theatre.world.client.workflow.getHandle(hold.place.workflowId).terminate();
    await refused(look('read'), 'STOPPED');
  });

  it('lets an executor see what became of its write, also after a stop, and nothing before there is an intent', async () => {
    await refused(observe(), 'NOT_PERMITTED');
    await receiptOf();
    await stop({ kind: 'all' });
    const { credential } = await observe();
    expect(credential.access).toBe('monitor');
    await refused(observe('c'.repeat(64)), 'NOT_PERMITTED');
  });

  it('puts no password in the clear on the wire', async () => {
    const seen: string[] = [];
    const { fetch } = globalThis;
    globalThis.fetch = async (...given) => {
      const reply = await fetch(...given);
      seen.push(await reply.clone().text());
      return reply;
    };
    ending.push(async () => {
      globalThis.fetch = fetch;
    });
    const { credential } = await look('read');
    expect(seen.join()).toContain('sealed');
    expect(seen.join()).not.toContain(credential.password);
  });
});
