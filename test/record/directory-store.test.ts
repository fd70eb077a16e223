import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBlobs } from '../../activities/record/blobs.ts';
import { lockDirectory } from '../../activities/record/directory-lock.ts';
import { createDirectoryStore, removeLeftovers } from '../../activities/record/directory-store.ts';
import { blobKey, segmentKey } from '../../activities/record/store.ts';
import { codeFrom } from './incident.ts';
import { describeStore } from './store-conformance.ts';

const freshDir = () => mkdtempSync(join(tmpdir(), 'holdpoint-store-'));

describeStore('a local directory', async () => {
  const dir = freshDir();
  return {
    store: await createDirectoryStore(dir),
    again: () => createDirectoryStore(dir),
    close: async () => rmSync(dir, { recursive: true, force: true }),
  };
});

describe('the directory of an archive', () => {
  let dir: string;
  beforeEach(() => {
    dir = freshDir();
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('leaves no temporary file behind a write, won or lost', async () => {
    const store = await createDirectoryStore(dir);
    await store.putNew(segmentKey(0), Buffer.from('a'));
    await store.putNew(segmentKey(0), Buffer.from('b'));
    expect(readdirSync(join(dir, 'temporary'))).toEqual([]);
  });
  it('clears what a crash left half written, and nothing else', async () => {
    const store = await createDirectoryStore(dir);
    await store.putNew(segmentKey(0), Buffer.from('a'));
    writeFileSync(join(dir, 'temporary', '123-0123456789abcdef'), 'half');
    expect(await removeLeftovers(dir)).toBe(1);
    expect((await store.get(segmentKey(0)))?.toString()).toBe('a');
  });
  it('refuses a second live recorder, and lets the next one in when the first is gone', async () => {
    const unlock = await lockDirectory(dir);
    expect(await codeFrom(lockDirectory(dir))).toBe('RECORD_REFUSED');
    await unlock();
    await (await lockDirectory(dir))();
  });
  it('takes over the lock of a process that is gone, or whose number another process has now', async () => {
    await createDirectoryStore(dir);
    writeFileSync(join(dir, 'recorder.lock'), '4194300 12345 gone\n');
    await (await lockDirectory(dir))();
    writeFileSync(join(dir, 'recorder.lock'), `${process.ppid} 1 reused\n`);
    await (await lockDirectory(dir))();
  });
  it('lets one of many in that find the same dead lock', async () => {
    await createDirectoryStore(dir);
    writeFileSync(join(dir, 'recorder.lock'), '4194300 12345 gone\n');
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeFrom(lockDirectory(dir))));
    expect(codes.filter((code) => code === 'none')).toHaveLength(1);
  });
  it('finds a blob that was changed where it lies', async () => {
    const store = await createDirectoryStore(dir);
    const hash = await createBlobs(store).put(Buffer.from('evidence'));
    writeFileSync(join(dir, blobKey(hash)), 'other');
    expect(await codeFrom(createBlobs(store).get(hash))).toBe('RECORD_DAMAGED');
    expect(await codeFrom(createBlobs(store).put(Buffer.from('evidence')))).toBe('RECORD_DAMAGED');
  });
});
