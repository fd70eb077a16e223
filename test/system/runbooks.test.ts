import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../support/skips.ts';
import { approve, raise, untilHeld, untilRecord, untilSealed } from './support/incident.ts';
import { eventually, type System, startSystem } from './support/system.ts';

const root = join(import.meta.dirname, '..', '..');
/** A shipped runbook with thresholds that a test can wait for. */
function shipped(id: string, ...edits: readonly (readonly [RegExp, string])[]): string {
  let text = readFileSync(join(root, 'runbooks', `${id}.yaml`), 'utf8');
  for (const [from, to] of edits) {
    if (!from.test(text)) throw new Error(`expected ${from} in \`${id}\``);
    text = text.replace(from, to);
  }
  return text;
}

let system: System | null = null;
const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.end().catch(() => undefined)));
  await system?.stop();
  system = null;
});

/** A session of the payments service, and how it ended: null while it lives. */
async function session({ payments }: System, application: string) {
  const client = new Client({ connectionString: payments.applicationUrl, application_name: application });
  let ended: string | null = null;
  client.on('error', (error: Error & { code?: string }) => {
    ended ??= error.code ?? 'closed';
  });
  await client.connect();
  open.push(client);
  return { client, endedBy: () => ended };
}

describeWith(['temporal', 'postgres'], 'postgres-connections-exhausted', () => {
  const id = 'postgres-connections-exhausted';
  it('ends the session that has been idle longest, one release each, until there is room', async () => {
    const text = shipped(
      id,
      [/gte: 80 \}/g, 'gte: 25 }'],
      [/gte: 600000/g, 'gte: 1500'],
      [/settleMsMax: \d+/, 'settleMsMax: 0'],
    );
    const own = await startSystem({ runbook: text, runbookId: id });
    system = own;
    const leaked: Awaited<ReturnType<typeof session>>[] = [];
    for (let index = 0; index < 40; index++) leaked.push(await session(own, `leaky-${index}`));
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const incident = await raise(own, { labels: { alertname: 'PaymentsConnectionsExhausted' } });
    const first = await untilHeld(incident);
    expect(first).toMatchObject({ tool: 'postgres.terminateBackend', risk: 'high' });
    await approve(own, incident, first);
    const second = await untilHeld(incident, first.digest);
    expect(leaked.map(({ endedBy }) => endedBy()).filter((code) => code !== null)).toEqual(['57P01']);
    expect(leaked[0]?.endedBy()).toBe('57P01');
    await Promise.all(leaked.slice(2).map(({ client }) => client.end()));
    await approve(own, incident, second);
    expect(await incident.result()).toBe('recovered');
    await eventually('the second to be gone', () => leaked[1]?.endedBy() === '57P01');
    expect(await untilSealed(own, incident)).toContain('outcome');
  }, 180_000);
});

describeWith(['temporal', 'postgres'], 'postgres-runaway-query', () => {
  const id = 'postgres-runaway-query';
  const start = async () => {
    const text = shipped(id, [/gte: 300000/g, 'gte: 1500'], [/settleMsMax: \d+/, 'settleMsMax: 0']);
    system = await startSystem({ runbook: text, runbookId: id });
    return system;
  };
  const runaway = async (own: System) => {
    const { client } = await session(own, 'report');
    return client.query('SELECT pg_sleep(600)').then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
  };

  it('cancels the one statement that has run too long, and leaves its session', async () => {
    const own = await start();
    const statement = runaway(own);
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const incident = await raise(own, { labels: { alertname: 'PaymentsRunawayQuery' } });
    const hold = await untilHeld(incident);
    expect(hold).toMatchObject({ tool: 'postgres.cancelBackend', risk: 'low' });
    await approve(own, incident, hold);
    expect(await statement).toBe('57014');
    expect(await incident.result()).toBe('recovered');
  }, 120_000);

  it('proposes nothing where two statements run long: a person decides which may go', async () => {
    const own = await start();
    const both = [runaway(own), runaway(own)];
    await new Promise((resolve) => setTimeout(resolve, 1_600));
    const incident = await raise(own, { labels: { alertname: 'PaymentsRunawayQuery' } });
    expect(await incident.result()).toBe('concluded');
    const concluded = await untilRecord(own, incident, 'proposal', ({ conclusion }) => conclusion !== null);
    expect(concluded.conclusion).toMatch(/more than one statement/);
    expect(await own.records('card', incident.workflowId)).toEqual([]);
    await Promise.all(open.splice(0).map((client) => client.end()));
    await Promise.all(both);
  }, 120_000);
});
