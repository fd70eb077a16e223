const pairsMin = 2;
const pairsMax = 64;
const pair = /([A-Za-z_@][\w.@/-]{0,79})=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))(?:\s+|$)/y;

/** The pairs of a line that is nothing but `key=value` pairs, or null. */
export function parseFields(line: string): Record<string, string> | null {
  const pairs: [string, string][] = [];
  pair.lastIndex = 0;
  while (pair.lastIndex < line.length && pairs.length < pairsMax) {
    const found = pair.exec(line);
    if (found === null) return null;
    pairs.push([found[1] ?? '', found[2]?.replaceAll('\\"', '"') ?? found[3] ?? '']);
  }
  return pairs.length < pairsMin ? null : Object.fromEntries(pairs);
}
