import { HoldpointError } from '../../contracts/errors.ts';

export const jsonDepthMax = 8;

const isOpen = (code: number): boolean => code === 0x7b || code === 0x5b;
const isClose = (code: number): boolean => code === 0x7d || code === 0x5d;

/** Walks the text once, without building anything: a parser that recurses may die on what it should refuse. */
function mustBeShallow(text: string): void {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inString) {
      if (code === 0x5c) at++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (isOpen(code)) depth++;
    else if (isClose(code)) depth--;
    if (depth > jsonDepthMax)
      throw new HoldpointError('TOO_DEEP', `body: expected at most ${jsonDepthMax} levels of nesting`);
  }
}

// `__proto__` as an own key is harmless until somebody copies the object; no alert needs it.
const withoutProto = (key: string, value: unknown): unknown => (key === '__proto__' ? undefined : value);

/**
 * Parses JSON text of bounded depth. Throws `TOO_DEEP`, or `BAD_INPUT` for bytes that are not UTF-8 or not JSON; neither
 * message quotes the body.
 */
export function parseBoundedJson(body: Uint8Array | string): unknown {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    mustBeShallow(text);
    return JSON.parse(text, withoutProto);
  } catch (error) {
    if (error instanceof HoldpointError) throw error;
    throw new HoldpointError('BAD_INPUT', 'body: expected JSON in UTF-8');
  }
}
