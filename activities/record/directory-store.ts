import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reached, RecordStore } from './store.ts';
import { blobsPrefix, mustBeKey, recordsPrefix } from './store.ts';

const tempsName = 'temporary';
const tempForm = /^[0-9]+-[0-9a-f]{16}$/;
export const isTempName = (name: string): boolean => tempForm.test(name);
export { tempsName };

/**
 * The embedded store: one directory. A new object is written to a temporary file, flushed, and given its final name by
 * link(2), which fails when the name is taken: so an object is there whole or not at all, and the first writer wins.
 * Anyone who may write the directory may change it: this store is not immutable, and whoever verifies it says so.
 */
export async function createDirectoryStore(dir: string, { readOnly = false } = {}): Promise<RecordStore> {
  if (!readOnly)
    for (const part of [recordsPrefix, blobsPrefix, tempsName]) await mkdir(join(dir, part), { recursive: true });
  return {
    async putNew(key, bytes, reached = () => {}) {
      if (readOnly) throw new TypeError('expected a store that may be written');
      return putNew(dir, key, bytes, reached);
    },
    async get(key) {
      mustBeKey(key);
      return readFile(join(dir, key)).catch(nullWhenMissing);
    },
    async list(prefix) {
      if (prefix !== recordsPrefix && prefix !== blobsPrefix) throw new TypeError('expected a known prefix');
      const names = await readdir(join(dir, prefix));
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

async function putNew(dir: string, key: string, bytes: Uint8Array, reached: Reached): Promise<'created' | 'exists'> {
  mustBeKey(key);
  const temp = join(dir, tempsName, `${process.pid}-${randomBytes(8).toString('hex')}`);
  const final = join(dir, key);
  reached('before-put');
  try {
    await writeDurably(temp, bytes);
    reached('half-put');
    const created = await link(temp, final).then(() => true, falseWhenTaken);
    reached('after-put');
    // INVARIANT: also for a name that was taken: its writer may have died before it flushed, and we are about to rely on it.
    await flushDirectory(join(final, '..'));
    return created ? 'created' : 'exists';
  } finally {
    await unlink(temp).catch(() => undefined);
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o640);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function flushDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

const codeIs = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code;
function nullWhenMissing(error: unknown): null {
  if (codeIs(error, 'ENOENT')) return null;
  throw error;
}
function falseWhenTaken(error: unknown): false {
  if (codeIs(error, 'EEXIST')) return false;
  throw error;
}
