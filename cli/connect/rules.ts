import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Rules } from '../../policies/manifest.ts';
import { openManifest } from '../../policies/manifest.ts';
import type { ClientConfig } from '../client-config.ts';
import { Refusal } from '../shell/refusal.ts';

const fileForm = /^manifest-([0-9]{1,9})\.json$/;

/** The manifest files of a folder, highest version last. */
export async function manifestFiles(dir: string): Promise<{ readonly version: number; readonly file: string }[]> {
  const names = await readdir(dir).catch(() => []);
  return names
    .flatMap((name) => {
      const match = fileForm.exec(name);
      return match === null ? [] : [{ version: Number(match[1]), file: join(dir, name) }];
    })
    .sort((a, b) => a.version - b.version);
}

/** Opens the newest manifest under the pinned platform key. Throws `Refusal` NOT_FOUND, or MANIFEST_* as a process would. */
export async function newestRules(config: ClientConfig, now: number): Promise<Rules> {
  const newest = config.manifestDir === null ? undefined : (await manifestFiles(config.manifestDir)).at(-1);
  if (newest === undefined)
    throw new Refusal(
      'NOT_FOUND',
      'no manifest: `manifestDir` in holdpoint.json names none',
      'name the folder that the processes read',
    );
  const raw: unknown = JSON.parse(await readFile(newest.file, 'utf8'));
  return openManifest({ raw, keys: config.keys, mode: 'development', now });
}
