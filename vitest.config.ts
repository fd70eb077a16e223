import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';
import { AgainReporter } from './test/support/again-reporter.ts';

// Inherited by the processes that run the tests. `npm test` repeats itself; `npm run test:deep` takes a new seed each time.
process.env.HOLDPOINT_SEED ??= process.env.HOLDPOINT_DEEP === '1' ? String(randomInt(2 ** 31)) : '1';
process.stdout.write(`seed ${process.env.HOLDPOINT_SEED} (HOLDPOINT_SEED repeats a run)\n`);

// Where the deep run wants its result as JSON.
const report = process.env.HOLDPOINT_REPORT;

/** Suites that start whole installations of six and more processes. */
const installations = [
  'test/system/**/*.test.ts',
  'test/cli/demo*.test.ts',
  'test/cli/dev.test.ts',
  'test/record/crash.test.ts',
  'test/record/s3-crash.test.ts',
  'test/servers/supervisor.test.ts',
];

// Upper bounds for a slow machine, never a claim about speed: what has to be quick is measured in `bench/`.
const patient = { testTimeout: 60_000, hookTimeout: 120_000, teardownTimeout: 30_000 };
// A machine that stalls for seconds makes writes too late, and late writes are refused. A test that met such a stall is tried
// once more, and the run names it at its end. A mutant is to be killed at the first try.
const retry = process.env.HOLDPOINT_RETRY === '0' ? 0 : 1;
const shared = { ...patient, retry, pool: 'forks' as const, setupFiles: ['test/support/properties.ts'] };

export default defineConfig({
  test: {
    teardownTimeout: patient.teardownTimeout,
    reporters: ['default', new AgainReporter(), ...(report === undefined ? [] : ['json'])],
    ...(report === undefined ? {} : { outputFile: { json: report } }),
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'parts',
          include: ['test/**/*.test.ts'],
          exclude: installations,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // One after the other: two at once on two cores stall for seconds.
        test: {
          ...shared,
          name: 'installations',
          include: installations,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
