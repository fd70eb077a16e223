import type { JsonObject, JsonValue } from '../../contracts/values.ts';

/** The first `charsMax` UTF-16 units of a text, never ending in half a surrogate pair, which RFC 8785 cannot hold. */
export function bounded(text: string, charsMax: number): string {
  const whole = Buffer.from(text, 'utf8').toString('utf8'); // half a pair becomes U+FFFD
  if (whole.length <= charsMax) return whole;
  return /[\uD800-\uDBFF]/.test(whole.charAt(charsMax - 1)) ? whole.slice(0, charsMax - 1) : whole.slice(0, charsMax);
}

export const boundedOrNull = (text: string | null | undefined, charsMax: number): string | null =>
  text === null || text === undefined ? null : bounded(text, charsMax);

/** UTF-8 bytes of a value as JSON. */
export const jsonBytes = (value: JsonValue | JsonObject): number => Buffer.byteLength(JSON.stringify(value), 'utf8');

/**
 * As many leading items as fit both bounds, and whether any was left out. `bytesOf` counts everything that the item
 * brings into the result, its entity included.
 */
export function fitting<T>(
  items: readonly T[],
  max: { readonly count: number; readonly bytes: number },
  bytesOf: (item: T) => number,
): { readonly kept: readonly T[]; readonly truncated: boolean } {
  let bytes = 0;
  const end = items.findIndex((item, index) => {
    bytes += bytesOf(item) + 1;
    return index >= max.count || bytes > max.bytes;
  });
  return end === -1 ? { kept: items, truncated: false } : { kept: items.slice(0, end), truncated: true };
}
