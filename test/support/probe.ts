import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

export type Probe = { readonly file: string; remove(): void };

/**
 * Bundles a TypeScript file of `test/` so that plain Node can run it as a process of its own. It lies inside the
 * repository, where its dependencies are found.
 */
export async function buildProbe(source: string): Promise<Probe> {
  const root = join(import.meta.dirname, '..', '..');
  const file = join(root, 'dist', 'probes', `${basename(source, '.ts')}-${randomBytes(6).toString('hex')}.js`);
  await build({
    entryPoints: [join(root, source)],
    outfile: file,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return { file, remove: () => rmSync(file, { force: true }) };
}
