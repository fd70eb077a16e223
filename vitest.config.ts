import { defineConfig } from 'vitest/config';

// The seed of this run's share of the long tests, and of nothing else; HOLDPOINT_SEED repeats a run.
const seed = process.env.HOLDPOINT_SEED ?? String(Math.floor(Date.now() / 1000));
if (process.env.VITEST_WORKER_ID === undefined) console.log(`seed of the long tests: HOLDPOINT_SEED=${seed}`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    env: { HOLDPOINT_SEED: seed },
    globalSetup: ['test/support/global-setup.ts'],
  },
});
