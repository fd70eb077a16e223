import type { Rule } from './finding.ts';
import { wordsOfPart } from './lexicon.ts';
import { type Pattern, patterns } from './patterns.ts';
import type { Word } from './words.ts';

type Element = {
  readonly any: ReadonlySet<string>;
  readonly wanted: boolean;
  readonly skips: number;
  /** A sentence may end before it. */
  readonly across: boolean;
};
type Compiled = Pattern & { readonly elements: readonly Element[]; readonly orders: boolean };
export type Match = { readonly rule: Rule; readonly points: number; readonly start: number; readonly end: number };

const keys = new Set<string>();
const known = new Set<string>();

function compile(pattern: Pattern): Compiled {
  const elements: Element[] = [];
  let skips = 0;
  let across = false;
  const pieces = pattern.words.trim().split(/\s+/);
  for (const piece of pieces) {
    if (piece === '^') continue;
    if (piece === ':') across = true;
    else if (piece.startsWith('~')) skips = Number(piece.slice(1));
    else {
      elements.push({ any: wordsIn(piece), wanted: !piece.startsWith('-'), skips, across });
      skips = 0;
      across = false;
    }
  }
  return { ...pattern, elements, orders: pieces[0] === '^' };
}

function wordsIn(piece: string): ReadonlySet<string> {
  const any = new Set<string>();
  const isKey = piece.includes('!');
  for (const name of piece.replace(/^-/, '').replaceAll('!', '').split('|'))
    for (const word of wordsOfPart(name)) {
      any.add(word);
      known.add(word);
      if (isKey && !piece.startsWith('-')) keys.add(word);
    }
  return any;
}

const byFirst = new Map<string, Compiled[]>();
for (const compiled of patterns.map(compile))
  for (const word of compiled.elements[0]?.any ?? []) byFirst.set(word, [...(byFirst.get(word) ?? []), compiled]);

/** Words of which a line has at least one where a pattern fits it. */
export const keyWords: ReadonlySet<string> = keys;
/** Short words would be found in any run of letters. */
export const isKnownWord = (key: string): boolean => known.has(key);

const doers = wordsOfPart('DOER');
const ordered = wordsOfPart('ORDERED');
const you = wordsOfPart('you').values().next().value;

/** A verb orders unless somebody does it: `failed to ignore`, `the agent will send`. */
function isOrder(words: readonly Word[], at: number): boolean {
  const word = words[at];
  const before = words[at - 1]?.key;
  if (word === undefined || word.fresh || before === undefined) return true;
  const further = words[at - 2]?.key ?? '';
  if (before === 'to') return ordered.has(further);
  if (before === 'do') return !doers.has(further);
  return !doers.has(before) || (further === you && before === 'can');
}

function fits(words: readonly Word[], at: number, { elements, orders, rule, points }: Compiled): Match | null {
  const first = words[at];
  if (first === undefined || (orders && !isOrder(words, at))) return null;
  let place = at;
  let last = first;
  for (const { any, wanted, skips, across } of elements.slice(1)) {
    const found = nextFitting(words, place + 1, { any, wanted, skips, across });
    if (found === -1) return null;
    place = wanted ? found : place;
    last = words[place] ?? last;
  }
  return { rule, points, start: first.start, end: last.end };
}

function nextFitting(words: readonly Word[], from: number, { any, wanted, skips, across }: Element): number {
  if (!wanted) return any.has(words[from]?.key ?? '') ? -1 : from;
  for (let at = from; at <= from + skips; at++) {
    const word = words[at];
    if (word === undefined || (word.fresh && !across)) return -1;
    if (any.has(word.key)) return at;
  }
  return -1;
}

const misspelled = /^.?n?s?tr?uct[io]+ns?$|^i.?nstr.{3,6}ns$|^.{1,3}instructions?$/;
const instructions = wordsOfPart('instructions').values().next().value ?? '';

/** A long word that is nearly `instructions` is it: misspelling it is a way past a list. */
const spelled = (word: Word): Word =>
  word.key.length >= 10 && !known.has(word.key) && misspelled.test(word.key) ? { ...word, key: instructions } : word;

/** Every pattern that the words fit, each once, in the order of the words. */
export function matchesIn(given: readonly Word[]): Match[] {
  const words = given.map(spelled);
  const found = new Map<Compiled, Match>();
  for (let at = 0; at < words.length; at++)
    for (const compiled of byFirst.get(words[at]?.key ?? '') ?? []) {
      if (found.has(compiled)) continue;
      const match = fits(words, at, compiled);
      if (match !== null) found.set(compiled, match);
    }
  return [...found.values()].sort((a, b) => a.start - b.start);
}

export const pointsOf = (matches: readonly Match[]): number => matches.reduce((sum, { points }) => sum + points, 0);
