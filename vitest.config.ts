import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';

// Inherited by the processes that run the tests. `npm test` repeats itself; `npm run test:deep` takes a new seed each time.
process.env.HOLDPOINT_SEED ??= process.env.HOLDPOINT_DEEP === '1' ? String(randomInt(2 ** 31)) : '1';
process.stdout.write(`seed ${process.env.HOLDPOINT_SEED} (HOLDPOINT_SEED repeats a run)\n`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/properties.ts'],
  },
});
