import { cleanCharacters } from './characters.ts';
import { type Disguise, disguisesIn } from './disguises.ts';
import { type Finding, isSuspicious, type Rule } from './finding.ts';
import { type Match, matchesIn, pointsOf } from './instructions.ts';
import { wordsOfPart } from './lexicon.ts';
import { removeMarkers } from './markers.ts';
import { type Looked, linesToLookAt } from './scan.ts';
import { type Word, wordsOf } from './words.ts';

export type Sanitized = { readonly text: string; readonly suspicious: boolean; readonly findings: readonly Finding[] };

/** What stands where text was that reads as an instruction. */
export const withheld = '[withheld]';
const pointsMin = 2;
const pieceMax = 16_384;
const overlap = 512;
const findingsMax = 1_000;
const passesMax = 4;
/** Weak signs add up over this many lines: a sentence may be spread over lines of a log. */
const linesTogether = 3;

/**
 * Text from outside without what is hidden in it, without forged markers, and without what reads as an instruction to whoever
 * reads it. Doing it again changes nothing. Takes time in proportion to the text; never throws. A signal and a hygiene, no
 * protection: what it misses is held all the same.
 */
export function sanitize(text: string): Sanitized {
  const cleaned = cleanCharacters(text);
  const findings: Finding[] = [...cleaned.findings];
  let now = cleaned.text;
  for (let pass = 0; pass < passesMax; pass++) {
    const unmarked = removeMarkers(now);
    const calm = withholdInstructions(unmarked.text);
    findings.push(...unmarked.findings, ...calm.findings);
    if (calm.text === now) break;
    now = calm.text;
  }
  const kept = findings.slice(0, findingsMax).sort((a, b) => a.line - b.line);
  return { text: now, suspicious: isSuspicious(kept), findings: kept };
}

type Span = { readonly start: number; readonly end: number };
type Reading = {
  readonly at: Looked;
  readonly line: string;
  readonly matches: readonly Match[];
  readonly spans: Span[];
  readonly rules: Set<Rule>;
};

function withholdInstructions(text: string): { readonly text: string; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const readings: Reading[] = [];
  for (const at of linesToLookAt(text)) {
    const reading = read(text.slice(at.start, at.end), at);
    if (reading.matches.length > 0 || reading.spans.length > 0 || reading.rules.size > 0) readings.push(reading);
  }
  addUp(readings);
  const pieces: string[] = [];
  let done = 0;
  for (const { at, line, spans, rules } of readings) {
    for (const rule of rules) findings.push({ rule, line: at.line });
    if (spans.length === 0) continue;
    pieces.push(text.slice(done, at.start), without(line, spans));
    done = at.end;
  }
  return { text: done === 0 ? text : pieces.join('') + text.slice(done), findings };
}

/** Reads one line that deserves it, in pieces where it is long. */
function read(line: string, at: Looked): Reading {
  const reading: Reading = { at, line, matches: [], spans: [], rules: new Set() };
  const matches: Match[] = [];
  for (let from = 0; from === 0 || from < line.length - overlap; from += pieceMax - overlap) {
    const piece = line.slice(from, from + pieceMax);
    const words = wordsOf(piece);
    const found = matchesIn(words);
    if (pointsOf(found) >= pointsMin) tell(reading, { piece, from, words, found });
    else matches.push(...found.map((one) => ({ ...one, start: one.start + from, end: one.end + from })));
    if (pointsOf(found) < pointsMin) for (const one of disguisesIn(piece, at.why)) hide(reading, one, from);
  }
  return { ...reading, matches };
}

type Told = {
  readonly piece: string;
  readonly from: number;
  readonly words: readonly Word[];
  readonly found: readonly Match[];
};

function tell({ spans, rules }: Reading, { piece, from, words, found }: Told): void {
  if (isMention(piece, words, found)) {
    rules.add('instruction.quoted');
    return;
  }
  for (const { rule } of found) rules.add(rule);
  const span = spanOf(piece, found);
  spans.push({ start: span.start + from, end: span.end + from });
}

