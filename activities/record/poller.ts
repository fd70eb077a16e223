const stopMsMax = 5_000;
/** `stop` waits for the work at hand, but not longer than 5 s. */
export type Poller = { stop(): Promise<void> };

/** Runs `work` now and then `everyMs` after it ended, never twice at once. What it throws goes to `onFault`, and it goes on. */
export function createPoller(everyMs: number, work: () => Promise<void>, onFault: (error: unknown) => void): Poller {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const next = (): void => {
    running = work()
      .catch(onFault)
      .then(() => {
        if (!stopped) timer = setTimeout(next, everyMs);
      });
  };
  next();
  return {
    async stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, stopMsMax).unref())]);
    },
  };
}
