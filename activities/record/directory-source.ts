import type { Dirent } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveSource, foreignWords, type OnFault } from './archive-source.ts';
import { lockName } from './directory-lock.ts';
import { createDirectoryStore, tempsName } from './directory-store.ts';
import { isTempName } from './durable-file.ts';
import { blobsPrefix, firstOfKey, segmentsPrefix } from './store.ts';
import { trustName } from './verify-keys.ts';

/** An archive in a directory. Nothing of it is immutable, and its report says so. */
export const directorySource = (dir: string): ArchiveSource => ({
  trust: () => readFile(join(dir, trustName)).catch(() => null),
  async survey(onFault) {
    await access(join(dir, segmentsPrefix)).catch(() =>
      onFault(segmentsPrefix, 'expected a folder of segments: this is no archive'),
    );
    await findForeign(dir, onFault);
    const store = await createDirectoryStore(dir, { readOnly: true });
    return {
      get: (key) => store.get(key).catch(() => null),
      list: (prefix) => store.list(prefix).catch(() => []),
      words: ['store: a directory, which is not immutable'],
    };
  },
});

const topFiles = new Set([trustName, lockName]);
const topFolders = new Set([segmentsPrefix, blobsPrefix, tempsName]);

/** Reports every object that an archive does not have: whoever hides something there must not go unnoticed. */
async function findForeign(dir: string, onFault: OnFault): Promise<void> {
  const expectFile = (name: string, entry: Dirent, known: boolean): void => {
    if (!known) onFault(name, foreignWords(name));
    else if (!entry.isFile()) onFault(name, 'expected a regular file');
  };
  for (const entry of await readdir(dir, { withFileTypes: true }).catch((): Dirent[] => [])) {
    if (topFolders.has(entry.name) && entry.isDirectory()) continue;
    expectFile(entry.name, entry, topFiles.has(entry.name));
  }
  const forms: Record<string, (name: string) => boolean> = {
    [segmentsPrefix]: (name) => firstOfKey(`${segmentsPrefix}/${name}`) !== null,
    [blobsPrefix]: (name) => /^[0-9a-f]{64}$/.test(name),
    [tempsName]: isTempName,
  };
  for (const [folder, isKnown] of Object.entries(forms)) {
    const entries = await readdir(join(dir, folder), { withFileTypes: true }).catch((): Dirent[] => []);
    for (const entry of entries) expectFile(`${folder}/${entry.name}`, entry, isKnown(entry.name));
  }
}
