import { spawn } from 'node:child_process';
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

export type RunningProbe = {
  /** What it said on its first line: the processes that it started. */
  readonly pids: readonly number[];
  kill(): void;
};

/** Runs a probe until it has said its first line. Whoever runs one kills it. */
export async function runProbe(source: string, args: readonly string[]): Promise<RunningProbe> {
  const probe = await buildProbe(source);
  const child = spawn(process.execPath, [probe.file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  while (!said.includes('\n') && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 50));
  probe.remove();
  return { pids: said.trim().split(' ').map(Number), kill: () => void child.kill('SIGKILL') };
}
