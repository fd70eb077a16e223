import { fold, foldedAscii } from './fold.ts';
import { keyWords } from './instructions.ts';

/** Why a line deserves a closer look. Nothing that a rule finds is on a line without one of these. */
export const look = {
  key: 1,
  foreign: 2,
  long: 4,
  singles: 8,
  escaped: 16,
  rotated: 32,
  reversed: 64,
  chunks: 128,
} as const;
export type Looked = { readonly start: number; readonly end: number; readonly line: number; readonly why: number };

const slots = 16_384;
const wordMax = 24;
const hashes = new Int32Array(slots);
const whys = new Uint8Array(slots);
const step = (hash: number, code: number): number => (Math.imul(hash, 31) + code) | 0;
const hashOf = (key: string): number => {
  let hash = 7;
  for (let at = 0; at < key.length; at++) hash = step(hash, key.charCodeAt(at));
  return hash === 0 ? 1 : hash;
};
function enter(key: string, why: number): void {
  const hash = hashOf(key);
  let slot = hash & (slots - 1);
  while (hashes[slot] !== 0 && hashes[slot] !== hash) slot = (slot + 1) & (slots - 1);
  hashes[slot] = hash;
  whys[slot] = (whys[slot] ?? 0) | why;
}
function whyOf(hash: number): number {
  for (let slot = hash & (slots - 1); hashes[slot] !== 0; slot = (slot + 1) & (slots - 1))
    if (hashes[slot] === hash) return whys[slot] ?? 0;
  return 0;
}

/** Words that a disguised line is known by once the disguise is undone: rare in any log, in their turned form rarer. */
const telling =
  'ignore disregard forget override bypass reveal prompt instructions previous system pretend assistant execute';
export const rot13 = (text: string): string =>
  text.replace(/[A-Za-z]/g, (char) => {
    const code = char.charCodeAt(0);
    const base = code < 97 ? 65 : 97;
    return String.fromCharCode(((code - base + 13) % 26) + base);
  });
export const reversed = (text: string): string => [...text].reverse().join('');
for (const key of keyWords) if (key.length <= wordMax && !key.includes('@')) enter(key, look.key);
for (const word of telling.split(' ')) {
  enter(fold(rot13(word)), look.rotated);
  enter(fold(reversed(word)), look.reversed);
}

const longMin = 20;
const singlesMin = 8;
const chunksMin = 6;
const backslash = '\\'.charCodeAt(0);

/** The lines of a text that deserve a closer look, in order. One pass, a few operations for each unit. */
export function linesToLookAt(text: string): Looked[] {
  const found: Looked[] = [];
  let line = 1;
  for (let start = 0; start <= text.length; line++) {
    const next = text.indexOf('\n', start);
    const end = next === -1 ? text.length : next;
    const why = whyLook(text, start, end);
    if (why !== 0) found.push({ start, end, line, why });
    start = end + 1;
  }
  return found;
}

function whyLook(text: string, start: number, end: number): number {
  let why = 0;
  let hash = 7;
  let size = 0;
  let digits = 0;
  let singles = 0;
  let chunks = 0;
  let lastSize = 0;
  for (let place = start; place <= end; place++) {
    const code = place === end ? 32 : text.charCodeAt(place);
    const folded = code < 128 ? (foldedAscii[code] ?? 0) : 0;
    if (folded !== 0) {
      hash = step(hash, folded);
      size += 1;
      if (code < 58) digits += 1;
      continue;
    }
    if (size !== 0) {
      if (size > 1 && size <= wordMax && digits < size) why |= whyOf(hash === 0 ? 1 : hash);
      if (size >= longMin && couldSpell(text, place - size, size)) why |= look.long;
      if (size === 1 && ++singles >= singlesMin) why |= look.singles;
      if (size > 1) singles = 0;
      chunks = size === lastSize && size > 1 ? chunks + 1 : 0;
      if (chunks >= chunksMin) why |= look.chunks;
      lastSize = size;
      hash = 7;
      size = 0;
      digits = 0;
    }
    if (code > 127) why |= look.foreign;
    else if (code === 37 || code === 38) why |= escapeAt(text, place);
    else if (code === backslash) {
      const next = text.charCodeAt(place + 1);
      if (next === 110 || next === 114 || next === 116) place += 1;
      else if (next === 117 || next === 120) why |= look.escaped;
    }
  }
  return why;
}

/**
 * A run of letters and digits may hide words, unless it is a hexadecimal number that no text has: in text
 * every pair begins with 2 to 7.
 */
function couldSpell(text: string, start: number, size: number): boolean {
  for (let place = start; place < start + size; place++) if (!isHex(text.charCodeAt(place))) return true;
  for (let place = start; place < start + size; place += 2) {
    const code = text.charCodeAt(place);
    if (code < 50 || code > 55) return false;
  }
  return true;
}

const isHex = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);

const escapeAt = (text: string, place: number): number => {
  const next = text.charCodeAt(place + 1);
  return isHex(next) || next === 35 ? look.escaped : 0;
};
