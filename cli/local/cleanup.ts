/** What has to be undone, last first. Everything is tried, whatever fails; run it as often as you like. */
export type Cleanup = {
  add(name: string, undo: () => Promise<unknown>): void;
  run(): Promise<readonly string[]>;
};

export function createCleanup(): Cleanup {
  const steps: { readonly name: string; readonly undo: () => Promise<unknown> }[] = [];
  return {
    add: (name, undo) => {
      steps.push({ name, undo });
    },
    run: async () => {
      const failed: string[] = [];
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        const { name } = step;
        await step.undo().catch((error: unknown) => {
          failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        });
      }
      return failed;
    },
  };
}
