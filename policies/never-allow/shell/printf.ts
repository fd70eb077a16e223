import { readEscapes } from './escapes.ts';

const roundsMax = 1_000;

/** What `printf FORMAT WORD…` prints, for the formats that are followed (`%s`, `%b`, `%%`, plain `%d`); null for any other. */
export function formatted(format: string, words: readonly string[]): string | null {
  const pieces = piecesOf(format);
  if (pieces === null) return null;
  const taking = pieces.filter(({ kind }) => kind !== 'text').length;
  let made = '';
  let next = 0;
  // The format is used again until it has taken every word.
  for (let round = 0; round === 0 || (taking > 0 && next < words.length); round++) {
    if (round > roundsMax) return null;
    for (const piece of pieces) {
      const text = piece.kind === 'text' ? piece.text : converted(piece.kind, words[next++] ?? '');
      if (text === null) return null;
      made += text;
    }
  }
  return made;
}

type Piece = { readonly kind: 'text'; readonly text: string } | { readonly kind: 's' | 'b' | 'd' };

function piecesOf(format: string): Piece[] | null {
  const pieces: Piece[] = [];
  for (const part of format.split(/(%.?)/s)) {
    if (part === '%s' || part === '%b' || part === '%d') pieces.push({ kind: part[1] as 's' | 'b' | 'd' });
    else if (part === '%%') pieces.push({ kind: 'text', text: '%' });
    else if (part.startsWith('%')) return null;
    else {
      const text = readEscapes(part, 'printf');
      if (text === null) return null;
      pieces.push({ kind: 'text', text });
    }
  }
  return pieces;
}

function converted(kind: 's' | 'b' | 'd', word: string): string | null {
  if (kind === 's') return word;
  if (kind === 'b') return readEscapes(word, 'echo');
  return /^-?(0|[1-9]\d{0,14})$/.test(word) ? word : null;
}
