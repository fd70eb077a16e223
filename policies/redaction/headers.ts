import type { Span } from './kinds.ts';
import { valuesOf } from './read-value.ts';
import { isPlaceholder, looksRandom } from './values.ts';

const schemes =
  /(bearer|basic|digest|token|apikey|negotiate|ntlm|sharedkey(?:lite)?|key|splunk|aws4-hmac-sha256)[ \t]{1,4}/iy;
const authorization = /authorization(?:\\{0,4}["'])?[ \t]{0,4}[:=][ \t]{0,4}(?:\\{0,4}["'])?/gi;
const restMax = 8_192;

/** Credentials in headers, and those of HTTP wherever they are quoted. */
export function* headersIn(text: string): Generator<Span> {
  let done = 0;
  for (const { 0: name, index } of text.matchAll(authorization)) {
    schemes.lastIndex = index + name.length;
    if (index < done || schemes.exec(text) === null) continue;
    const start = schemes.lastIndex;
    done = restEnd(text, start);
    const found = text.slice(start, done);
    if (!isPlaceholder(found) && !/^\[redacted:[a-z-]{1,40}\]/.test(found))
      yield { start, end: done, kind: 'authorization' };
  }
  yield* carriedIn(text);
  yield* cookiesIn(text);
}

/** `Digest` and its like have parts with quotes of their own: all of the line is theirs, or of the quote around it. */
function restEnd(text: string, start: number): number {
  const piece = text.slice(start, start + restMax);
  const before = text.slice(Math.max(0, start - 40), start).replace(/[A-Za-z0-9-]+[ \t]+$/, '');
  const outer = /\\{0,4}["']$/.exec(before)?.[0];
  const ends = [piece.search(/[\r\n]|\\r|\\n/), outer === undefined ? -1 : piece.indexOf(outer), piece.length];
  return start + Math.min(...ends.filter((at) => at !== -1));
}

const bearer = /(?<![A-Za-z0-9])bearer[ \t:=]{1,4}([A-Za-z0-9._~+/-]{12,8192}={0,2})/gi;
const basic = /(?<![A-Za-z0-9])basic[ \t]{1,4}([A-Za-z0-9+/]{6,2048}={0,2})/gi;
const userFlag = /(?<=(?:^|\s)(?:-u|--user|--proxy-user)[ =]["']?[A-Za-z0-9._@-]{1,64}:)[^\s"']{1,256}/g;

function* carriedIn(text: string): Generator<Span> {
  for (const match of text.matchAll(bearer)) if (looksRandom(match[1] ?? '')) yield tail(match);
  for (const match of text.matchAll(basic))
    if (/^[\x20-\x7e]{1,256}:[\x20-\x7e]*$/.test(Buffer.from(match[1] ?? '', 'base64').toString('latin1')))
      yield tail(match);
  for (const { 0: found, index } of text.matchAll(userFlag))
    if (!isPlaceholder(found)) yield { start: index, end: index + found.length, kind: 'authorization' };
}

const tail = ({ 0: all, 1: value = '', index }: RegExpExecArray): Span => ({
  start: index + all.length - value.length,
  end: index + all.length,
  kind: 'authorization',
});

const cookie = /(?<![A-Za-z0-9])(?:set[-_]?)?cookie2?(?:\\{0,4}["'])?[ \t]{0,4}[:=][ \t]{0,4}/gi;

/** All of a cookie header: which of its pairs is the session, only its server knows. */
function* cookiesIn(text: string): Generator<Span> {
  const read = valuesOf(text);
  let done = 0;
  for (const { 0: name, index } of text.matchAll(cookie)) {
    if (index < done) continue;
    const value = read(index + name.length);
    if (value === null || !/^[^\s=;]{1,256}=[^;]/.test(text.slice(value.start, value.start + 300))) continue;
    done = value.isQuoted ? value.end : lineEnd(text, value.start);
    yield { start: value.start, end: done, kind: 'cookie' };
  }
}

function lineEnd(text: string, from: number): number {
  const at = text.slice(from, from + restMax).search(/[\r\n"]|\\r|\\n/);
  return at === -1 ? Math.min(text.length, from + restMax) : from + at;
}
