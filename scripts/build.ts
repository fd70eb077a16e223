import { existsSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { bundleEntry, bundleJudge } from './build/entries.ts';
import { linkCommand } from './build/link-command.ts';
import { bundleWorkflows } from './build/workflows.ts';

/** Run from the repository root by `npm run build`: every process, the command line and the workflow bundle, into `dist/`. */
async function main(): Promise<void> {
  const workers = readdirSync('workers').filter((name) => name.endsWith('.ts') && name !== 'process.ts');
  const entries = workers.map((name) => ({ from: `workers/${name}`, to: `dist/workers/${basename(name, '.ts')}.js` }));
  if (existsSync('cli/main.ts')) entries.push({ from: 'cli/main.ts', to: 'dist/cli/main.js' });
  const jobs: [string, () => Promise<string>][] = [
    ...entries.map((entry): [string, () => Promise<string>] => [entry.to, () => bundleEntry(entry.from, entry.to)]),
    ['dist/build.json', bundleJudge],
  ];
  if (existsSync('workflows/index.ts')) jobs.push(['dist/workflows', bundleWorkflows]);
  // Each entry by itself: one that does not compile is reported, and keeps none of the others from being built.
  for (const [name, job] of jobs) {
    try {
      process.stdout.write(`built ${name}: ${await job()}\n`);
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`cannot build ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

await main();
linkCommand();
