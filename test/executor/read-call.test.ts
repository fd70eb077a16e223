import { randomUUID } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { BrokerClient } from '../../activities/identity/broker-client.ts';
import { createExecutorActivities } from '../../activities/tools/create-activities.ts';
import type { SignedResult } from '../../contracts/evidence.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import { runbookData } from '../policies/support/rules.ts';
import { executor } from '../record/stage.ts';
import { describeWith } from '../support/skips.ts';
import { activityAt, openHouse, openTheatre, type Theatre } from './support/theatre.ts';

const query = (sql: string) => ({ tool: 'postgres.query', args: { database: 'payments', sql }, why: 'see' });
const recoveryRead = query('SELECT 1');
const scopes = { databases: ['payments'] };
/** Two counted reads in an incident; one look in each run, set aside in two runs. */
const runbook = {
  ...runbookData,
  tools: [...runbookData.tools, { tool: 'postgres.query', scopes, perIncidentMax: 2 }],
  recovery: { ...runbookData.recovery, reads: [...runbookData.recovery.reads, recoveryRead], settleMsMax: 0 },
};

describeWith(['temporal', 'postgres'], 'readCall', () => {
  let house: Awaited<ReturnType<typeof openHouse>>;
  let theatre: Theatre;
  let incident: Awaited<ReturnType<Theatre['incident']>>;
  beforeAll(async () => {
    [house] = await Promise.all([openHouse(), loadSqlParser()]);
  });
  afterAll(() => house.close());
  beforeEach(async () => {
    const manifest = { runbooks: [{ text: JSON.stringify(runbook) }], limits: { recoveryRunsMax: 2 } };
    theatre = await openTheatre(house.world, house.database, manifest);
    incident = await theatre.incident();
  });
  afterEach(() => theatre.close());

  type At = { readonly step?: number; readonly runId?: string; readonly attempt?: number };
  /** `read`, or why not. */
  const read = (call: typeof recoveryRead, { step = 0, runId, attempt = 1 }: At = {}): Promise<string> => {
    const place = runId === undefined ? incident.place : { ...incident.place, runId };
    // The log's counts are what this is about: runs that never ran get the logins of the one that does.
    const issue: BrokerClient['issue'] = (question) =>
      theatre.deps.broker.issue('runId' in question ? { ...question, runId: incident.place.runId } : question);
    const { readCall } = createExecutorActivities({ ...theatre.deps, broker: { ...theatre.deps.broker, issue } });
    const input = { context: incident.context, step: { step, index: 0 }, call };
    return activityAt({ place, attempt, activityId: randomUUID() })
      .run(readCall, input)
      .then(
        () => 'read',
        (error: unknown) => (error instanceof ApplicationFailure ? `${error.type}: ${error.message}` : String(error)),
      );
  };
  const useUp = async () => {
    for (const step of [0, 1]) expect(await read(query(`SELECT 2 + ${step}`), { step })).toBe('read');
  };
  const countedOut = expect.stringMatching(
    /^VERDICT_NOT_HOLD: .*limits\.per-incident.*`postgres\.query` was used 2 times/,
  );

  it('refuses a read beyond the limit of its tool, in a run born of a Reset too, and says which limit', async () => {
    await useUp();
    expect(await read(query('SELECT 4'), { step: 2 })).toEqual(countedOut);
    expect(await read(query('SELECT 4'), { step: 2, runId: randomUUID() })).toEqual(countedOut);
  });

  it('still verifies recovery when the limit is used up, in a run born of a Reset too', async () => {
    await useUp();
    expect(await read(recoveryRead, { step: 2 })).toBe('read');
    expect(await read(recoveryRead, { step: 2, runId: randomUUID() })).toBe('read');
    expect(await read(recoveryRead, { step: 2, runId: randomUUID() })).toEqual(countedOut);
  });

  it('uses up no counted limit by recovery reads', async () => {
    for (const runId of [undefined, randomUUID()])
      expect(await read(recoveryRead, { step: 2, ...(runId === undefined ? {} : { runId }) })).toBe('read');
    await useUp();
  });

  it.each([
    ['gives each a step of its own', (n: number) => ({ step: n }), 3],
    ['gives all the same step', () => ({ step: 0 }), 4],
    ['runs again and again', (n: number) => ({ step: n, runId: randomUUID() }), 4],
    ['calls each a retry', () => ({ step: 0, attempt: 9 }), 4],
  ] as const)('gains no recovery reads without end for a workflow that %s', async (_name, at, most) => {
    let reads = 0;
    while (reads < 10 && (await read(recoveryRead, at(reads))) === 'read') reads++;
    expect(reads).toBe(most);
  });

  it('takes a read that only resembles a recovery read for an ordinary one', async () => {
    await useUp();
    for (const sql of ['SELECT 1 ', 'select 1', 'SELECT 1, 1'])
      expect(await read(query(sql), { step: 3 })).toEqual(countedOut);
  });

  it('signs no secret of its target: a marker stands there, and a finding tells of it first', async () => {
    const secret = `ghp_${'aB3dE5fG7h'.repeat(3)}aB3dE5`;
    const sql = `SELECT 'gh' || 'p_${secret.slice(4)}' AS note, 'hunter' || '2' AS password`;
    expect(await read(query(sql))).toBe('read');
    const records = await theatre.stage.as(executor).records({ workflow: incident.place.workflowId });
    const bodies = records.map(({ payload }) => payload.body).filter(({ kind }) => /finding|result/.test(kind));
    expect(bodies).toMatchObject([
      {
        kind: 'finding',
        from: 'postgres.query',
        findings: [
          { rule: 'secret.github-token', at: '/rows[]/note', count: 1 },
          { rule: 'secret.password', at: '/rows[]/password', count: 1 },
        ],
      },
      { kind: 'result' },
    ]);
    const ref = bodies[0]?.kind === 'finding' ? bodies[0].ref : '';
    const { payload } = JSON.parse((await theatre.stage.as(executor).getBlob(ref)).toString('utf8')) as SignedResult;
    expect(payload.data.rows).toEqual([['[redacted:github-token]', '[redacted:password]']]);
  });

  it('fails without the words of its target, which may hold a secret', async () => {
    const secret = `ghp_${'aB3dE5fG7h'.repeat(3)}aB3dE5`;
    expect(await read(query(`SELECT ('gh' || 'p_${secret.slice(4)}')::int`))).toMatch(/^BAD_INPUT: .*sqlstate 22P02/);
    const records = await theatre.stage.as(executor).records({ workflow: incident.place.workflowId });
    expect(records.map(({ payload }) => payload.body.kind)).toContain('refusal');
    expect(JSON.stringify(records)).not.toContain(secret);
  });

  it('does not count against a retry what its own lost attempt recorded', async () => {
    await useUp();
    expect(await read(query('SELECT 2 + 1'), { step: 1, attempt: 2 })).toBe('read');
  });
});
