/**
 * What is derived from a thing that never changes, derived once. By identity, so that nothing is ever judged by what an equal
 * looking thing came to; and for as long as the thing is there. What throws is tried again.
 */
export function derivedOnce<K extends object, V>(derive: (from: K) => V): (from: K) => V {
  const known = new WeakMap<K, V>();
  return (from) => {
    const before = known.get(from);
    if (before !== undefined) return before;
    const derived = derive(from);
    known.set(from, derived);
    return derived;
  };
}
