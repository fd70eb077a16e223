import { createHash } from 'node:crypto';

/** True under `npm run test:deep`, which runs every long case; `npm test` runs a seeded share of them. */
export const deep = process.env.HOLDPOINT_DEEP === '1';
/** The run's seed; `vitest.config.ts` prints it, and `HOLDPOINT_SEED` repeats it. */
export const seed = process.env.HOLDPOINT_SEED ?? '0';

/** All cases when deep, else `count` of them, chosen by the run's seed. */
export function share<T>(cases: readonly T[], count: number): readonly T[] {
  if (deep) return cases;
  const rank = (index: number): string => createHash('sha256').update(`${seed}/${index}`).digest('hex');
  const chosen = new Set(
    cases
      .map((_, index) => index)
      .sort((a, b) => (rank(a) < rank(b) ? -1 : 1))
      .slice(0, count),
  );
  return cases.filter((_, index) => chosen.has(index));
}
