import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundleEntry, bundleJudge, writeWhole } from './build/entries.ts';
import { linkCommand } from './build/link-command.ts';
import { bundleWorkflows } from './build/workflows.ts';

const consoleFiles = 'gateway/console/assets';

/** Run from the repository root by `npm run build`: every process, the command line and the workflow bundle, into `dist/`. */
async function main(): Promise<void> {
  const workers = readdirSync('workers').filter((name) => name.endsWith('.ts') && name !== 'process.ts');
  const entries = workers.map((name) => ({ from: `workers/${name}`, to: `dist/workers/${basename(name, '.ts')}.js` }));
  if (existsSync('cli/main.ts')) entries.push({ from: 'cli/main.ts', to: 'dist/cli/main.js' });
  const jobs: [string, () => Promise<string>][] = [
    ...entries.map((entry): [string, () => Promise<string>] => [entry.to, () => bundleEntry(entry.from, entry.to)]),
    ['dist/build.json', bundleJudge],
    ['dist/console', copyConsoleFiles],
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

/** What browsers are sent, as it stands. */
async function copyConsoleFiles(): Promise<string> {
  const names = readdirSync(consoleFiles);
  for (const name of names) writeWhole(join('dist/console', name), readFileSync(join(consoleFiles, name)));
  return names.join(', ');
}

await main();
linkCommand();
