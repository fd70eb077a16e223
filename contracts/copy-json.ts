import type { JsonValue } from './values.ts';

/** Where a value stops to be JSON within its bounds, and what was expected there. */
export class NotJson extends TypeError {
  /** Outermost first. */
  readonly path: (string | number)[] = [];
}

const textCharsMax = 65_536;
const nameCharsMax = 256;
const itemsMax = 2_000;

/**
 * A copy of a JSON value of at most `depth` levels, every value of it read once: every call is parsed before it is judged,
 * so this is a walk and not a schema. RFC 8785 needs finite numbers and well-formed strings (no lone surrogates). An own
 * `__proto__` is refused: code that copies it without care gets another prototype. Throws `NotJson`.
 */
export function copyJson(value: unknown, depth: number): JsonValue {
  switch (typeof value) {
    case 'string':
      if (value.length > textCharsMax) throw new NotJson(`expected at most ${textCharsMax} characters`);
      if (!value.isWellFormed()) throw new NotJson('expected well-formed Unicode');
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw new NotJson('expected a finite number');
      return value;
    case 'boolean':
      return value;
    case 'object':
      if (value === null) return value;
      if (depth === 0) throw new NotJson('expected no deeper level');
      return Array.isArray(value) ? copyArray(value, depth - 1) : copyObject(value, depth - 1);
    default:
      throw new NotJson(`expected JSON, got ${typeof value}`);
  }
}

function copyArray(items: readonly unknown[], depth: number): JsonValue[] {
  if (items.length > itemsMax) throw new NotJson(`expected at most ${itemsMax} items`);
  const copy: JsonValue[] = [];
  // By its index, so that a hole is undefined, and refused like any other.
  for (let at = 0; at < items.length; at++) copy.push(copyAt(at, items[at], depth));
  return copy;
}

/** Only a plain object, or one without a prototype: a `Map` or a `Date` would pass for an empty one. */
export function copyObject(value: unknown, depth: number): { [name: string]: JsonValue } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new NotJson('expected a JSON object');
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw new NotJson('expected a plain object, got an instance');
  if (Object.getOwnPropertySymbols(value).length > 0) throw new NotJson('expected names that are text');
  const copy: { [name: string]: JsonValue } = {};
  for (const name of Object.keys(value)) {
    if (name.length > nameCharsMax) throw new NotJson(`expected names of at most ${nameCharsMax} characters`);
    if (name === '__proto__') throw new NotJson('expected no name that reaches a prototype');
    copy[name] = copyAt(name, (value as Readonly<Record<string, unknown>>)[name], depth);
  }
  return copy;
}

function copyAt(place: string | number, value: unknown, depth: number): JsonValue {
  try {
    return copyJson(value, depth);
  } catch (error) {
    if (error instanceof NotJson) error.path.unshift(place);
    throw error;
  }
}
