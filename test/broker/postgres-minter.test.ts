import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresCredential } from '../../contracts/broker-api.ts';
import type { PostgresAccess } from '../../contracts/tools/postgres-access.ts';
import { type Database, freshId, pidOf, startBlocker, startDatabase } from '../executor/support/database.ts';
import { describeWith } from '../support/skips.ts';

let database: Database;
const place = 'payments';
const mint = async (access: PostgresAccess, lifeMs = 60_000, id = freshId()) =>
  (await database.minter.mint({ id, access, place, lifeMs, note: 'a test' })) as PostgresCredential;
const idOf = ({ user }: PostgresCredential): string => user.slice(-24);
const withdraw = (credential: PostgresCredential) => database.minter.withdraw(place, idOf(credential));
/** SQLSTATE of a sign-in and one statement; `ok` when both pass. */
const signIn = async (login: PostgresCredential | 'holdpoint_broker', sql = 'SELECT 1'): Promise<string> => {
  try {
    const session = await database.session(login);
    return await session.query(sql).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const asAdmin = async (sql: string) => (await (await database.session('admin')).query(sql)).rows;

describeWith('postgres', 'a login that is made for one call', () => {
  beforeAll(async () => {
    database = await startDatabase();
  });
  afterAll(() => database.stop());

  it('has an end by the clock of the server, a bound on its connections, and the settings of its group', async () => {
    const credential = await mint('terminate');
    const [role] = await asAdmin(
      `SELECT rolconnlimit AS sessions, rolcanlogin AS login, rolvaliduntil - clock_timestamp() < interval '61 s' AS ends,
        rolpassword LIKE 'SCRAM-SHA-256$%' AS verifier FROM pg_authid WHERE rolname = '${credential.user}'`,
    );
    expect(role).toEqual({ sessions: 1, login: true, ends: true, verifier: true });
    const session = await database.session(credential);
    const { rows } = await session.query(`SELECT current_setting('statement_timeout') AS statement,
      current_setting('default_transaction_read_only') AS read_only`);
    expect(rows).toEqual([{ statement: '10s', read_only: 'on' }]);
    expect(await signIn(credential)).toBe('53300');
  });

  it('cannot sign in after its end; a session that is open stays, until it is withdrawn', async () => {
    const credential = await mint('monitor', 1_000);
    const session = await database.session(credential);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(await signIn(credential)).toBe('28P01');
    await session.query('SELECT 1');
    await withdraw(credential);
    await expect(session.query('SELECT 1')).rejects.toThrow();
  });

  it('is gone with its sessions once it is withdrawn, also one that is in the middle of something', async () => {
    const credential = await mint('query');
    const session = await database.session(credential);
    const pid = await pidOf(session);
    await session.query('CREATE TEMP TABLE mine (a int)').catch(() => undefined);
    await session.query('BEGIN READ WRITE; CREATE TEMP TABLE mine (a int); COMMIT');
    const running = session.query('SELECT pg_sleep(4)').then(
      () => 'done',
      (error: { code: string }) => error.code,
    );
    await withdraw(credential);
    expect(await running).toBe('57P01');
    expect(await asAdmin(`SELECT 1 FROM pg_stat_activity WHERE pid = ${pid}`)).toEqual([]);
    expect(await asAdmin(`SELECT 1 FROM pg_roles WHERE rolname = '${credential.user}'`)).toEqual([]);
    expect(await signIn(credential)).toBe('28P01');
    await withdraw(credential);
  });

  it('has the powers of its own group alone, and of none once it is closed', async () => {
    const blocker = await startBlocker(database, 2);
    const [cancel, terminate] = [await mint('cancel'), await mint('terminate')];
    expect(await signIn(cancel, `SELECT pg_terminate_backend(${blocker.pid})`)).toBe('42501');
    expect(await signIn(await mint('monitor'), `SELECT pg_cancel_backend(${blocker.pid})`)).toBe('42501');
    const session = await database.session(terminate);
    const broker = await database.session('holdpoint_broker');
    await broker.query('SELECT holdpoint.close($1)', [terminate.user]);
    await expect(session.query(`SELECT pg_terminate_backend(${blocker.pid})`)).rejects.toMatchObject({ code: '42501' });
    expect(await signIn(terminate)).toBe('28000');
    await blocker.client.end();
  });

  it('is found by its name and its comment together', async () => {
    const [credential, alike] = [await mint('monitor'), `holdpoint_c_${freshId()}`];
    await asAdmin(`CREATE ROLE ${alike} LOGIN`);
    const issued = await database.minter.issued(place);
    expect(issued).toContain(idOf(credential));
    expect(issued).not.toContain(alike.slice(-24));
    await database.minter.withdraw(place, alike.slice(-24));
    expect(await asAdmin(`SELECT rolcanlogin FROM pg_roles WHERE rolname = '${alike}'`)).toEqual([
      { rolcanlogin: true },
    ]);
  });

  it('shows nothing secret where it cannot be made', async () => {
    const id = freshId();
    await mint('monitor', 60_000, id);
    const error = await mint('monitor', 60_000, id).catch((failed: Error) => failed);
    expect(error).toMatchObject({ code: 'BAD_INPUT' });
    expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toMatch(/password|SCRAM|postgres:\/\//);
  });

  describe('the login that has them made', () => {
    const id = 'a'.repeat(24);
    const verifier = `SCRAM-SHA-256$4096:${'A'.repeat(22)}==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`;
    const order = (change: Record<string, string> = {}) => {
      const given = { login: `holdpoint_c_${id}`, verifier, access: 'monitor', seconds: '60', ...change };
      return `SELECT holdpoint.mint('${given.login}', '${given.verifier}', '${given.access}', ${given.seconds}, 'x')`;
    };
    it.each([
      ['a day-long one', order({ seconds: '86400' })],
      ['one for more than ten minutes', order({ seconds: '601' })],
      ['one that never ends', order({ seconds: 'NULL' })],
      ['one under another name', order({ login: 'app' })],
      ['one with other powers', order({ access: 'broker' })],
      ['a password in plain text', order({ verifier: 'secret' })],
      ['a role by itself', 'CREATE ROLE mine LOGIN'],
      ['membership of a group', 'GRANT holdpoint_query TO holdpoint_broker'],
      ['the place of a group', 'SET ROLE holdpoint_query'],
      ['the place of the minter', 'SET ROLE holdpoint_minter'],
      ['a table', 'SELECT * FROM payments'],
      ['the end of a session', `SELECT pg_terminate_backend(1)`],
      ['a password of somebody', 'SELECT rolpassword FROM pg_authid'],
    ])('is refused %s', async (_, sql) => {
      expect(await signIn('holdpoint_broker', sql)).toBe('42501');
    });

    it('leaves logins alone that it did not have made', async () => {
      for (const step of ['close', 'remove'])
        expect(await signIn('holdpoint_broker', `SELECT holdpoint.${step}('app')`)).toBe('ok');
      expect(await asAdmin(`SELECT rolcanlogin FROM pg_roles WHERE rolname = 'app'`)).toEqual([{ rolcanlogin: true }]);
    });
  });
});
