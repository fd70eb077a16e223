import type { Rule } from './finding.ts';
import { fold } from './fold.ts';
import { isKnownWord, matchesIn, pointsOf } from './instructions.ts';
import { removeMarkers } from './markers.ts';
import { look, reversed, rot13 } from './scan.ts';
import { wordsOf, wordsOfRun } from './words.ts';

/** A place in a line where something was hidden that reads as an instruction once it is undone. */
export type Disguise = { readonly rule: Rule; readonly start: number; readonly end: number };

const pointsMin = 2;
const depthMax = 2;
const encodedMax = 16_384;

/** The disguised instructions of a line. Each way of undoing one is linear, and each is tried once for each depth. */
export function disguisesIn(line: string, why: number, depth = 0): Disguise[] {
  const found: Disguise[] = [];
  if (why & look.singles) found.push(...spacedIn(line));
  if (why & look.chunks) found.push(...chunkedIn(line));
  if (why & look.long) found.push(...compactIn(line), ...encodedIn(line, depth));
  if (why & look.escaped && instructs(unescaped(line), depth)) found.push(whole('disguise.encoded', line));
  if (why & look.foreign && forgesMarker(fold(line))) found.push(whole('disguise.twins', line));
  if (why & look.rotated && instructs(rot13(line), depthMax)) found.push(whole('disguise.rot13', line));
  if (why & look.reversed && instructs(reversed(line), depthMax)) found.push(whole('disguise.reversed', line));
  return found;
}

const whole = (rule: Rule, line: string): Disguise => ({ rule, start: 0, end: line.length });
const everyLook = look.long | look.singles | look.chunks | look.escaped;

/** True when a text reads as an instruction, or hides one that does. */
export function instructs(text: string, depth = 0): boolean {
  if (pointsOf(matchesIn(wordsOf(text))) >= pointsMin || forgesMarker(text)) return true;
  return depth < depthMax && disguisesIn(text, everyLook, depth + 1).length > 0;
}

const forgesMarker = (text: string): boolean => removeMarkers(text).findings.length > 0;

const spacedRun = /(?<![A-Za-z0-9])(?:[A-Za-z0-9@][ ._*|/~-]{1,3}){7,}[A-Za-z0-9@](?![A-Za-z0-9])/g;

/** Letters set apart: `i g n o r e`. Where words are set further apart than letters they come back as words. */
function spacedIn(line: string): Disguise[] {
  return [...line.matchAll(spacedRun)].flatMap(({ 0: run, index }) => {
    const parted = run
      .split(/ {2,}/)
      .map((word) => word.replace(/[ ._*|/~-]/g, ''))
      .join(' ');
    const reads = instructs(parted, depthMax) || runInstructs(run.replace(/[^A-Za-z0-9]/g, ''));
    return reads ? [{ rule: 'disguise.spaced' as const, start: index, end: index + run.length }] : [];
  });
}

const chunkRun = /(?<![A-Za-z0-9])(?:[A-Za-z0-9]{2,8} ){6,}[A-Za-z0-9]{1,8}/g;

/** Text cut into pieces of one length: `igno real lpre viou sins`. */
function chunkedIn(line: string): Disguise[] {
  return [...line.matchAll(chunkRun)].flatMap(({ 0: run, index }) => {
    const pieces = run.split(' ');
    const size = pieces[0]?.length ?? 0;
    const even = pieces.filter((piece) => piece.length === size).length >= pieces.length - 2;
    if (!even || !runInstructs(pieces.join(''))) return [];
    return [{ rule: 'disguise.spaced' as const, start: index, end: index + run.length }];
  });
}

const runInstructs = (run: string): boolean =>
  pointsOf(matchesIn(wordsOfRun(run.slice(0, encodedMax), isKnownWord))) >= pointsMin;

/** Words without the space between them, in one case: an identifier in camel case is read as words elsewhere. */
function compactIn(line: string): Disguise[] {
  return [...line.matchAll(/[A-Za-z0-9]{20,}/g)]
    .filter(({ 0: run }) => runInstructs(run))
    .map(({ 0: run, index }) => ({ rule: 'disguise.compact' as const, start: index, end: index + run.length }));
}

function encodedIn(line: string, depth: number): Disguise[] {
  return [...line.matchAll(/[A-Za-z0-9+/_-]{16,}={0,2}/g)].flatMap(({ 0: run, index }) => {
    const decoded = decodedText(run.slice(0, encodedMax));
    if (decoded === null || !instructs(decoded, depth)) return [];
    return [{ rule: 'disguise.encoded' as const, start: index, end: index + run.length }];
  });
}

/** What a run of base64 or of hexadecimal digits says, if it says text. */
function decodedText(run: string): string | null {
  if (/^(?:[0-9a-fA-F]{2})+$/.test(run)) return textOf(Buffer.from(run, 'hex'));
  if (!/[A-Z]/.test(run) || !/[a-z]/.test(run)) return null;
  // A few bytes tell whether the rest is worth the work.
  return textOf(Buffer.from(run.slice(0, 24), 'base64')) === null ? null : textOf(Buffer.from(run, 'base64'));
}

function textOf(bytes: Buffer): string | null {
  let odd = 0;
  for (const byte of bytes) if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte > 126) odd += 1;
  return bytes.length > 0 && odd * 20 <= bytes.length ? bytes.toString('latin1') : null;
}

const escapes =
  /((?:%[0-9a-fA-F]{2})+)|&#x([0-9a-fA-F]{1,6});|&#([0-9]{1,7});|\\u\{?([0-9a-fA-F]{4})\}?|\\x([0-9a-fA-F]{2})|\+(?=[A-Za-z0-9%])/g;

/** Percent, entity and backslash escapes undone, once. */
function unescaped(line: string): string {
  return line.replace(escapes, (found: string, percents?: string, ...codes: (string | undefined)[]) => {
    if (percents !== undefined) return Buffer.from(percents.replaceAll('%', ''), 'hex').toString('utf8');
    const [hex, decimal, unit, byte] = codes;
    const code = decimal === undefined ? Number.parseInt(hex ?? unit ?? byte ?? '', 16) : Number(decimal);
    return Number.isInteger(code) && code <= 0x10ffff ? String.fromCodePoint(code) : found === '+' ? ' ' : found;
  });
}
