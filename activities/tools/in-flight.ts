/** The actions that this process works on now: nobody else may call the outcome of one of them unknown. */
export type InFlight = {
  readonly has: (digest: string) => boolean;
  during<T>(digest: string, work: () => Promise<T>): Promise<T>;
};

export function createInFlight(): InFlight {
  const counts = new Map<string, number>();
  const add = (digest: string, n: number): void => {
    const count = (counts.get(digest) ?? 0) + n;
    if (count > 0) counts.set(digest, count);
    else counts.delete(digest);
  };
  return {
    has: (digest) => counts.has(digest),
    async during(digest, work) {
      add(digest, 1);
      try {
        return await work();
      } finally {
        add(digest, -1);
      }
    },
  };
}
