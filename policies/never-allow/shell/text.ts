import type { Word } from '../word.ts';

/** A stretch of text: what the command itself says, or what something outside decides, shown as the command names it. */
export type Bit = string | { readonly unknown: string };
/** A value of the shell: a variable, the output of a command, a here-document. */
export type Text = readonly Bit[];

export const somethingUnknown = (shown: string): Text => [{ unknown: shown }];

/** The whole text, where the command alone decides it; null for any other. */
export function knownText(text: Text | null): string | null {
  if (text === null) return null;
  let whole = '';
  for (const bit of text) {
    if (typeof bit !== 'string') return null;
    whole += bit;
  }
  return whole;
}

/** How a text is shown to people. */
export const shownText = (text: Text): string =>
  text.map((bit) => (typeof bit === 'string' ? bit : bit.unknown)).join('');

export const sameText = (a: Text, b: Text): boolean =>
  a.length === b.length &&
  a.every((bit, index) => {
    const other = b[index];
    // Two unknown bits are never known to be the same, but as unknown as each other.
    return typeof bit === 'string' || typeof other === 'string' ? bit === other : other !== undefined;
  });

export const textSize = (text: Text): number =>
  text.reduce((size, bit) => size + (typeof bit === 'string' ? bit.length : 1), 1);

/** As a shell strips the end of a command's output. */
export function withoutLastNewlines(text: Text): Text {
  const last = text.at(-1);
  if (typeof last !== 'string') return text;
  let end = last.length;
  while (end > 0 && last[end - 1] === '\n') end -= 1;
  if (end > 0) return [...text.slice(0, -1), last.slice(0, end)];
  return withoutLastNewlines(text.slice(0, -1));
}

/** A word as the value of a variable; null when it may be no word or several. */
export function textOfWord(word: Word): Text | null {
  if (word.kind === 'literal') return [word.value];
  if (word.splits) return null;
  return word.prefix === '' ? somethingUnknown(word.text) : [word.prefix, { unknown: word.text }];
}
