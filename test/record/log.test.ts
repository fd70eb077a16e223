import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryStore } from '../../activities/record/directory-store.ts';
import { type Log, openLog } from '../../activities/record/log.ts';
import { segmentKey } from '../../activities/record/store.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { digestOf, jcs } from '../../policies/digest.ts';
import { makeProcess, pinned, recorder } from '../policies/support/rules.ts';
import { codeFrom } from './incident.ts';
import { origin, segmentsOnDisk } from './segments-on-disk.ts';

const page = (detail: string): RecordBody => ({
  kind: 'page',
  workflowId: null,
  runId: null,
  about: 'closed',
  to: 'nobody',
  detail,
  delivered: false,
});

describe('the log', () => {
  let dir: string;
  let clock = 1_800_000_000_000;
  const open = async (signer = recorder.signer): Promise<Log> =>
    openLog({ store: await createDirectoryStore(dir), signer, keys: pinned, clock: () => clock, origin });
  const put = (log: Log, detail: string) => log.write((writer) => writer.append(page(detail)));
  const path = (seq: number) => join(dir, segmentKey(seq));
  const disk = () => segmentsOnDisk(dir);
  const read = (seq: number) => disk().record(seq);
  const fill = async (count: number) => {
    const log = await open();
    for (let n = 0; n < count; n++) await put(log, `page ${n}`);
    return log;
  };

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'holdpoint-log-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('links each record to the one before by its hash, from 64 zeros on', async () => {
    await fill(3);
    expect(read(0).payload.prev).toBe('0'.repeat(64));
    expect(read(2).payload.prev).toBe(digestOf(read(1)));
  });
  it('has the same head after it was opened again', async () => {
    const { state } = await fill(3);
    expect((await open()).state.link).toEqual(state.link);
  });
  it('never lets time go back, though its clock does', async () => {
    const log = await fill(1);
    clock -= 60_000;
    await put(log, 'later');
    expect(Date.parse(read(1).payload.at)).toBeGreaterThanOrEqual(Date.parse(read(0).payload.at));
    clock += 60_000;
  });
  it('arbitrates between two recorders: the loser reads on, and there is no gap, no fork and no duplicate', async () => {
    const logs = [await open(), await open(), await open()];
    const details = Array.from({ length: 45 }, (_, n) => `page ${n}`);
    await Promise.all(details.map((detail, n) => put(logs[n % 3] as Log, detail)));
    const { state } = await open();
    expect(state.link.seq).toBe(44);
    const found = details.map((_, seq) => (read(seq).payload.body as { detail: string }).detail);
    expect(found.sort()).toEqual(details.sort());
  });
  it('decides again, by what the other wrote, when it lost the race', async () => {
    const [mine, theirs] = [await open(), await open()];
    await put(theirs, 'theirs');
    const seen: number[] = [];
    await mine.write(async (writer) => {
      seen.push(mine.state.link.seq);
      await writer.append(page('mine'));
    });
    expect(seen).toEqual([-1, 0]);
  });
  it('goes on after a decision that threw', async () => {
    const log = await fill(1);
    await expect(log.write(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect((await put(log, 'next')).seq).toBe(1);
  });
  it('refuses to append beside a record that was forged at the next number, and serves nothing after', async () => {
    const log = await fill(1);
    const forged = makeProcess('recorder').signer.sign('record', {
      ...read(0).payload,
      seq: 1,
      prev: digestOf(read(0)),
    });
    disk().put(segmentKey(1), disk().note(segmentKey(0)), [jcs(forged)]);
    expect(await codeFrom(put(log, 'mine'))).toBe('RECORD_DAMAGED');
    rmSync(path(1));
    expect(await codeFrom(put(log, 'mine'))).toBe('RECORD_DAMAGED');
  });

  const damage: Record<string, (dir: string) => void> = {
    'a changed byte': () => {
      const bytes = readFileSync(path(1));
      const at = bytes.length - 40;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(path(1), bytes);
    },
    'a removed segment': () => rmSync(path(1)),
    'two segments exchanged': () => {
      const [one, two] = [readFileSync(path(1)), readFileSync(path(2))];
      writeFileSync(path(1), two);
      writeFileSync(path(2), one);
    },
    'a segment repeated under the next number': () => writeFileSync(path(3), readFileSync(path(2))),
    'a record of another signer': () => {
      const { payload } = read(2);
      disk().setLines(segmentKey(2), [jcs(makeProcess('recorder').signer.sign('record', payload))]);
    },
    'a record in another spelling': () => disk().setLines(segmentKey(2), [jcs(read(2)).replace('{', '{ ')]),
    'an object that is no segment': () => writeFileSync(join(dir, 'segments', 'notes.txt'), 'hello'),
    'an empty object': () => writeFileSync(path(2), ''),
  };
  it.each(Object.entries(damage))('refuses to serve a log with %s, and names the object', async (_name, hurt) => {
    await fill(3);
    hurt(dir);
    const error = await open().catch((caught: unknown) => caught as { code: string; message: string });
    expect(error).toMatchObject({ code: 'RECORD_DAMAGED' });
    expect((error as { message: string }).message).toContain('`segments/');
  });
  it.each(['a changed byte', 'two segments exchanged', 'a record of another signer', 'an empty object'])(
    'does not serve a record with %s since it was read first',
    async (name) => {
      const log = await fill(4);
      damage[name]?.(dir);
      const read = Promise.all([log.read(1), log.read(2)]);
      expect(await codeFrom(read)).toBe('RECORD_DAMAGED');
    },
  );
  it('reads back exactly what was appended, whatever the text', async () => {
    const log = await open();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 200 }), async (detail) => {
        const { seq } = await put(log, detail);
        expect((await log.read(seq)).payload.body).toEqual(page(detail));
      }),
      { numRuns: 30 },
    );
    expect((await open()).state.link).toEqual(log.state.link);
  });
});
