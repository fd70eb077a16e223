import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifyArchive } from '../../activities/record/verify.ts';
import { digestOf } from '../../policies/digest.ts';
import { describeWith } from '../support/skips.ts';
import {
  begin,
  cardBody,
  codeFrom,
  decide,
  draftHold,
  type Held,
  hold,
  type Incident,
  ready,
  rehearsalBody,
  rehearse,
  requestOf,
} from './incident.ts';
import { executor, keys, openStage, openWorld, orchestrator, type Stage, type World } from './stage.ts';

describeWith('temporal', 'a rehearsal', () => {
  let world: World;
  let stage: Stage;
  let incident: Incident;
  let held: Held;
  const append = (body: object) =>
    codeFrom(stage.as(orchestrator).append({ ...rehearsalBody(held), ...body } as ReturnType<typeof rehearsalBody>));

  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    stage = await openStage({ world });
    incident = await begin(stage);
    held = await draftHold(stage, incident);
  });
  afterEach(() => stage.close());

  it('is recorded once, with the card that a hold would have had, and the archive verifies', async () => {
    const first = await stage.as(orchestrator).append(rehearsalBody(held));
    expect(await stage.as(orchestrator).append(rehearsalBody(held))).toEqual(first);
    expect((await stage.as(executor).getBlob(held.cardDigest)).toString()).toContain(held.digest);
    expect((await verifyArchive({ dir: stage.archive, keys })).faults).toEqual([]);
  });
  it('is refused with a verdict of another kind', async () => {
    const verdict = { ...rehearsalBody(held).verdict, kind: 'hold' };
    expect(await append({ verdict })).toBe('RECORD_REFUSED');
  });
  it('is refused when it is of another digest, tool or step', async () => {
    expect(await append({ digest: 'a'.repeat(64) })).toBe('RECORD_REFUSED');
    expect(await append({ tool: 'postgres.cancelBackend' })).toBe('RECORD_REFUSED');
    expect(await append({ step: { step: 9, index: 0 } })).toBe('RECORD_REFUSED');
  });
  it('is refused with a prediction that its executor did not sign', async () => {
    const prediction = orchestrator.signer.sign('prediction', held.card.prediction.payload);
    const card = { ...held.card, prediction };
    expect(await append({ rehearsal: { card, cardDigest: digestOf(card) } })).toBe('CARD_MISMATCH');
  });
  it('is refused when its card hides what was predicted', async () => {
    const payload = { ...held.card.prediction.payload, does: 'nothing at all' };
    const card = { ...held.card, prediction: { ...held.card.prediction, payload } };
    expect(await append({ rehearsal: { card, cardDigest: digestOf(card) } })).toBe('CARD_MISMATCH');
  });
  it('is refused from anyone but the orchestrator', async () => {
    expect(await codeFrom(stage.as(executor).append(rehearsalBody(held)))).toBe('NOT_PERMITTED');
  });
  it('is refused for an action that was held', async () => {
    const shown = await hold(stage, incident);
    expect(await codeFrom(stage.as(orchestrator).append(rehearsalBody(shown)))).toBe('RECORD_REFUSED');
  });
  it('cannot be offered for release afterwards', async () => {
    const rehearsed = await rehearse(stage, incident);
    expect(await codeFrom(stage.as(orchestrator).append(cardBody(rehearsed)))).toBe('RECORD_REFUSED');
  });
  it('releases nothing, at any ring, whatever a person signs', async () => {
    const rehearsed = await rehearse(stage, incident);
    await ready(stage);
    const work = stage.as(executor).receipt(requestOf(rehearsed, [decide(stage, rehearsed)]));
    expect(await codeFrom(work)).toBe('CARD_MISMATCH');
  });
});
