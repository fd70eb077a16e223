import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldpointError } from '../../contracts/errors.ts';
import { digestOf } from '../../policies/digest.ts';
import type { Rules } from '../../policies/manifest.ts';
import { archivedBytesMax } from './blobs.ts';
import type { RecorderParts } from './parts.ts';
import { parseJson } from './wire.ts';

export type ManifestParts = Pick<RecorderParts, 'log' | 'blobs'> & { readonly manifestDir: string };

/** Appends a `manifest` record once for each manifest that decides anything here, with its file as a blob. */
export type RecordManifest = (rules: Rules) => Promise<void>;

/**
 * The file travels with the log: every proof in it can be checked later under the very directory and rules of its time.
 * Throws `MANIFEST_MISMATCH` when the file is no longer the one that was loaded.
 */
export const createManifestRecorder =
  ({ log, blobs, manifestDir }: ManifestParts): RecordManifest =>
  async (rules) => {
    if (log.state.manifests.has(rules.digest)) return;
    const bytes = await readFile(join(manifestDir, `manifest-${rules.version}.json`));
    const raw = parseJson(bytes) as { manifest?: { payload?: unknown } } | undefined;
    const payload = raw?.manifest?.payload;
    if (payload === undefined || digestOf(payload) !== rules.digest)
      throw new HoldpointError(
        'MANIFEST_MISMATCH',
        `manifest version ${rules.version}: its file changed since it was loaded`,
      );
    const file = await blobs.put(bytes, archivedBytesMax);
    await log.write((writer) => {
      if (writer.state.manifests.has(rules.digest)) return;
      const runbooks = [...rules.runbooks.values()].map(({ id, digest }) => ({ id, digest }));
      writer.append({
        kind: 'manifest',
        manifest: rules.digest,
        file,
        version: rules.version,
        mode: rules.mode,
        runbooks,
      });
    });
  };
