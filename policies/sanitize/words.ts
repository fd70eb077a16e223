import { filler, fold } from './fold.ts';

export type Word = {
  /** Folded, so that one lexicon serves every disguise of a letter. */
  readonly key: string;
  readonly start: number;
  readonly end: number;
  /** True when a sentence, or something as separate, ends before it. */
  readonly fresh: boolean;
};

const letterOrDigit = /[\p{L}\p{N}\p{M}]/u;
const digitsOnly = /^[\d\s]+$/;
const ends = /[.!?;:"“”()[\]{}<>|=\n]/;
const wordsMax = 4_000;
const asciiWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90);
const isWordUnit = (unit: string): boolean => {
  const code = unit.charCodeAt(0);
  if (code === 0) return true;
  return code < 128 ? asciiWord(code) : letterOrDigit.test(unit) || (code >= 0xd800 && code <= 0xdfff);
};

/** The words of a line, at most 4,000, with their places. An apostrophe within a word parts it: `l'assistant` is two. */
export function wordsOf(text: string): Word[] {
  const units = fold(text);
  const words: Word[] = [];
  let start = -1;
  let fresh = true;
  for (let at = 0; at <= units.length && words.length < wordsMax; at++) {
    const unit = units[at] ?? ' ';
    if (isWordUnit(unit)) {
      if (start === -1) start = at;
      continue;
    }
    if (start !== -1) {
      words.push({ key: keyOf(text, units, start, at), start, end: at, fresh });
      start = -1;
      fresh = false;
    }
    if (ends.test(unit)) fresh = true;
    // An address is a thing to send to.
    if (unit === '@') words.push({ key: '@', start: at, end: at + 1, fresh: false });
    // A newline as JSON writes it is no part of the word after it.
    if (unit === '\\' && 'nrt'.includes(units[at + 1] ?? ' ')) at += 1;
  }
  return words;
}

/** A number stays a number: only a digit beside a letter can stand for one. */
const keyOf = (text: string, units: string, start: number, end: number): string => {
  const raw = text.slice(start, end);
  return digitsOnly.test(raw) ? raw : units.slice(start, end).replaceAll(filler, '');
};

const longestPiece = 16;

/** Words out of letters that stand without a space between them: the longest that the lexicon knows at each place. */
export function wordsOfRun(run: string, knows: (key: string) => boolean): Word[] {
  const units = fold(run).replaceAll(filler, '');
  const words: Word[] = [];
  let unknown = -1;
  const close = (at: number): void => {
    if (unknown !== -1) words.push({ key: units.slice(unknown, at), start: unknown, end: at, fresh: false });
    unknown = -1;
  };
  for (let at = 0; at < units.length && words.length < wordsMax; ) {
    const size = knownAt(units, at, knows);
    if (size === 0) {
      if (unknown === -1) unknown = at;
      at += 1;
      continue;
    }
    close(at);
    words.push({ key: units.slice(at, at + size), start: at, end: at + size, fresh: false });
    at += size;
  }
  close(units.length);
  return words;
}

function knownAt(units: string, at: number, knows: (key: string) => boolean): number {
  for (let size = Math.min(longestPiece, units.length - at); size >= 3; size--)
    if (knows(units.slice(at, at + size))) return size;
  return 0;
}
