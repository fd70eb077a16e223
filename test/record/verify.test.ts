import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { firstOfKey, segmentKey } from '../../activities/record/store.ts';
import { type VerifyReport, verifyArchive } from '../../activities/record/verify.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { makeProcess } from '../policies/support/rules.ts';
import { deep } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { begin, decide, type Held, hold, outcomeOf, ready, requestOf } from './incident.ts';
import { segmentsOnDisk } from './segments-on-disk.ts';
import { executor, freshWorkflowId, keys, openStage, openWorld, type Stage, type World } from './stage.ts';

const incidents = { sealed: freshWorkflowId(), open: freshWorkflowId() };

describeWith('temporal', 'verifying an archive', () => {
  let world: World;
  let stage: Stage;
  let whole: string;
  let dir: string;
  let last: number;

  /** One incident from alert to seal, and one that is still open, as a recorder really wrote them. */
  async function write(): Promise<void> {
    await ready(stage);
    const handle = await world.client.workflow.start('incident', { workflowId: incidents.sealed, taskQueue: 'nobody' });
    const place = { workflowId: incidents.sealed, runId: handle.firstExecutionRunId };
    const held: Held = await hold(stage, await begin(stage, stage.rules, place));
    await stage.as(executor).receipt(requestOf(held, [decide(stage, held)]));
    await stage.as(executor).outcome(outcomeOf(stage, held));
    await handle.terminate();
    await stage.recorder.look('incidents');
    await hold(stage, await begin(stage, stage.rules, { workflowId: incidents.open }), { pid: 99 });
  }
  const verify = (more: Partial<Parameters<typeof verifyArchive>[0]> = {}) => verifyArchive({ dir, keys, ...more });
  const disk = () => segmentsOnDisk(dir);
  const read = (seq: number) => disk().record(seq);
  const objects = (report: VerifyReport) => report.faults.map(({ object }) => object);
  const seqOf = (kind: string) =>
    disk()
      .all()
      .find(({ payload }) => payload.body.kind === kind)?.payload.seq ?? -1;
  const rewriteBody = (kind: string, change: (body: never) => object) => {
    const seq = seqOf(kind);
    disk().rewrite(seq, (payload) => ({ ...payload, body: change(payload.body as never) as RecordBody }));
    return disk().keyOf(seq);
  };

  beforeAll(async () => {
    world = await openWorld();
    stage = await openStage({ world });
    await write();
    last = stage.recorder.log.state.link.seq;
    whole = stage.archive;
    await stage.recorder.stop();
  });
  afterAll(async () => {
    rmSync(stage.dir, { recursive: true, force: true });
    await world.close();
  });
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdpoint-verify-'));
    cpSync(whole, dir, { recursive: true });
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('finds nothing wrong in what a recorder wrote, and says what is open', async () => {
    const report = await verify();
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ ok: true, records: last + 1, sealed: [incidents.sealed], open: [incidents.open] });
  });
  it('says that keys beside the archive prove nothing by themselves, and that no head was brought', async () => {
    const report = await verify({ keys: null });
    expect(report.ok).toBe(true);
    expect(report.anchors.join('\n')).toMatch(/self-asserted, untrusted[\s\S]*not immutable[\s\S]*cannot be noticed/);
  });
  it('is not content without any keys', async () => {
    rmSync(join(dir, 'trust.json'));
    expect((await verify({ keys: null })).ok).toBe(false);
  });
  it('does not take the word of an archive for the keys that the reader pinned', async () => {
    const other = { ...keys, recorder: makeProcess('recorder').keys.recorder ?? [] };
    expect((await verify({ keys: other })).ok).toBe(false);
  });
  it('finds records removed from the very end by a head that the reader knows', async () => {
    const { head } = await verify();
    const key = disk().keyOf(last);
    rmSync(join(dir, key));
    expect((await verify()).ok).toBe(true);
    expect(objects(await verify({ head }))).toEqual([key]);
  });
  it('shows an incident as open when its seal was removed with all that follows', async () => {
    const from = disk().keyOf(seqOf('seal'));
    for (const key of disk().keys()) if (key >= from) rmSync(join(dir, key));
    expect(await verify({ incident: incidents.sealed })).toMatchObject({ sealed: [], open: [incidents.sealed] });
  });
  it('lists only the incident that was asked for, and checks the whole log all the same', async () => {
    writeFileSync(join(dir, segmentKey(0)), '');
    const report = await verify({ incident: incidents.open });
    expect(report).toMatchObject({ ok: false, sealed: [], open: [incidents.open] });
  });
  it('says of an empty or foreign directory that it is no archive', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'holdpoint-verify-'));
    expect((await verifyArchive({ dir: empty, keys })).ok).toBe(false);
    rmSync(empty, { recursive: true });
    expect((await verifyArchive({ dir: join(empty, 'gone'), keys })).ok).toBe(false);
  });
  it.each(['notes.txt', 'segments/notes.txt', 'segments/13.txt', 'blobs/readme', 'temporary/x'])(
    'finds the foreign object %s',
    async (name) => {
      writeFileSync(join(dir, name), 'hello');
      expect(objects(await verify())).toEqual([name]);
    },
  );
  it('finds a blob that was changed, and one that was removed though a record names it', async () => {
    const [seal] = [read(seqOf('seal')).payload.body as Extract<RecordBody, { kind: 'seal' }>];
    writeFileSync(join(dir, 'blobs', seal.history), 'no history');
    expect(objects(await verify())).toContain(`blobs/${seal.history}`);
    rmSync(join(dir, 'blobs', seal.history));
    expect(objects(await verify())).toContain(`blobs/${seal.history}`);
  });

  type Change = [string, string, (body: never) => object];
  const changes: Change[] = [
    ['an outcome that its executor did not sign', 'outcome', (body: object) => ({ ...body, status: 'failed' })],
    ['an attempt that was never admitted', 'outcome', (body: object) => ({ ...body, attempt: 2 })],
    ['a seal that counts other records', 'seal', (body: object) => ({ ...body, records: 3 })],
    ['a seal over another history', 'seal', (body: object) => ({ ...body, historyEvents: 1 })],
    ['an alert with another runbook', 'alert', (body: object) => ({ ...body, runbook: null })],
    ['an intent by another executor', 'intent', (body: object) => ({ ...body, executor: 'executor.billing-db' })],
    ['an intent with another attempt', 'intent', (body: object) => ({ ...body, attempt: 3 })],
    [
      'an intent that may begin after what admits it has ended',
      'intent',
      (body: { startBefore: string }) => ({
        ...body,
        startBefore: new Date(Date.parse(body.startBefore) + 1).toISOString(),
      }),
    ],
    ['a manifest record with another version', 'manifest', (body: object) => ({ ...body, version: 9 })],
  ];
  it.each(changes)('finds, even under the recorder key itself, %s', async (_name, kind, change) => {
    const key = rewriteBody(kind, change);
    expect(objects(await verify())).toContain(key);
  });
  it('finds an intent whose statements do not release it, under the recorder key itself', async () => {
    const key = rewriteBody('intent', (body: { request: { statements: { statement: object }[] } }) => ({
      ...body,
      request: {
        ...body.request,
        statements: body.request.statements.map((one) => ({
          ...one,
          statement: { ...one.statement, person: 'personB' },
        })),
      },
    }));
    const report = await verify();
    expect(report.faults.find(({ object }) => object === key)?.reason).toContain('STATEMENT_BAD_PROOF');
  });
  it('finds a resume whose proofs were made by nobody in the directory, under the recorder key itself', async () => {
    const key = rewriteBody('resume', (body: { statements: unknown[] }) => ({
      ...body,
      statements: body.statements.slice(1),
    }));
    expect(objects(await verify())).toContain(key);
  });

  it('finds any byte flipped, any record dropped, exchanged, repeated or put in', async () => {
    const { head } = await verify();
    const seq = fc.integer({ min: 0, max: last });
    const bit = fc.integer({ min: 0, max: 7 });
    const tamper = fc.oneof(
      fc.record({ kind: fc.constant('flip'), seq, place: fc.nat(), bit }),
      fc.record({ kind: fc.constantFrom('drop', 'repeat', 'put in', 'drop line', 'repeat line'), seq }),
      fc.record({ kind: fc.constantFrom('exchange', 'exchange notes', 'exchange lines'), seq, with: seq }),
      fc.record({ kind: fc.constant('flip blob'), place: fc.nat(), at: fc.nat(), bit }),
    );
    await fc.assert(
      fc.asyncProperty(tamper, async (how) => {
        rmSync(dir, { recursive: true, force: true });
        cpSync(whole, dir, { recursive: true });
        if (!apply(how as Tamper)) return;
        expect((await verify({ head })).ok).toBe(false);
      }),
      { numRuns: deep ? 500 : 80 },
    );
  }, 600_000);

  type Tamper = { kind: string; seq?: number; place: number; bit: number; with?: number; at: number };
  /** False for a tampering that changes nothing. */
  function apply(how: Tamper): boolean {
    const { keyOf, path, lines, note, put, setLines } = disk();
    const [key, other] = [keyOf(how.seq ?? 0), keyOf(how.with ?? 0)];
    const lineOf = (seq: number) => disk().lines(keyOf(seq))[seq - (firstOfKey(keyOf(seq)) ?? 0)] ?? '';
    const line = lineOf(how.seq ?? 0);
    const [mine, theirs] = [lines(key), lines(other)];
    const flip = (file: string) => {
      const bytes = readFileSync(file);
      const index = how.place % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << how.bit);
      writeFileSync(file, bytes);
    };
    const blobs = readdirSync(join(dir, 'blobs'));
    const changes: Record<string, () => void> = {
      flip: () => flip(path(key)),
      'flip blob': () => flip(join(dir, 'blobs', blobs[how.at % blobs.length] ?? '')),
      drop: () => rmSync(path(key)),
      repeat: () => cpSync(path(key), path(segmentKey(last + 1))),
      'put in': () => {
        const payload = { ...read(last).payload, seq: last + 1, prev: digestOf(read(last)) };
        put(segmentKey(last + 1), note(key), [jcs(executor.signer.sign('record', payload))]);
      },
      'drop line': () =>
        setLines(
          key,
          mine.filter((one) => one !== line),
        ),
      'repeat line': () => setLines(key, [...mine, line]),
      exchange: () => {
        put(key, note(other), theirs);
        put(other, note(key), mine);
      },
      'exchange notes': () => {
        put(key, note(other), mine);
        put(other, note(key), theirs);
      },
      'exchange lines': () => {
        const swap = lineOf(how.with ?? 0);
        const swapped = (texts: readonly string[]) =>
          texts.map((text) => (text === line ? swap : text === swap ? line : text));
        setLines(key, swapped(mine));
        if (other !== key) setLines(other, swapped(theirs));
      },
    };
    const isNothing =
      how.kind.startsWith('exchange') && (how.kind === 'exchange lines' ? how.seq === how.with : key === other);
    if (!isNothing) changes[how.kind]?.();
    return !isNothing;
  }
});
