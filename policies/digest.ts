import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { Action, CarriedAction } from '../contracts/action.ts';

/**
 * The JSON Canonicalization Scheme (RFC 8785) of a JSON value: one byte sequence for each value, and none for what JSON
 * cannot hold. As in JSON, a property whose value is undefined is not there. Throws `TypeError` for anything else that is
 * no JSON: undefined elsewhere, NaN, Infinity, BigInt, functions, symbols, holes, lone surrogates, cycles, and instances
 * (`Map`, `Date`, `Buffer` …), which would all canonicalize to something that says little of them.
 */
export function jcs(value: unknown): string {
  mustBeJson(value, depthMax);
  return canonicalize(value) as string;
}

const depthMax = 64;

function mustBeJson(value: unknown, depth: number): void {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') mustBeWellFormed(value);
  else if (typeof value === 'number') mustBeFinite(value);
  else if (typeof value !== 'object') throw new TypeError(`expected a JSON value, got ${typeof value}`);
  else if (depth === 0) throw new TypeError(`expected at most ${depthMax} levels, and no cycle`);
  // `Array.from` turns a hole into undefined, which is refused like any other.
  else if (Array.isArray(value)) for (const inner of Array.from(value)) mustBeJson(inner, depth - 1);
  else mustBeObject(value, depth);
}

function mustBeObject(value: object, depth: number): void {
  if (!isPlain(value)) throw new TypeError('expected a plain object, got an instance');
  for (const [key, inner] of Object.entries(value)) {
    mustBeWellFormed(key);
    if (inner !== undefined) mustBeJson(inner, depth - 1);
  }
}

function mustBeFinite(value: number): void {
  if (!Number.isFinite(value)) throw new TypeError('expected a finite number');
}

/** An object literal of any realm (the workflow sandbox has its own `Object`), or one without a prototype. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** A lone surrogate has no UTF-8 form: encoders replace it, and different texts would share one hash. */
function mustBeWellFormed(text: string): void {
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text))
    throw new TypeError('expected well-formed Unicode');
}

/** Lower-case hex SHA-256 (FIPS 180-4) of bytes, or of a string's UTF-8 form. Throws `TypeError` for a lone surrogate. */
export function sha256Hex(data: Uint8Array | string): string {
  if (typeof data !== 'string') return bytesToHex(sha256(data));
  mustBeWellFormed(data);
  return bytesToHex(sha256(utf8ToBytes(data)));
}

/** SHA-256 over the JCS form of a value. */
export const digestOf = (value: unknown): string => sha256Hex(jcs(value));

export type Place = { readonly namespace: string; readonly workflowId: string; readonly runId: string };

/** The whole action at the place where the caller itself stands: never at one that a message names. */
export const bindAction = (carried: CarriedAction, place: Place): Action => ({
  ...carried,
  namespace: place.namespace,
  workflowId: place.workflowId,
  runId: place.runId,
});
