import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import type { ReceiptRequest } from '../../contracts/receipt.ts';
import { describeWith } from '../support/skips.ts';
import { ask, endWell, giveGrant, look, openEarned, proposed, proposedAnew } from './granting.ts';
import { begin, type Held, hold, post, requestOf, say } from './incident.ts';
import { segmentsOnDisk } from './segments-on-disk.ts';
import { executor, keys, openWorld, type Stage, type World } from './stage.ts';

describeWith('temporal', 'an intent by a grant, in an archive', () => {
  let world: World;
  let stage: Stage;
  let grant: string;

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openEarned(world);
    grant = await giveGrant(stage, { count: 1 });
  });
  afterEach(() => stage.close());

  /** What one who holds the recorder's key could write: an intent that nobody admitted. Answers what the auditor says of it. */
  const forge = async (held: Held, change: Partial<ReceiptRequest> = {}): Promise<string> => {
    const { log } = stage.recorder;
    const { workflowId, runId } = held.incident;
    const request = requestOf(held, [], { grant, ...change });
    const { all, runbook } = await stage.as(executor).fences(held.action.runbook.id);
    const fences = { all: all?.runId ?? '', runbook: runbook?.runId ?? '' };
    const now = stage.now();
    const times = { issuedAt: new Date(now).toISOString(), startBefore: new Date(now + 2_000).toISOString() };
    const place = { kind: 'intent', workflowId, runId, digest: held.digest, attempt: 1 } as const;
    const by = executor.signer.as;
    const { seq } = await log.write((writer) => writer.append({ ...place, executor: by, request, fences, ...times }));
    const { faults } = await verifyArchive({ dir: stage.archive, keys });
    expect(faults.filter(({ object }) => object !== segmentsOnDisk(stage.archive).keyOf(seq))).toEqual([]);
    return faults[0]?.reason ?? 'nothing';
  };

  it('is accepted as the recorder admitted it, and so is the outcome', async () => {
    const held = await proposedAnew(stage);
    await ask(stage, held, grant);
    await endWell(stage, held);
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  });
  it('is found by nothing but what the log does not admit: one that it does is accepted', async () => {
    stage.pass(5);
    expect(await forge(await proposedAnew(stage))).toBe('nothing');
  });
  it('is found when the grant is used up', async () => {
    const held = await proposedAnew(stage);
    await ask(stage, held, grant);
    await endWell(stage, held);
    expect(await forge(await proposedAnew(stage, { pid: 4_712 }))).toContain('NOT_GRANTED');
  });
  it('is found when the log holds no such grant', async () => {
    expect(await forge(await proposedAnew(stage), { grant: 'a'.repeat(64) })).toContain('NOT_GRANTED');
  });
  it('is found when it names neither a grant nor statements', async () => {
    expect(await forge(await proposedAnew(stage), { grant: null })).toContain('RELEASE_MISSING');
  });
  it('is found when the grant was revoked before', async () => {
    const held = await proposedAnew(stage);
    await post(stage, say(stage, { type: 'revoke', record: grant }));
    expect(await forge(held)).toContain('NOT_GRANTED');
  });
  it('is found in a run born of a Reset', async () => {
    const incident = await begin(stage);
    const { workflowId, alert, alertRef } = incident;
    const born = await begin(stage, stage.rules, { workflowId, alert, alertRef });
    expect(await forge(await proposed(stage, born))).toContain('NOT_GRANTED');
  });
  it('is found when the playbook does not propose it over what the executor signed', async () => {
    const incident = await begin(stage);
    const held = await proposed(stage, incident);
    await look(stage, incident, 4_712);
    expect(await forge(held)).toContain('NOT_GRANTED');
  });
  it('is found when its evidence is on no record', async () => {
    const held = await hold(stage, await begin(stage), { tool: 'postgres.pauseClient' });
    expect(await forge(held)).toContain('NOT_GRANTED');
  });
});
