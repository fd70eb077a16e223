import type { Word } from 'unbash';

/** A pattern that is plain text, with at most one star at its beginning or end. */
type Pattern = { readonly text: string; readonly star: 'none' | 'first' | 'last' };

/**
 * The pattern that a word is; null for any that is more than text and one star at an end. `known` is the word without its
 * quotes: a star inside them is text, and is not told apart here.
 */
function patternOf(word: Word, known: string): Pattern | null {
  const stars = known.split('*').length - 1;
  if (/[?[\]\\(|]/.test(known) || stars > 1) return null;
  if (stars === 0) return { text: known, star: 'none' };
  if (word.text !== known) return null;
  if (known.startsWith('*')) return { text: known.slice(1), star: 'first' };
  return known.endsWith('*') ? { text: known.slice(0, -1), star: 'last' } : null;
}

/** `${X#p}`, `##`, `%` and `%%`; null where the pattern is more than can be followed. */
export function remove(value: string, operator: '#' | '##' | '%' | '%%', word: Word, known: string): string | null {
  const pattern = patternOf(word, known);
  if (pattern === null) return null;
  const { text, star } = pattern;
  const front = operator.startsWith('#');
  if (star === 'none') {
    if (front) return value.startsWith(text) ? value.slice(text.length) : value;
    return value.endsWith(text) ? value.slice(0, value.length - text.length) : value;
  }
  if (text === '') return operator.length === 2 ? '' : value;
  if (front === (star === 'last')) return null;
  return front ? afterMark(value, text, operator === '##') : beforeMark(value, text, operator === '%%');
}

function afterMark(value: string, mark: string, longest: boolean): string {
  const at = longest ? value.lastIndexOf(mark) : value.indexOf(mark);
  return at === -1 ? value : value.slice(at + mark.length);
}

function beforeMark(value: string, mark: string, longest: boolean): string {
  const at = longest ? value.indexOf(mark) : value.lastIndexOf(mark);
  return at === -1 ? value : value.slice(0, at);
}

const sizeMax = 65_536;

/** `${X/p/r}` and its like, where the pattern is plain text. */
export function replace(
  value: string,
  operator: '/' | '//' | '/#' | '/%',
  word: Word,
  known: string,
  replacement: string,
): string | null {
  const pattern = patternOf(word, known);
  // In a replacement `&` may stand for what was matched.
  if (pattern === null || pattern.star !== 'none' || /[&\\]/.test(replacement)) return null;
  const { text } = pattern;
  if (text === '') return operator === '/' || operator === '//' ? value : null;
  if (operator === '/#') return value.startsWith(text) ? replacement + value.slice(text.length) : value;
  if (operator === '/%') return value.endsWith(text) ? value.slice(0, value.length - text.length) + replacement : value;
  const parts = value.split(text);
  if (value.length + parts.length * replacement.length > sizeMax) return null;
  if (operator === '//') return parts.join(replacement);
  return parts.length === 1 ? value : `${parts[0]}${replacement}${parts.slice(1).join(text)}`;
}

const plainAscii = /^[ -~\t\n]*$/;

/** `${X:offset:length}` with plain numbers. Characters beyond ASCII are counted in ways that depend on the locale. */
export function slice(value: string, offset: string, length: string | null): string | null {
  const numbers = [offset, length ?? '0'].map((number) => (/^\s*-?\d{1,6}\s*$/.test(number) ? Number(number) : null));
  const [from = null, count = null] = numbers;
  if (from === null || count === null || !plainAscii.test(value)) return null;
  const start = from < 0 ? value.length + from : from;
  if (start < 0) return '';
  if (length === null) return value.slice(start);
  const end = count < 0 ? value.length + count : start + count;
  return end < start ? null : value.slice(start, end);
}

/** `${X^^}`, `^`, `,,` and `,`. */
export function caseOf(value: string, operator: '^' | '^^' | ',' | ',,'): string | null {
  if (!plainAscii.test(value)) return null;
  const change = (text: string): string => (operator.startsWith('^') ? text.toUpperCase() : text.toLowerCase());
  return operator.length === 2 ? change(value) : change(value.slice(0, 1)) + value.slice(1);
}