function hide({ spans, rules }: Reading, { rule, start, end }: Disguise, from: number): void {
  rules.add(rule);
  spans.push({ start: start + from, end: end + from });
}

/** Two weak signs of different kinds on neighbouring lines count as they would on one. */
function addUp(readings: readonly Reading[]): void {
  for (const [place, reading] of readings.entries()) {
    const before = readings[place - 1];
    if (before === undefined || reading.at.line - before.at.line > linesTogether) continue;
    if (pointsOf(reading.matches) !== 1 || pointsOf(before.matches) !== 1) continue;
    if (reading.matches[0]?.rule === before.matches[0]?.rule) continue;
    for (const { line, matches, spans, rules } of [before, reading]) {
      for (const { rule } of matches) rules.add(rule);
      if (spans.length === 0) spans.push(spanOf(line, matches));
    }
  }
}

const about = wordsOfPart('ABOUT');
const aboutMin = 2;
const quotedMax = 120;
const quotes = `'"\`‘’“”`;

/** True when the words stand in quotes inside of a sentence about them, as documentation and test data have them. */
function isMention(piece: string, words: readonly Word[], found: readonly Match[]): boolean {
  const start = Math.min(...found.map((match) => match.start));
  const end = Math.max(...found.map((match) => match.end));
  if (end - start > quotedMax) return false;
  const opened = [...piece.slice(Math.max(0, start - 40), start)].findLastIndex((char) => quotes.includes(char));
  const closed = [...piece.slice(end, end + 40)].some((char) => quotes.includes(char));
  if (opened === -1 || !closed) return false;
  return words.filter((word) => (word.end <= start || word.start >= end) && about.has(word.key)).length >= aboutMin;
}

const roleBefore = /(?:^|[\s:[("'])\[?(?:system|assistant|user|human|developer|admin|tool output)\]?\s{0,3}:?\s{0,3}$/i;

/**
 * What is withheld: from the first word that instructs (and a role before it) to the end of the word it is hidden in, of the
 * quotation that it stands in, or of the line.
 */
function spanOf(piece: string, found: readonly Match[]): Span {
  const start = Math.min(...found.map((match) => match.start));
  const end = Math.max(...found.map((match) => match.end));
  const slug = slugAround(piece, start);
  if (slug >= end) return { start, end: slug };
  const role = roleBefore.exec(piece.slice(Math.max(0, start - 40), start));
  const from = role === null ? start : Math.max(0, start - 40) + role.index + (/^[\s:["'(]/.test(role[0]) ? 1 : 0);
  const quote = openQuote(piece, from);
  if (quote === null) return { start: from, end: piece.length };
  for (let at = end; at < piece.length; at++) {
    if (piece[at] === '\\') at += 1;
    else if (piece[at] === quote) return { start: from, end: at };
  }
  return { start: from, end: piece.length };
}

/** Where a run without a space ends that holds more than one word: the name of a pod, a path. */
function slugAround(piece: string, start: number): number {
  let end = start;
  while (end < piece.length && /[A-Za-z0-9._-]/.test(piece[end] ?? ' ')) end += 1;
  return end;
}

/** The double quote that is open at a place, in a line that may be JSON. */
function openQuote(piece: string, place: number): string | null {
  let open = false;
  for (let at = 0; at < place; at++) {
    if (piece[at] === '\\') at += 1;
    else if (piece[at] === '"') open = !open;
  }
  return open ? '"' : null;
}

function without(line: string, spans: readonly Span[]): string {
  const sorted = [...spans].sort((a, b) => a.start - b.start);
  const pieces: string[] = [];
  let done = 0;
  for (const { start, end } of sorted) {
    if (end <= done) continue;
    pieces.push(line.slice(done, Math.max(done, start)), withheld);
    done = end;
  }
  return pieces.join('') + line.slice(done);
}
