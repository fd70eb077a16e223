import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { build } from 'esbuild';

export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

/** Whole files only: a process that starts during a build reads the old one or the new one. */
export function writeWhole(file: string, data: Uint8Array | string): void {
  mkdirSync(dirname(file), { recursive: true });
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}`);
  writeFileSync(temporary, data);
  renameSync(temporary, file);
}

const options = {
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  legalComments: 'none',
  logLevel: 'silent',
} as const satisfies BuildOptions;

/** Bundles one entry with its source map; dependencies stay in `node_modules`. Resolves to a word on its size. */
export async function bundleEntry(from: string, to: string): Promise<string> {
  const result = await build({ ...options, entryPoints: [from], outfile: to, sourcemap: 'linked' });
  for (const file of result.outputFiles) writeWhole(file.path, file.contents);
  const code = result.outputFiles.find((file) => file.path.endsWith('.js'));
  return `${Math.ceil((code?.contents.length ?? 0) / 1_024)} KiB`;
}

const sources = (dir: string): string[] =>
  readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/**
 * Everything a verdict is made of, as one file named by its hash: the manifest pins it, so that a process whose judging
 * code differs is found out, and an auditor can keep the very code that judged.
 */
export async function bundleJudge(): Promise<string> {
  const files = [...sources('contracts'), ...sources('policies')];
  const contents = files.map((file) => `export * as ${file.replace(/[^a-z0-9]/g, '_')} from './${file}';`).join('\n');
  const stdin = { contents, resolveDir: process.cwd(), loader: 'ts' } as const;
  const result = await build({ ...options, stdin });
  const code = result.outputFiles[0]?.contents ?? new Uint8Array();
  const judgeBuild = sha256(code);
  writeWhole(`dist/judge/${judgeBuild}.js`, code);
  writeWhole('dist/build.json', `${JSON.stringify({ judgeBuild })}\n`);
  return judgeBuild.slice(0, 12);
}

/** A hash over the sources that a bundle is made of, to leave alone what has not changed. */
export const inputsHash = (dirs: readonly string[], read: (file: string) => Uint8Array): string =>
  sha256(
    dirs
      .flatMap(sources)
      .map((file) => `${file} ${sha256(read(file))}`)
      .join('\n'),
  );
