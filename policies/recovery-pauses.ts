// Shared by the workflow that waits and by the judges that bound its reads: it imports nothing, so it may enter the sandbox.

/** The pause after the first look at a service that has not recovered; each later one is twice as long, up to the maximum. */
export const pauseMsMin = 1_000;
const pauseMsMax = 60_000;

/** The pause after one of `pauseMs`. */
export const longerPauseMs = (pauseMs: number): number => Math.min(pauseMs * 2, pauseMsMax);

/** How often one run can look whether the service recovered: at once, and after each pause until `settleMsMax` is over. */
export function recoveryLooksMax(settleMsMax: number): number {
  let looks = 1;
  for (let leftMs = settleMsMax, pauseMs = pauseMsMin; leftMs > 0; pauseMs = longerPauseMs(pauseMs)) {
    leftMs -= pauseMs;
    looks += 1;
  }
  return looks;
}
