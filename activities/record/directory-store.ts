import { mkdir, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isTempName, nullWhenMissing, putFile } from './durable-file.ts';
import type { RecordStore } from './store.ts';
import { blobsPrefix, isPrefix, mustBeKey, segmentsPrefix } from './store.ts';

export const tempsName = 'temporary';

/**
 * The embedded store: one directory. A new object is written to a temporary file, flushed, and given its final name by
 * link(2), which fails when the name is taken: so an object is there whole or not at all, and the first writer wins.
 * Anyone who may write the directory may change it: this store is not immutable, and whoever verifies it says so.
 */
export async function createDirectoryStore(dir: string, { readOnly = false } = {}): Promise<RecordStore> {
  if (!readOnly)
    for (const part of [segmentsPrefix, blobsPrefix, tempsName]) await mkdir(join(dir, part), { recursive: true });
  return {
    async putNew(key, bytes, reached) {
      if (readOnly) throw new TypeError('expected a store that may be written');
      mustBeKey(key);
      return putFile(join(dir, key), join(dir, tempsName), bytes, reached);
    },
    async get(key) {
      mustBeKey(key);
      return readFile(join(dir, key)).catch(nullWhenMissing);
    },
    async list(prefix) {
      if (!isPrefix(prefix)) throw new TypeError('expected a known prefix');
      const names = (await readdir(join(dir, prefix)).catch(nullWhenMissing)) ?? [];
      return names.map((name) => `${prefix}/${name}`).sort();
    },
  };
}

/** Removes what a crash left half written. Only for the holder of the directory's lock: a live writer's file looks the same. */
export async function removeLeftovers(dir: string): Promise<number> {
  const temps = (await readdir(join(dir, tempsName))).filter(isTempName);
  for (const name of temps) await unlink(join(dir, tempsName, name));
  return temps.length;
}
