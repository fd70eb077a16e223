import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { recordKey } from '../../activities/record/store.ts';
import { type VerifyReport, verifyArchive } from '../../activities/record/verify.ts';
import type { LogRecord, RecordBody, SignedRecord } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { makeProcess, recorder } from '../policies/support/rules.ts';
import { deep } from '../support/deep.ts';
import { describeWith } from '../support/skips.ts';
import { begin, decide, type Held, hold, outcomeOf, ready, requestOf } from './incident.ts';
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
  const read = (seq: number) => JSON.parse(readFileSync(join(dir, recordKey(seq)), 'utf8')) as SignedRecord;
  const objects = (report: VerifyReport) => report.faults.map(({ object }) => object);
  const seqOf = (kind: string) =>
    Array.from({ length: last + 1 }, (_, n) => n).find((n) => read(n).payload.body.kind === kind) ?? -1;
  /** What one who holds the recorder's key could do: rewrite a record and everything after it, well signed and linked. */
  const rewrite = (from: number, change: (payload: LogRecord) => LogRecord) => {
    let prev = '';
    for (let seq = from; seq <= last; seq++) {
      const payload = read(seq).payload;
      const next = seq === from ? change(payload) : { ...payload, prev };
      const signed = recorder.signer.sign('record', next);
      prev = digestOf(signed);
      writeFileSync(join(dir, recordKey(seq)), jcs(signed));
    }
  };
  const rewriteBody = (kind: string, change: (body: never) => object) => {
    const seq = seqOf(kind);
    rewrite(seq, (payload) => ({ ...payload, body: change(payload.body as never) as RecordBody }));
    return seq;
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
    rmSync(join(dir, recordKey(last)));
    expect((await verify()).ok).toBe(true);
    expect(objects(await verify({ head }))).toEqual([recordKey(last)]);
  });
  it('shows an incident as open when its seal was removed with all that follows', async () => {
    const seal = seqOf('seal');
    for (let seq = seal; seq <= last; seq++) rmSync(join(dir, recordKey(seq)));
    expect(await verify({ incident: incidents.sealed })).toMatchObject({ sealed: [], open: [incidents.sealed] });
  });
  it('lists only the incident that was asked for, and checks the whole log all the same', async () => {
    writeFileSync(join(dir, recordKey(0)), '');
    const report = await verify({ incident: incidents.open });
    expect(report).toMatchObject({ ok: false, sealed: [], open: [incidents.open] });
  });
  it('says of an empty or foreign directory that it is no archive', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'holdpoint-verify-'));
    expect((await verifyArchive({ dir: empty, keys })).ok).toBe(false);
    rmSync(empty, { recursive: true });
    expect((await verifyArchive({ dir: join(empty, 'gone'), keys })).ok).toBe(false);
  });
  it.each(['notes.txt', 'records/notes.txt', 'records/13.json', 'blobs/readme', 'temporary/x'])(
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
    const seq = rewriteBody(kind, change);
    expect(objects(await verify())).toContain(recordKey(seq));
  });
  it('finds an intent whose statements do not release it, under the recorder key itself', async () => {
    const seq = rewriteBody('intent', (body: { request: { statements: { statement: object }[] } }) => ({
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
    expect(report.faults.find(({ object }) => object === recordKey(seq))?.reason).toContain('STATEMENT_BAD_PROOF');
  });
  it('finds a resume whose proofs were made by nobody in the directory, under the recorder key itself', async () => {
    const seq = rewriteBody('resume', (body: { statements: unknown[] }) => ({
      ...body,
      statements: body.statements.slice(1),
    }));
    expect(objects(await verify())).toContain(recordKey(seq));
  });

  it('finds any byte flipped, any record dropped, exchanged, repeated or put in', async () => {
    const { head } = await verify();
    const seq = fc.integer({ min: 0, max: last });
    const tamper = fc.oneof(
      fc.record({ kind: fc.constant('flip'), seq, place: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) }),
      fc.record({ kind: fc.constant('drop'), seq }),
      fc.record({ kind: fc.constant('exchange'), seq, with: seq }),
      fc.record({ kind: fc.constant('repeat'), seq }),
      fc.record({ kind: fc.constant('put in'), seq }),
      fc.record({ kind: fc.constant('flip blob'), place: fc.nat(), at: fc.nat(), bit: fc.integer({ min: 0, max: 7 }) }),
    );
    await fc.assert(
      fc.asyncProperty(tamper, async (how) => {
        rmSync(dir, { recursive: true, force: true });
        cpSync(whole, dir, { recursive: true });
        if (!apply(how as Tamper)) return;
        expect((await verify({ head })).ok).toBe(false);
      }),
      { numRuns: deep ? 500 : 60 },
    );
  }, 600_000);

  type Tamper = { kind: string; seq: number; place: number; bit: number; with: number; at: number };
  /** False for a tampering that changes nothing. */
  function apply({ kind, seq, place, bit, with: other, at }: Tamper): boolean {
    const path = (n: number) => join(dir, recordKey(n));
    const blobs = readdirSync(join(dir, 'blobs'));
    const flip = (file: string, byte: number) => {
      const bytes = readFileSync(file);
      const index = byte % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ (1 << bit);
      writeFileSync(file, bytes);
    };
    if (kind === 'flip') flip(path(seq), place);
    if (kind === 'flip blob') flip(join(dir, 'blobs', blobs[at % blobs.length] ?? ''), place);
    if (kind === 'drop') rmSync(path(seq));
    if (kind === 'repeat') writeFileSync(path(last + 1), readFileSync(path(seq)));
    if (kind === 'put in') {
      const payload = { ...read(last).payload, seq: last + 1, prev: digestOf(read(last)) };
      writeFileSync(path(last + 1), jcs(executor.signer.sign('record', payload)));
    }
    if (kind !== 'exchange') return true;
    const [one, two] = [readFileSync(path(seq)), readFileSync(path(other))];
    writeFileSync(path(seq), two);
    writeFileSync(path(other), one);
    return seq !== other;
  }
});
