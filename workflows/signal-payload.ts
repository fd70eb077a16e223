import { RawValue, rawValueTypeInfo } from '@temporalio/common';
import { defineSignal } from '@temporalio/workflow';

/** A signed statement is some 2 KB with its proof; a signed alert is bounded by the gateway. */
export const statementBytesMax = 16_384;
export const alertBytesMax = 1_048_576;
/** How much of a refused signal goes on the record. */
export const refusedCharsMax = 2_048;
const argumentsMax = 64;
/** Handing a value to an activity recurses: one nested deeper, in a megabyte, would fail the whole incident. */
const depthMax = 32;

export type SignalFault = 'STATEMENT_MALFORMED' | 'TOO_LARGE' | 'TOO_DEEP';
export type Decoded =
  | { readonly ok: true; readonly value: unknown; readonly text: string }
  | { readonly ok: false; readonly code: SignalFault; readonly reason: string; readonly text: string };

/**
 * A signal whose handler gets the payload as it came. The SDK decodes arguments before it calls a handler, and one
 * payload with an unknown encoding or broken JSON fails the workflow task over and over: a poison pill for whoever may
 * signal. Decoded here instead, a bad signal is evidence.
 */
export const defineRawSignal = (name: string) =>
  defineSignal<unknown[]>(name, {
    typeInfo: { inputTypes: Array.from({ length: argumentsMax }, () => rawValueTypeInfo) },
  });

/** Decodes one raw argument: a JSON value, or JSON text inside a JSON string, as people paste it. Never throws. */
export function decodeSignal(raw: unknown, bytesMax: number): Decoded {
  const refused = (code: SignalFault, reason: string, text: string): Decoded => ({ ok: false, code, reason, text });
  try {
    const bytes = bytesOf(raw);
    if (bytes === null) return refused('STATEMENT_MALFORMED', 'expected one argument with bytes', '');
    if (bytes.length > bytesMax) {
      const head = new TextDecoder().decode(bytes.subarray(0, refusedCharsMax));
      return refused('TOO_LARGE', `expected at most ${bytesMax} bytes, got ${bytes.length}`, head);
    }
    const text = new TextDecoder().decode(bytes);
    const value = parseTwice(text);
    const head = text.slice(0, refusedCharsMax);
    if (isDeeper(value, depthMax)) return refused('TOO_DEEP', `expected at most ${depthMax} levels of nesting`, head);
    return { ok: true, value, text: head };
  } catch {
    return refused('STATEMENT_MALFORMED', 'expected JSON', textOf(raw));
  }
}

function bytesOf(raw: unknown): Uint8Array | null {
  if (!(raw instanceof RawValue)) return null;
  const { data } = raw.payload;
  return data === null || data === undefined ? null : data;
}

function textOf(raw: unknown): string {
  try {
    const bytes = bytesOf(raw);
    return bytes === null ? '' : new TextDecoder().decode(bytes.subarray(0, refusedCharsMax));
  } catch {
    return '';
  }
}

function parseTwice(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === 'string' ? JSON.parse(value) : value;
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));

/** A property of a decoded value, whatever that value is; never an inherited one. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
