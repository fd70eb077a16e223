const quotedMax = 8_192;
const openMax = 8_192;
const bracedMax = 1_024;

/** A value as it is written: where its text stands, and whether it ended at its own quote. */
export type Value = { readonly start: number; readonly end: number; readonly isQuoted: boolean };
export type ReadValue = (at: number) => Value | null;

/** Reads values out of one text: quoted in any way, in braces, or as far as nothing ends them. */
export function valuesOf(text: string): ReadValue {
  const open = openValuesOf(text);
  return (at) => {
    escapes.lastIndex = at;
    const slashes = escapes.exec(text)?.[0] ?? '';
    const quote = text.charAt(at + slashes.length);
    if (quote === '"' || quote === "'" || quote === '`')
      return quotedFrom(text, at + slashes.length + 1, slashes, quote);
    const dollar = /^\$[A-Za-z_]{0,20}\$/.exec(text.slice(at, at + 24))?.[0];
    if (dollar !== undefined) return within(text, at + dollar.length, dollar);
    if (/^\{[^{}\s":]{1,512}\}/.test(text.slice(at, at + 516))) return within(text, at + 1, '}');
    const marker = /^\[redacted:[a-z-]{1,40}\]/.exec(text.slice(at, at + 60));
    if (marker !== null) return { start: at, end: at + marker[0].length, isQuoted: true };
    return /[{[(]/.test(text.charAt(at)) ? null : open(at);
  };
}

const escapes = /\\{0,8}/y;

function within(text: string, start: number, close: string): Value {
  const at = text.slice(start, start + bracedMax).indexOf(close);
  return { start, end: at === -1 ? Math.min(text.length, start + bracedMax) : start + at, isQuoted: true };
}

/** Up to the quote that was opened: one as deep in escapes, not doubled. Where the text was cut, up to its end. */
function quotedFrom(text: string, start: number, slashes: string, quote: string): Value {
  const limit = Math.min(text.length, start + quotedMax);
  for (let at = start; at < limit; at++) {
    const isPlain = slashes === '';
    if (isPlain && text.charAt(at) === '\\') at += 1;
    else if (text.startsWith(slashes + quote, at)) {
      if (!(isPlain && quote === "'" && text.charAt(at + 1) === "'")) return { start, end: at, isQuoted: true };
      at += 1;
    }
  }
  return { start, end: limit, isQuoted: true };
}

const stop = /[\s"'`<>]|[,;&|](?=\s|$|[A-Za-z_][A-Za-z0-9_. -]{0,40}["']?[=:])|[)}\]](?=[\s,;)}\]]|$)|\\[nrt"']/g;

/**
 * A separator ends it only where another name or nothing follows: a password may hold any of them. What was read once is known
 * of every later beginning in it, so that names in a row are not read from each to the end.
 */
function openValuesOf(text: string): ReadValue {
  let known = { start: 0, end: -1 };
  return (start) => {
    if (!(known.start <= start && start < known.end)) {
      const piece = text.slice(start, start + openMax);
      stop.lastIndex = 0;
      known = { start, end: start + (stop.exec(piece)?.index ?? piece.length) };
    }
    return known.end <= start ? null : { start, end: known.end, isQuoted: false };
  };
}
