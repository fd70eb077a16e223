import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ManifestFile } from '../../contracts/manifest.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { openManifest } from '../../policies/manifest.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
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
  const newest = (await ownFiles(config)).at(-1);
  if (newest === undefined) throw noManifest();
  await loadSqlParser();
  return openManifest({ raw: await readJson(newest.file), keys: config.keys, mode: 'development', now });
}

/**
 * Opens the manifest with this digest, which an action names: the newest, or an older one that an open incident began
 * under. Throws `Refusal` NOT_FOUND or MANIFEST_UNKNOWN, or MANIFEST_* as a process would.
 */
export async function rulesByDigest(config: ClientConfig, digest: string, now: number): Promise<Rules> {
  const files = await ownFiles(config);
  if (files.length === 0) throw noManifest();
  await loadSqlParser();
  for (const { file } of files.reverse()) {
    const raw = await readJson(file);
    const parsed = ManifestFile.safeParse(raw);
    if (parsed.success && digestOf(parsed.data.manifest.payload) === digest)
      return openManifest({ raw, keys: config.keys, mode: 'development', now });
  }
  throw new Refusal(
    'MANIFEST_UNKNOWN',
    `no manifest here has the digest \`${digest}\` that the action names`,
    'bring the manifest that the processes read into `manifestDir` of holdpoint.json',
  );
}

const ownFiles = async ({ manifestDir }: ClientConfig) => (manifestDir === null ? [] : manifestFiles(manifestDir));

const noManifest = (): Refusal =>
  new Refusal(
    'NOT_FOUND',
    'no manifest: `manifestDir` in holdpoint.json names none',
    'name the folder that the processes read',
  );

/** Null for what is no JSON: no manifest has it, and the refusal then says so. */
async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
