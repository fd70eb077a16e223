import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { s3Source } from '../../activities/record/s3-source.ts';
import { verifySource } from '../../activities/record/verify.ts';
import type { RecordKind } from '../../contracts/record.ts';
import { share } from '../support/deep.ts';
import { buildProbe, type Probe } from '../support/probe.ts';
import { openS3World, retentionDays, type S3World } from '../support/s3.ts';
import { type Between, startBetween } from '../support/s3-between.ts';
import { describeWith } from '../support/skips.ts';
import { begin, codeFrom, decide, type Held, hold, outcomeOf, ready, requestOf } from './incident.ts';
import { openProcessStage, type ProcessStage } from './process-stage.ts';
import { executor, keys, openWorld, type World } from './stage.ts';

// Each case starts three processes, one after the other.
vi.setConfig({ testTimeout: 120_000 });
const places = ['before-put', 'half-put', 'after-put', 'after-segment', 'after-append-before-reply'] as const;
const points = places.flatMap((place) =>
  (['statement', 'intent', 'outcome'] as const).map((kind) => `${place}.${kind}`),
);

describeWith(['temporal', 'versitygw'], 'a recorder whose archive is in S3', () => {
  let world: World;
  let s3: S3World;
  let between: Between;
  let probe: Probe;
  let under: ProcessStage;
  let bucket: string;
  const kindsOf = async (...kinds: RecordKind[]) => {
    const records = await under.stage.as(executor).records({ limit: 500 });
    return kinds.map((kind) => records.filter(({ payload }) => payload.body.kind === kind).length);
  };
  const faults = async () => (await verifySource(s3Source(await s3.as(s3.auditor, bucket), Date.now), { keys })).faults;
  /** What an executor sends for this hold, the very same words each time: a receipt's request and an outcome. */
  const senderOf = (held: Held): (() => Promise<string[]>) => {
    const request = requestOf(held, [decide(under.stage, held)]);
    const outcome = outcomeOf(under.stage, held);
    const as = () => under.stage.as(executor);
    return async () => [await codeFrom(as().receipt(request)), await codeFrom(as().outcome(outcome))];
  };

  beforeAll(async () => {
    [world, s3, probe] = await Promise.all([openWorld(), openS3World(), buildProbe('workers/recorder.ts')]);
    between = await startBetween(s3.server.url, s3.root);
  });
  afterAll(async () => {
    probe?.remove();
    await between?.close();
    await s3?.close();
    await world?.close();
  });
  beforeEach(async () => {
    bucket = await s3.freshBucket();
    under = await openProcessStage(world, probe, {
      archive: { kind: 's3', bucket, region: s3.server.region, endpoint: between.url, retentionDays },
      env: { AWS_ACCESS_KEY_ID: s3.recorder.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.recorder.secretAccessKey },
    });
  });
  afterEach(() => under.close());
  const prepare = async (failpoint?: string): Promise<Held> => {
    await under.start();
    await ready(under.stage);
    const held = await hold(under.stage, await begin(under.stage));
    if (failpoint === undefined) return held;
    under.kill('SIGTERM');
    await under.ended();
    await under.start(failpoint);
    return held;
  };

  it.each(share(points, 2))('and that dies at %s loses nothing, and has nothing twice', async (point) => {
    const held = await prepare(`recorder.${point}`);
    const send = senderOf(held);
    expect((await send()).some((code) => code.startsWith('RECORDER_AWAY'))).toBe(true);
    expect(await under.ended()).toBe('SIGKILL');
    expect(under.reached()).toBe(true);
    await under.start();
    expect(await send()).toEqual(['none', 'none']);
    expect(await kindsOf('statement', 'intent', 'outcome')).toEqual([1, 1, 1]);
    expect(await faults()).toEqual([]);
  });
  it('appends each record once though the store loses replies, throttles and fails', async () => {
    const held = await prepare();
    const [slow, failed] = [
      { refuse: 503, code: 'SlowDown' },
      { refuse: 500, code: 'InternalError' },
    ];
    between.meet('PUT', 'lose', 'pass', slow, 'pass', 'lose', failed);
    expect(await senderOf(held)()).toEqual(['none', 'none']);
    expect(await kindsOf('statement', 'intent', 'outcome')).toEqual([1, 1, 1]);
    expect(await faults()).toEqual([]);
  });
  it('gives no receipt while the store is away, and one when it is back', async () => {
    const held = await prepare();
    between.meet('PUT', ...Array.from({ length: 3 }, () => ({ refuse: 503, code: 'SlowDown' })));
    const request = requestOf(held, [decide(under.stage, held)]);
    expect(await codeFrom(under.stage.as(executor).receipt(request))).toMatch(/^RECORDER_AWAY/);
    expect(await kindsOf('intent')).toEqual([0]);
    await under.stage.as(executor).receipt(request);
    expect(await kindsOf('statement', 'intent')).toEqual([1, 1]);
    expect(await faults()).toEqual([]);
  });
});
