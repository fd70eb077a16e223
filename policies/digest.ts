import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';
import type { Action, CarriedAction } from '../contracts/action.ts';

/**
 * The JSON Canonicalization Scheme (RFC 8785) of a JSON value: one byte sequence for each value.
 * Throws `TypeError` for what JSON cannot hold (undefined at the top, NaN, Infinity, BigInt, lone surrogates).
 */
export function jcs(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('expected a JSON value');
  if (/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(text))
    throw new TypeError('expected well-formed Unicode');
  return text;
}

/** Lower-case hex SHA-256 (FIPS 180-4) of bytes, or of a string's UTF-8 form. */
export function sha256Hex(data: Uint8Array | string): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data));
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
