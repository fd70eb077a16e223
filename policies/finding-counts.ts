import { type Finding, placesMax } from '../contracts/finding.ts';

/** Called once for each thing that was found: by which rule, and where. */
export type Note = (rule: string, at: string) => void;

const placeCharsMax = 120;
const countMax = 1_000_000;

/** At most so many UTF-16 units of a text, and never half of a pair. */
export function cutText(text: string, charsMax: number): string {
  const kept = text.slice(0, charsMax);
  return kept.length < text.length && /[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept;
}

/** Counts what is found by rule and place; beyond the bound by rule alone. */
export function countFindings(): { readonly note: Note; list(): Finding[] } {
  const counts = new Map<string, { rule: string; at: string; count: number }>();
  return {
    note: (rule, at) => {
      const full = counts.size >= placesMax && !counts.has(`${rule} ${cutText(at, placeCharsMax)}`);
      const one = full ? { rule, at: '' } : { rule, at: cutText(at, placeCharsMax) };
      const key = `${one.rule} ${one.at}`;
      const count = (counts.get(key)?.count ?? 0) + 1;
      counts.set(key, { ...one, count: Math.min(count, countMax) });
    },
    list: () => [...counts.values()].sort((a, b) => compare(a.rule, b.rule) || compare(a.at, b.at)),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
