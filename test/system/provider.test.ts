import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { ModelProvider } from '../../contracts/config.ts';
import type { JsonObject } from '../../contracts/values.ts';
import { type ProviderServer, type Reply, startProvider } from '../support/providers/server.ts';
import { describeWith } from '../support/skips.ts';
import { approve, raise, untilHeld, untilRecord, untilSealed } from './support/incident.ts';
import { filesOf, historiesOf, leaksIn, surfacesOf } from './support/leaks.ts';
import { runbookWith } from './support/runbook-text.ts';
import { crash } from './support/stops.ts';
import { type Stuck, startStuck } from './support/stuck.ts';
import { eventually, type System, startSystem } from './support/system.ts';

type Shown = { readonly kind: string; readonly tool?: string; readonly hash?: string } & JsonObject;
type Session = {
  readonly entity: string;
  readonly attributes: { readonly blockedCount: number; readonly state: string };
};

/** The lines of evidence in a prompt, as anyone reads them who knows its form. */
function linesOf(user: string): Shown[] {
  const lines = user.split('\n');
  const at = lines.findIndex((line) => /^begin [0-9a-f]{32}$/.test(line));
  const end = lines.findIndex((line) => /^end [0-9a-f]{32}$/.test(line));
  return lines.slice(at + 1, end).map((line) => JSON.parse(line) as Shown);
}
const calling = (name: string, args: object): Reply => ({ say: { calls: [{ name, args }] } });

/** What a sensible model would do: look, end the one session that blocks the others, look no further. */
function investigate({ user }: { readonly user: string }): Reply {
  const lines = linesOf(user);
  const tree = lines.find(({ tool }) => tool === 'postgres.blockingTree');
  const why = 'to see who blocks whom';
  if (lines.some(({ end }) => (end as { end?: string } | undefined)?.end === 'executed'))
    return calling('conclude', { conclusion: 'the blocking session is gone' });
  if (tree === undefined)
    return calling('postgres_blockingTree', { args: { database: 'payments' }, why, hypotheses: [] });
  const sessions = tree.entities as unknown as readonly Session[];
  const root = sessions.find(
    ({ attributes }) => attributes.state === 'idle in transaction' && attributes.blockedCount > 0,
  );
  const target = { entity: root?.entity, resultHash: tree.hash };
  const hypotheses = [{ claim: 'an idle transaction holds the lock', evidence: [tree.hash] }];
  return calling('postgres_terminateBackend', { args: { target }, why: 'it alone blocks the others', hypotheses });
}

describeWith(['temporal', 'postgres'], 'an incident with a model behind a provider', () => {
  const key = 'sk-planted-4c1f9a7e02bd';
  let provider: ProviderServer;
  let system: System;
  let stuck: Stuck;
  beforeAll(async () => {
    provider = await startProvider('openai', key, investigate);
    const settings = ModelProvider.parse({
      name: 'local-1',
      baseUrl: provider.baseUrl,
      turnMsMax: 20_000,
      triesMax: 2,
      pauseMs: 20,
      prices: { inputPerMillion: 1, outputPerMillion: 2 },
    });
    const model = { model: 'openai' as const, provider: settings, providerKey: key };
    system = await startSystem({ model, runbook: runbookWith({ settleMsMax: 500, writesPerHourMax: 20 }) });
  }, 120_000);
  afterEach(() => stuck?.stop());
  afterAll(async () => {
    await system?.stop();
    await provider?.stop();
  });

  it('is solved: read, held with the model’s three lines of why, released, done once and verified', async () => {
    stuck = await startStuck(system.payments);
    const incident = await raise(system);
    const hold = await untilHeld(incident);
    expect(hold.why).toMatch(
      /^it alone blocks the others\nan idle transaction holds the lock \[postgres\.blockingTree [0-9a-f]{8}\]$/,
    );
    await approve(system, incident, hold);
    expect(await incident.result()).toBe('recovered');
    expect(stuck.endedBy()).toBe('57P01');
    await untilSealed(system, incident);
    const proposals = await system.records('proposal', incident.workflowId);
    expect(proposals.map(({ model, usage }) => [model, usage?.requests])).toEqual(Array(3).fill(['openai/local-1', 1]));
    expect(provider.faults).toEqual([]);
  }, 90_000);

  it('ends with a page that says why when the model is down: recorded, and nothing is done', async () => {
    stuck = await startStuck(system.payments);
    provider.next({ status: 503 }, { status: 503 });
    const incident = await raise(system);
    expect(await incident.result()).toBe('gave-up');
    const reason = expect.stringContaining('status 503, at the last of 2 tries');
    const proposal = await untilRecord(system, incident, 'proposal');
    expect(proposal).toMatchObject({ calls: [], failed: { code: 'MODEL_FAILED', reason }, usage: { requests: 2 } });
    const page = await untilRecord(system, incident, 'page', ({ about }) => about === 'gave-up');
    expect(page.detail).toContain('MODEL_FAILED: model `openai/local-1`');
    expect(stuck.endedBy()).toBeNull();
    expect(await untilSealed(system, incident)).not.toContain('intent');
  }, 90_000);

  it('pays once for an answer, although the reasoner is killed after it, and goes on where it was', async () => {
    stuck = await startStuck(system.payments);
    const before = provider.sent.length;
    const useless: Reply = { say: { text: 'well', stop: 'end' } };
    provider.next(useless, 'hang', { say: { calls: [{ name: 'conclude', args: { conclusion: 'done' } }] } });
    const incident = await raise(system);
    await eventually('the repair', () => provider.sent.length === before + 2);
    // What is kept leaves within half a second.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await crash(system, 'reasoner');
    await system.supervisor.start('reasoner');
    const proposal = await untilRecord(system, incident, 'proposal', () => true, 60_000);
    expect(proposal).toMatchObject({ conclusion: 'done', usage: { requests: 3 } });
    const asked = [0, 1, 2].map((at) => provider.said(before + at).user.includes('could not be used'));
    expect(asked, 'the first answer was asked for once').toEqual([false, true, true]);
    await incident.result();
  }, 120_000);

  it('leaves the key in no file, no history and nothing that a process shows of itself', async () => {
    const places = [...filesOf(system), ...(await historiesOf(system)), ...(await surfacesOf(system))];
    expect(leaksIn(places, [{ what: 'key of the provider', text: key }])).toEqual([]);
  }, 60_000);
});
