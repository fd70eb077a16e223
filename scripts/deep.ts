import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

type Report = {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
};
const reportFile = 'dist/deep-report.json';
const resultFile = 'test/deep-result.json';

/** Runs every long case with a new seed (or `HOLDPOINT_SEED`), and leaves the result in a file that is committed. */
async function main(): Promise<void> {
  const seed = process.env.HOLDPOINT_SEED ?? String(randomInt(2 ** 31));
  const began = new Date();
  rmSync(reportFile, { force: true });
  const child = spawn('npx', ['vitest', 'run', ...process.argv.slice(2)], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, HOLDPOINT_DEEP: '1', HOLDPOINT_SEED: seed, HOLDPOINT_REPORT: reportFile },
  });
  const status = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  process.exitCode = status;
  if (!existsSync(reportFile) || process.argv.length > 2) return; // a part of the suite is not the deep result
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const result = {
    date: began.toISOString(),
    seed,
    minutes: Math.round((Date.now() - began.getTime()) / 6_000) / 10,
    node: process.version,
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests,
    success: status === 0 && report.success,
  };
  writeFileSync(resultFile, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(`${resultFile}: ${JSON.stringify(result)}\n`);
}

await main();
