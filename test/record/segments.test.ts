import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../activities/record/checkpoint.ts';
import { createDirectoryStore } from '../../activities/record/directory-store.ts';
import { type Log, openLog } from '../../activities/record/log.ts';
import { isConsistent, isIncluded, recordLeaf } from '../../activities/record/merkle.ts';
import type { RecordStore } from '../../activities/record/store.ts';
import { segmentKey } from '../../activities/record/store.ts';
import { verifyArchive } from '../../activities/record/verify.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { jcs } from '../../policies/digest.ts';
import { makeProcess, pinned, recorder } from '../policies/support/rules.ts';
import { codeFrom } from './incident.ts';
import { origin, segmentsOnDisk } from './segments-on-disk.ts';

const page = (detail: string): RecordBody => ({
  ...{ kind: 'page', workflowId: null, runId: null, about: 'closed', to: 'nobody', detail, delivered: false },
});
const away = new HoldpointError('STORE_AWAY', 'archive: the store did not answer');
type Act = 'put' | 'fail' | 'lose';

/** A real directory whose puts wait until they are let go, one by one. */
async function slowStore(dir: string) {
  const store = await createDirectoryStore(dir);
  const waiting: ((act: Act) => void)[] = [];
  let isOpen = false;
  const slow: RecordStore = {
    ...store,
    async putNew(key, bytes, reached) {
      const act = isOpen ? 'put' : await new Promise<Act>((resolve) => waiting.push(resolve));
      if (act === 'fail') throw away;
      const put = await store.putNew(key, bytes, reached);
      if (act === 'lose') throw away;
      return put;
    },
  };
  const inFlight = async (): Promise<(act: Act) => void> => {
    for (let act = waiting.shift(); ; act = waiting.shift()) {
      if (act !== undefined) return act;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  return {
    store: slow,
    letGo: async (act: Act = 'put') => (await inFlight())(act),
    open: async () => {
      isOpen = true;
      for (const act of waiting.splice(0)) act('put');
    },
  };
}

describe('the segments of a log', () => {
  let dir: string;
  let slow: Awaited<ReturnType<typeof slowStore>>;
  let log: Log;
  const open = (store: RecordStore): Promise<Log> =>
    openLog({ store, signer: recorder.signer, keys: pinned, clock: Date.now, origin });
  const put = (detail: string, to: Log = log) => to.write((writer) => writer.append(page(detail)));
  const many = (count: number, to: Log = log) =>
    Promise.all(Array.from({ length: count }, (_, n) => put(`page ${n}`, to)));
  const disk = () => segmentsOnDisk(dir);
  const sizes = () =>
    disk()
      .keys()
      .map((key) => disk().lines(key).length);
  const details = () =>
    disk()
      .all()
      .map(({ payload }) => (payload.body as { detail: string }).detail);
  const settled = async (work: Promise<unknown>) =>
    Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      new Promise((resolve) => setTimeout(() => resolve(false), 30)),
    ]);

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'holdpoint-segments-'));
    slow = await slowStore(dir);
    log = await open(slow.store);
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  describe('that are written', () => {
    it('hold what came while the one before was on its way, and the first waits for nobody', async () => {
      const writing = many(40);
      await slow.letGo();
      await slow.letGo();
      await writing;
      expect(sizes()).toEqual([1, 39]);
      expect(details()).toEqual(Array.from({ length: 40 }, (_, n) => `page ${n}`));
    });
    it('are there before anybody is told of what they hold, also of a decision that only went by it', async () => {
      const first = put('first');
      const seen = log.write(({ state }) => state.link.seq);
      const refused = log.write(() => Promise.reject(new Error('no')));
      expect(await Promise.all([first, seen, refused].map(settled))).toEqual([false, false, false]);
      expect([log.state.link.seq, log.head().size]).toEqual([-1, 0]);
      await slow.letGo();
      expect((await first).seq).toBe(0);
      expect(await seen).toBe(0);
      await expect(refused).rejects.toThrow('no');
    });
    it('hold all that one decision appended, together', async () => {
      let go = () => {};
      const paused = new Promise<void>((resolve) => {
        go = resolve;
      });
      const first = put('first');
      const both = log.write(async (writer) => {
        writer.append(page('one'));
        await paused;
        return writer.append(page('two'));
      });
      await slow.letGo();
      await first;
      // Whatever could go on its way by now is there.
      expect(await settled(both)).toBe(false);
      go();
      await slow.open();
      await both;
      expect(sizes()).toEqual([1, 2]);
    });
    it('keep what a decision appended before it threw', async () => {
      await slow.open();
      const thrown = log.write((writer) => {
        writer.append(page('one'));
        throw new Error('no');
      });
      await expect(thrown).rejects.toThrow('no');
      expect(details()).toEqual(['one']);
    });
    it('are bounded in records and in bytes, though all of them came at once', async () => {
      const writing = [put('first'), ...Array.from({ length: 1_100 }, (_, n) => put(`page ${n}`))];
      await slow.letGo();
      await slow.open();
      await Promise.all(writing);
      expect(sizes()).toEqual([1, 512, 512, 76]);
      const big = (n: number): RecordBody =>
        ({ ...page(`${n}`), channels: [], detail: 'x'.repeat(1_000) }) as RecordBody;
      await Promise.all(
        Array.from({ length: 400 }, (_, n) =>
          log.write((writer) => Array.from({ length: 20 }, () => writer.append(big(n)))),
        ),
      );
      expect(Math.max(...sizes())).toBeLessThanOrEqual(512);
    });
    it('are not stored by a recorder whose key nobody pins', async () => {
      const deps = { store: slow.store, keys: pinned, clock: Date.now, origin };
      const other = await openLog({ ...deps, signer: makeProcess('recorder').signer });
      await slow.open();
      expect(await codeFrom(put('a', other))).toBe('BAD_SIGNATURE');
      expect(disk().keys()).toEqual([]);
    });
    it('refuse a decision that fits into none', async () => {
      const tooMany = log.write((writer) => Array.from({ length: 513 }, () => writer.append(page('x'))));
      await slow.open();
      expect(await codeFrom(tooMany)).toBe('TOO_LARGE');
    });
  });

  describe('that cannot be stored', () => {
    it('are told to all who waited, and nothing of them is decided by or stored afterwards', async () => {
      const codes = Promise.all([put('a'), put('b'), log.write(({ state }) => state.link.seq)].map(codeFrom));
      await slow.letGo('fail');
      expect(await codes).toEqual(['STORE_AWAY', 'STORE_AWAY', 'STORE_AWAY']);
      await slow.open();
      expect((await put('c')).seq).toBe(0);
      expect(details()).toEqual(['c']);
      expect((await open(await createDirectoryStore(dir))).state.link).toEqual(log.state.link);
    });
    it('fail the decision that was just being made by them', async () => {
      const first = codeFrom(put('a'));
      let go = () => {};
      const second = codeFrom(
        log.write(async (writer) => {
          await new Promise<void>((resolve) => {
            go = resolve;
          });
          return writer.append(page('b'));
        }),
      );
      await slow.letGo('fail');
      expect(await first).toBe('STORE_AWAY');
      go();
      expect(await second).toBe('STORE_AWAY');
      await slow.open();
      await put('c');
      expect(details()).toEqual(['c']);
    });
    it('are found there when they were stored and only the reply was lost', async () => {
      const first = codeFrom(put('a'));
      await slow.letGo('lose');
      expect(await first).toBe('STORE_AWAY');
      await slow.open();
      expect(await log.write(({ state }) => state.hashAt(0))).toBe(log.state.hashAt(0));
      expect((await put('b')).seq).toBe(1);
      expect(details()).toEqual(['a', 'b']);
    });
    it('give way to those of another recorder, and what they held is decided again behind them', async () => {
      const theirs = await open(await createDirectoryStore(dir));
      const mine = many(20);
      await many(5, theirs);
      await slow.open();
      await mine;
      expect((await open(await createDirectoryStore(dir))).state.link.seq).toBe(24);
      expect(new Set(details().slice(5)).size).toBe(20);
    });
  });

  describe('prove', () => {
    it('each record, by the checkpoint of the segment that holds it, whatever came later', async () => {
      const writing = many(30);
      await slow.letGo();
      await slow.open();
      await writing;
      const first = log.inclusion(7);
      await put('later');
      expect(log.inclusion(7)).toEqual(first);
      const { size, root } = openCheckpoint(first.checkpoint.note, pinned);
      const leaf = recordLeaf(log.state.hashAt(7) ?? '');
      expect(size).toBe(30);
      expect(isIncluded({ leaf, index: 7, size, path: first.path, root })).toBe(true);
      expect(isIncluded({ leaf, index: 8, size, path: first.path, root })).toBe(false);
      expect(first.checkpoint.note).toBe(disk().note(disk().keyOf(7)));
    });
    it('that the log only grew', async () => {
      await slow.open();
      await many(9);
      const older = log.head();
      await many(14);
      const newer = log.head();
      expect(isConsistent({ older, newer, path: log.consistency(older.size, newer.size) })).toBe(true);
    });
    it('no record that is not stored', async () => {
      const writing = put('a');
      await settled(writing);
      expect(() => log.inclusion(0)).toThrow('not in the log');
      await expect(log.read(0)).rejects.toThrow('not in the log');
      await slow.open();
      await writing;
    });
  });

  describe('are refused at the start', () => {
    const damage: Record<string, () => void> = {
      'two of its records exchanged': () => {
        const [first = '', ...others] = disk().lines(segmentKey(1));
        disk().setLines(segmentKey(1), [...others, first]);
      },
      'one of its records left out': () => disk().setLines(segmentKey(1), disk().lines(segmentKey(1)).slice(0, -1)),
      'one of its records twice': () =>
        disk().setLines(segmentKey(1), [...disk().lines(segmentKey(1)), disk().lines(segmentKey(1))[0] ?? '']),
      'the checkpoint of another': () =>
        disk().put(segmentKey(1), disk().note(segmentKey(0)), disk().lines(segmentKey(1))),
      'a checkpoint over other records': () =>
        disk().put(segmentKey(1), signedOver(12, Buffer.alloc(32, 1)), disk().lines(segmentKey(1))),
      'a checkpoint of another log': () =>
        disk().put(segmentKey(1), signedOver(12, log.head().root, 'other/log'), disk().lines(segmentKey(1))),
      "a signature beside the recorder's": () =>
        disk().put(
          segmentKey(1),
          `${disk().note(segmentKey(1))}— other/key ${'A'.repeat(92)}\n`,
          disk().lines(segmentKey(1)),
        ),
      'an empty line': () =>
        writeFileSync(
          disk().path(segmentKey(1)),
          `${disk().note(segmentKey(1))}\n${disk().lines(segmentKey(1)).join('\n')}\n`,
        ),
      'no checkpoint': () => writeFileSync(disk().path(segmentKey(1)), `${disk().lines(segmentKey(1)).join('\n')}\n`),
      'half of its last record': () =>
        writeFileSync(disk().path(segmentKey(1)), `${disk().note(segmentKey(1))}${jcs(disk().record(1)).slice(0, -9)}`),
    };
    const signedOver = (size: number, root: Buffer, as = origin) =>
      recorder.signer.note(as, `${as}\n${size}\n${root.toString('base64')}\n`);
    it.each(Object.entries(damage))('with %s, by name', async (_what, hurt) => {
      const writing = many(12);
      await slow.letGo();
      await slow.letGo();
      await writing;
      hurt();
      await expect(open(slow.store)).rejects.toMatchObject({
        code: 'RECORD_DAMAGED',
        details: { object: segmentKey(1) },
      });
    });
    it('beside an object for each record, as an earlier format had it, which verify calls foreign', async () => {
      mkdirSync(join(dir, 'records'));
      writeFileSync(join(dir, 'records', '000000000000.json'), '{}');
      expect(await codeFrom(open(slow.store))).toBe('RECORD_REFUSED');
      const { faults } = await verifyArchive({ dir, keys: pinned });
      expect(faults).toContainEqual({ object: 'records', reason: expect.stringContaining('earlier format') });
    });
    it('when they are another log than this recorder is to write', async () => {
      await slow.open();
      await put('a');
      const deps = { store: slow.store, signer: recorder.signer, keys: pinned, clock: Date.now };
      expect(await codeFrom(openLog({ ...deps, origin: 'other/log' }))).toBe('RECORD_DAMAGED');
    });
  });
});
