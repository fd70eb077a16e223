import type { Measured } from './bench.ts';

/** One call after another, each timed by itself: the median in µs, and the 99th percentile for the note. */
export function timed(calls: number, call: () => unknown): Measured {
  const times = new Float64Array(calls);
  for (let at = 0; at < calls; at++) {
    const start = process.hrtime.bigint();
    call();
    times[at] = Number(process.hrtime.bigint() - start) / 1_000;
  }
  times.sort();
  const at = (share: number): number => times[Math.floor(share * (calls - 1))] ?? Number.NaN;
  return { value: at(0.5), note: `p99 ${at(0.99).toFixed(1)}` };
}
