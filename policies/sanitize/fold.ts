/** Letters of other alphabets that are drawn like Latin ones, each after its Latin twin. */
const twins: Readonly<Record<string, string>> = {
  a: 'аαɑ',
  b: 'Ьв',
  c: 'сϲ',
  d: 'ԁ',
  e: 'еєε',
  g: 'ɡ',
  h: 'һ',
  i: 'іıι',
  j: 'ј',
  k: 'кκ',
  l: 'ӏ',
  m: 'м',
  n: 'ո',
  o: 'оοσօ',
  p: 'рρ',
  q: 'ԛ',
  s: 'ѕ',
  t: 'тτ',
  u: 'υս',
  v: 'ѵν',
  w: 'ѡԝ',
  x: 'хχ',
  y: 'уγ',
  z: 'ᴢ',
};
const latinOf = new Map(Object.entries(twins).flatMap(([latin, others]) => [...others].map((one) => [one, latin])));

/** Digits that stand for letters; `1`, `i` and `l` are one sign, as a reader of disguised text takes them for each other. */
const standsFor = new Map([...'01345789'].map((digit, at) => [digit, 'oieastbg'[at] ?? '']));
const merged = (letter: string): string => (letter === 'l' ? 'i' : letter);

/** A unit that belongs to the word around it and says nothing. */
export const filler = '\0';

function foldOne(char: string): string {
  const digit = standsFor.get(char);
  if (digit !== undefined) return merged(digit);
  const lower = char.toLowerCase();
  const twin = latinOf.get(lower);
  if (twin !== undefined) return merged(twin);
  const base = lower.normalize('NFKD').replace(/\p{M}/gu, '');
  if (base === '') return /\p{M}/u.test(lower) ? filler : ' ';
  const first = [...base][0] ?? ' ';
  const known = latinOf.get(first) ?? first;
  return /[\p{L}\p{N}]/u.test(known) ? merged(standsFor.get(known) ?? known) : known;
}

const folded = new Map<string, string>();
const foldedMax = 4_096;

function foldCached(char: string): string {
  const known = folded.get(char);
  if (known !== undefined) return known;
  const units = foldOne(char);
  // As long as what it stands for, so that a place in folded text is the same place in the text.
  const fitted = units.length >= char.length ? units.slice(0, char.length) : units.padEnd(char.length, filler);
  if (folded.size < foldedMax) folded.set(char, fitted);
  return fitted;
}

/**
 * The text as a reader of disguised text takes it, unit for unit as long: lower case, no accents, letters for digits and for
 * their twins in other alphabets. `l` is folded into `i`.
 */
export function fold(text: string): string {
  let out = '';
  for (const char of text) out += foldCached(char);
  return out;
}

/** The code that an ASCII unit folds to, 0 for what separates words. */
export const foldedAscii = new Uint8Array(128).map((_, code) => {
  const char = String.fromCharCode(code);
  return /[A-Za-z0-9]/.test(char) ? foldCached(char).charCodeAt(0) : 0;
});
