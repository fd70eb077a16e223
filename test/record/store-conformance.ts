import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordStore } from '../../activities/record/store.ts';
import { blobKey, segmentKey } from '../../activities/record/store.ts';

export type StoreUnderTest = {
  readonly store: RecordStore;
  /** The same objects through another opening, as another process would see them. */
  again(): Promise<RecordStore>;
  close(): Promise<void>;
};

/** What every store must show before the log may be kept in it. */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`store: ${name}`, () => {
    let under: StoreUnderTest;
    const bytes = (text: string) => Buffer.from(text);
    beforeEach(async () => {
      under = await open();
    });
    afterEach(() => under.close());

    it('keeps what was put, byte for byte, for every reader', async () => {
      const content = Buffer.from([0, 255, 10, 13, 0]);
      expect(await under.store.putNew(segmentKey(0), content)).toBe('created');
      expect(await (await under.again()).get(segmentKey(0))).toEqual(content);
    });
    it('never touches an object that is there', async () => {
      await under.store.putNew(segmentKey(0), bytes('first'));
      expect(await under.store.putNew(segmentKey(0), bytes('second'))).toBe('exists');
      expect((await under.store.get(segmentKey(0)))?.toString()).toBe('first');
    });
    it('lets exactly one of many writers of one name win, and keeps what the winner wrote', async () => {
      const stores = await Promise.all(Array.from({ length: 16 }, () => under.again()));
      const answers = await Promise.all(stores.map((store, n) => store.putNew(segmentKey(7), bytes(`writer ${n}`))));
      const winner = answers.indexOf('created');
      expect(answers.filter((answer) => answer === 'created')).toHaveLength(1);
      expect((await under.store.get(segmentKey(7)))?.toString()).toBe(`writer ${winner}`);
    });
    it('has nothing under a name that was never put', async () => {
      expect(await under.store.get(segmentKey(3))).toBeNull();
      expect(await under.store.get(blobKey('a'.repeat(64)))).toBeNull();
    });
    it('lists names in the order of their numbers, and each prefix alone', async () => {
      for (const seq of [10, 9, 100, 2]) await under.store.putNew(segmentKey(seq), bytes('r'));
      await under.store.putNew(blobKey('b'.repeat(64)), bytes('b'));
      expect(await under.store.list('segments')).toEqual([2, 9, 10, 100].map(segmentKey));
      expect(await under.store.list('blobs')).toEqual([blobKey('b'.repeat(64))]);
    });
    it.each([
      '../escape',
      'segments/../../escape',
      'segments/1.txt',
      'records/000000000001.json',
      'blobs/xyz',
      '/etc/passwd',
      'trust.json',
      '',
    ])('refuses the name `%s`', async (key) => {
      await expect(under.store.putNew(key, bytes('x'))).rejects.toThrow(TypeError);
      await expect(under.store.get(key)).rejects.toThrow(TypeError);
    });
    it('says at which boundary of a write it is', async () => {
      const seen: string[] = [];
      await under.store.putNew(segmentKey(0), bytes('x'), (point) => seen.push(point));
      expect(seen).toEqual(['before-put', 'half-put', 'after-put']);
    });
  });
}
