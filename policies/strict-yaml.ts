import {
  type Document,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import { isWellFormed } from '../contracts/values.ts';

const textCharsMax = 262_144;
const depthMax = 32;

export type Path = readonly PropertyKey[];
/** Lines and columns count from 1. */
export type Place = { readonly line: number; readonly column: number };
/** Plain data, and where each field of it stands: `key` names one of the keys of the mapping at `path`. */
export type StrictYaml = {
  readonly ok: true;
  readonly value: unknown;
  readonly placeOf: (path: Path, key?: string) => Place;
  /** The place of one character of a text, where the text stands in the file as it is; of the text elsewhere. */
  readonly placeIn: (path: Path, offset: number) => Place;
};
export type YamlFault = { readonly ok: false; readonly place: Place; readonly reason: string };

const start: Place = { line: 1, column: 1 };

/**
 * Reads one YAML 1.2 document in which a reader and a machine cannot see two things: one document, unique string keys,
 * no directive, anchor, alias, merge or tag, bounded size and depth. Never throws: what cannot be read is a fault.
 */
export function parseStrictYaml(text: string): StrictYaml | YamlFault {
  const counter = new LineCounter();
  try {
    if (text.length > textCharsMax) return faultAt(start, `expected at most ${textCharsMax} characters`);
    // Such a text has no bytes, so no digest.
    if (!isWellFormed(text)) return faultAt(start, 'expected well-formed Unicode');
    const unseen = hidden.exec(text);
    if (unseen !== null) return faultAt(placeInText(text, unseen.index), `expected no ${nameOf(unseen[0])}`);
    // The parser recurses: text that nests deeper than any runbook would exhaust the stack before it could be refused.
    if (deepestFlow(text) > depthMax || deepBlock.test(text))
      return faultAt(start, `expected at most ${depthMax} levels`);
    // A directive changes what the same text means: after `%YAML 1.1`, `no` is false.
    const directive = /^%/m.exec(text);
    if (directive !== null) return faultAt(placeInText(text, directive.index), 'expected no line that begins with %');
    const documents = parseAllDocuments(text, { ...parsing, lineCounter: counter });
    const [document] = documents;
    if (!Array.isArray(documents) || document === undefined) return faultAt(start, 'expected a document, got none');
    const error = document.errors[0] ?? document.warnings[0];
    if (error !== undefined) return faultAt(placeAt(counter, error.pos[0]), oneLine(error.message));
    if (documents.length > 1) return faultAt(start, `expected one document, got ${documents.length}`);
    const odd = firstOddNode(document);
    if (odd !== null) return faultAt(placeAt(counter, odd.offset), odd.message);
    const value: unknown = document.toJS({ maxAliasCount: 0 });
    return {
      ok: true,
      value,
      placeOf: (path, key) => placeOf(document, counter, path, key),
      placeIn: (path, offset) => placeIn(document, counter, text, path, offset),
    };
  } catch (error) {
    return faultAt(start, `expected YAML: ${oneLine(error instanceof Error ? error.message : 'unreadable')}`);
  }
}

/**
 * INVARIANT: time stays near linear in the length of the text. The parser's own check of unique keys and its illustrated
 * errors take minutes for texts of this size that an adversary may offer; `firstOddNode` compares keys instead.
 */
const parsing = { uniqueKeys: false, prettyErrors: false, strict: true, version: '1.2' } as const;

/** Controls, marks that turn the direction of text, and characters without width: what is shown is not what is read. */
const hidden = /(?![\t\n\r])\p{Cc}|[\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u2069]|(?!^)\uFEFF/u;
const nameOf = (character: string): string =>
  `character U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
const deepBlock = new RegExp(`^ *(?:[-?][ \\t]+){${depthMax + 1}}`, 'm');

const faultAt = (place: Place, reason: string): YamlFault => ({ ok: false, place, reason });
const oneLine = (message: string): string => {
  const line = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '');
  return line.charAt(0).toLowerCase() + line.slice(1);
};

function deepestFlow(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if ((character === ']' || character === '}') && depth > 0) depth--;
  }
  return deepest;
}

const placeInText = (text: string, offset: number): Place => ({
  line: text.slice(0, offset).split('\n').length,
  column: offset - text.lastIndexOf('\n', offset - 1),
});

function placeAt(counter: LineCounter, offset: number): Place {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

type Odd = { readonly offset: number; readonly message: string };
function firstOddNode(document: Document): Odd | null {
  let odd: Odd | null = null;
  const stop = (node: Node | null, message: string) => {
    odd = { offset: node?.range?.[0] ?? 0, message };
    return visit.BREAK;
  };
  visit(document, {
    Alias: (_key, node) => stop(node, 'expected no alias'),
    Node: (_key, node, path) => {
      if (path.length > 2 * depthMax) return stop(node, `expected at most ${depthMax} levels`);
      if ('anchor' in node && node.anchor !== undefined) return stop(node, 'expected no anchor');
      if (node.tag !== undefined) return stop(node, 'expected no tag');
      const twice = isMap(node) ? repeatedKey(node) : undefined;
      if (twice !== undefined) return stop(twice, `key \`${String(twice.value).slice(0, 80)}\` is given twice`);
      return undefined;
    },
    Pair: (_key, { key }) => {
      if (!isScalar(key)) return stop(key as Node | null, 'expected a plain key');
      if (typeof key.value !== 'string') return stop(key, 'expected a key that is text');
      // `<<` merges in YAML 1.1, and `__proto__` is dropped by schema parsers: neither may hide a field from a reader.
      return key.value === '<<' || key.value === '__proto__'
        ? stop(key, `key \`${key.value}\` is reserved`)
        : undefined;
    },
  });
  return odd;
}

/** The second of two equal keys. What is no scalar is no key at all, and refused as such. */
function repeatedKey({ items }: YAMLMap): Scalar | undefined {
  const seen = new Set<unknown>();
  return items
    .map(({ key }) => key)
    .filter(isScalar)
    .find(({ value }) => seen.size === seen.add(value).size);
}

/** The place of a field; of `key` inside it when given; of the nearest parent that exists when the field is missing. */
function placeOf(document: Document, counter: LineCounter, path: Path, key?: string): Place {
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    const range = (node as Node | null | undefined)?.range;
    if (range === null || range === undefined) continue;
    const named = key !== undefined && isMap(node) ? node.items.find((item) => scalarOf(item.key) === key)?.key : null;
    return placeAt(counter, (named as Node | null | undefined)?.range?.[0] ?? range[0]);
  }
  return start;
}

function placeIn(document: Document, counter: LineCounter, text: string, path: Path, offset: number): Place {
  const node = path.length === 0 ? null : document.getIn(path, true);
  const range = isScalar(node) ? node.range : null;
  if (!isScalar(node) || range == null || typeof node.value !== 'string') return placeOf(document, counter, path);
  const written = text.slice(range[0], range[1]);
  const at = written.indexOf(node.value);
  // Escapes and folded lines make a text that is not the one in the file: then only its beginning can be named.
  return placeAt(counter, at === -1 || offset > node.value.length ? range[0] : range[0] + at + offset);
}

const scalarOf = (node: unknown): unknown => (isScalar(node) ? node.value : node);
