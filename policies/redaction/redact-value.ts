import type { Entity } from '../../contracts/tools/contract.ts';
import type { JsonObject, JsonValue } from '../../contracts/values.ts';
import { cutText, type Note } from '../finding-counts.ts';
import { keyBlocksIn } from './blocks.ts';
import { markerOf, type RedactionKind } from './kinds.ts';
import { certaintyOf } from './names.ts';
import { redact } from './redact.ts';
import { isPlaceholder, looksRandom } from './values.ts';

const depthMax = 32;
/** The shortest bound that a contract sets for a text. A text grows up to this, and one that is longer not at all. */
const textMin = 63;

/**
 * A value from outside without secrets: in its texts, its names, and wherever a name, a flag or the head of a column says that
 * what belongs to it is secret. Its form stays, and every text stays within the bound that it was within.
 */
export function redactValue<T extends JsonValue>(value: T, note: Note, at = ''): T {
  return walk(value, { note, at, name: '', depth: 0 }) as T;
}

/** The same of what nobody lists findings of: a marker in it says enough. */
export const withoutSecrets = <T>(value: T): T => redactValue(value as JsonValue, () => {}) as T;

/**
 * An entity's id is what a write is aimed by. One that holds a secret gets a name that no target has: the entity is counted as
 * before, and a write at it finds nothing that it was aimed at.
 */
export const redactEntities = (entities: readonly Entity[], note: Note): Entity[] =>
  entities.map(({ kind, id, attributes }, place) => {
    const { kinds } = redact(id);
    for (const found of kinds) note(`secret.${found}`, '/entities[]/id');
    return {
      kind,
      id: kinds.length === 0 ? id : `redacted/${kind}/${place}`,
      attributes: redactValue(attributes as JsonObject, note, '/entities[]') as Entity['attributes'],
    };
  });

type Walk = { readonly note: Note; readonly at: string; readonly name: string; readonly depth: number };

function walk(value: JsonValue, from: Walk): JsonValue {
  if (typeof value === 'string') return textOf(value, from);
  if (typeof value !== 'object' || value === null) return value;
  if (from.depth >= depthMax) return null;
  const inner = { ...from, depth: from.depth + 1 };
  return Array.isArray(value) ? listOf(value, inner) : objectOf(value as JsonObject, inner);
}

function textOf(text: string, { note, at, name }: Walk): string {
  const named = kindByName(text, name);
  if (named !== null) {
    note(`secret.${named}`, at);
    return markerOf(named);
  }
  const { text: kept, kinds } = redact(text);
  for (const kind of kinds) note(`secret.${kind}`, at);
  return kinds.length === 0 ? text : cutText(kept, Math.max(text.length, textMin));
}

function kindByName(text: string, name: string): RedactionKind | null {
  const certainty = certaintyOf(name);
  if (certainty === null || isPlaceholder(text)) return null;
  if (certainty === 'certain') return /pass|pwd/i.test(name) ? 'password' : 'named-secret';
  return looksRandom(text) ? 'named-secret' : null;
}

/** A flag says what comes after it, and a key block goes on over the lines of a list. */
function listOf(list: readonly JsonValue[], from: Walk): JsonValue[] {
  const at = `${from.at}[]`;
  const lines = withoutKeyBlocks(list, () => from.note('secret.private-key', at));
  return lines.map((item, place) => {
    const before = lines[place - 1];
    const flag = typeof before === 'string' && /^--?[A-Za-z][A-Za-z0-9_-]{0,60}$/.test(before) ? before : '';
    return walk(item, { ...from, at, name: flag === '' ? from.name : flag });
  });
}

function withoutKeyBlocks(list: readonly JsonValue[], note: () => void): readonly JsonValue[] {
  if (!list.some((item) => typeof item === 'string' && item.includes('BEGIN ')) || !list.every(isText)) return list;
  const blocks = [...keyBlocksIn(list.join('\n'))];
  if (blocks.length === 0) return list;
  let start = 0;
  return list.map((line) => {
    const [from, end] = [start, start + line.length];
    start = end + 1;
    if (!blocks.some((block) => block.start < end && block.end > from && (block.start < from || block.end > end)))
      return line;
    note();
    return markerOf('private-key');
  });
}
const isText = (item: JsonValue): item is string => typeof item === 'string';

function objectOf(value: JsonObject, from: Walk): JsonObject {
  const { columns } = value;
  const heads = Array.isArray(columns) && columns.every(isText) ? (columns as readonly string[]) : null;
  // An environment variable, as Kubernetes lists it.
  const named = typeof value.name === 'string' ? value.name : 'value';
  const pairs = Object.entries(value).map(([name, item]) => {
    const shown = nameOf(name, from);
    const inner = { ...from, at: `${from.at}/${shown}`, name: name === 'value' ? named : name };
    const isTable = name === 'rows' && heads !== null && Array.isArray(item);
    return [shown, isTable ? item.map((row) => rowOf(row, heads, inner)) : walk(item, inner)] as const;
  });
  // Two names that are one now: nothing is lost, and nothing is guessed.
  const taken = new Set<string>();
  return Object.fromEntries(pairs.map(([name, item]) => [freeName(name, taken), item]));
}

function nameOf(name: string, { note, at }: Walk): string {
  const { text, kinds } = redact(name);
  for (const kind of kinds) note(`secret.${kind}`, at);
  return kinds.length === 0 ? name : cutText(text, Math.max(name.length, textMin));
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let copy = 2; taken.has(free); copy++) free = `${name.slice(0, textMin - 8)} ${copy}`;
  taken.add(free);
  return free;
}

/** A row of a table, whose columns have their names at its head. */
function rowOf(row: JsonValue, heads: readonly string[], from: Walk): JsonValue {
  if (!Array.isArray(row)) return walk(row, from);
  return row.map((cell: JsonValue, place) => {
    const head = heads[place] ?? '';
    const at = `${from.at}[]/${redact(head).text}`;
    return walk(cell, { ...from, at, name: head });
  });
}
