import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { postAttestation } from '../../activities/record/client.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import { attest, dayMs } from '../policies/support/attestations.ts';
import { describeWith } from '../support/skips.ts';
import { codeFrom, runbookRef } from './incident.ts';
import { executor, keys, openStage, openWorld, preflight, type Stage, type World } from './stage.ts';

describeWith('temporal', 'the attestations door', () => {
  let world: World;
  let stage: Stage;
  const post = (...given: Parameters<typeof attest>) =>
    postAttestation({ url: stage.recorder.url, keys }, attest(...given));
  const own = () => runbookRef(stage.rules);

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
  });
  afterEach(() => stage.close());

  it('takes one of a runbook as the newest manifest has it, once, and the archive verifies', async () => {
    const now = stage.now() - 1_000;
    const first = await post(own(), now);
    expect(await post(own(), now)).toEqual(first);
    const records = await stage.as(executor).records({ limit: 500 });
    expect(records.at(-1)?.payload.body).toMatchObject({ kind: 'attestation', runbook: own() });
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  });
  it('refuses one that another process signed', async () => {
    expect(await codeFrom(post(own(), stage.now(), {}, executor))).toBe('BAD_SIGNATURE');
  });
  it('refuses one of an older text of the runbook', async () => {
    expect(await codeFrom(post({ ...own(), digest: 'b'.repeat(64) }, stage.now()))).toBe('RECORD_REFUSED');
  });
  it('refuses one of a runbook that no manifest names', async () => {
    expect(await codeFrom(post({ ...own(), id: 'unheard-of' }, stage.now()))).toBe('RECORD_REFUSED');
  });
  it('refuses one that has expired, and one that is not valid yet', async () => {
    expect(await codeFrom(post(own(), stage.now() - 31 * dayMs))).toBe('RECORD_REFUSED');
    expect(await codeFrom(post(own(), stage.now() + dayMs))).toBe('RECORD_REFUSED');
  });
  it('refuses what is no attestation', async () => {
    expect(await codeFrom(postAttestation({ url: stage.recorder.url, keys }, { payload: 1 } as never))).toBe(
      'BAD_INPUT',
    );
  });
  it('does not let the preflight key append anything else', async () => {
    const page = { kind: 'page', workflowId: null, runId: null, about: 'x', to: 'y', detail: 'z', delivered: true };
    expect(await codeFrom(stage.as(preflight).append(page as never))).toBe('NOT_PERMITTED');
  });
});
