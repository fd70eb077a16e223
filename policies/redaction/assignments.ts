import type { RedactionKind, Span } from './kinds.ts';
import { beginsWord, type Certainty, nameShape } from './names.ts';
import { type ReadValue, type Value, valuesOf } from './read-value.ts';
import { isPlaceholder, looksRandom } from './values.ts';

/** Between a name and its value, in JSON, YAML, logfmt, environments, addresses, connection strings, XML and Ruby. */
const joint = /(?:[_-]?\d{1,2})?(?:\\{0,4}["'`])?\]?[ \t]{0,8}(=>|:=|={1,3}|:(?![:/]{1,2})|>)[ \t]{0,8}/y;
const flagJoint = /(?:[_-]?\d{1,2})?[ \t]{1,4}(?=[^\s=:-])/y;

/** Values behind a name that says that they are secret. */
export function* namedIn(text: string): Generator<Span> {
  const read = valuesOf(text);
  let done = 0;
  for (const match of text.matchAll(nameShape)) {
    const at = match.index;
    if (at < done) continue;
    const certainty: Certainty = match[1] === undefined ? 'uncertain' : 'certain';
    if (certainty === 'uncertain' && !beginsWord(text, at)) continue;
    const value = valueBehind(read, text, at, at + match[0].length);
    if (value === null) continue;
    const found = text.slice(value.start, value.end);
    if (!isSecret(found, certainty, text, value)) continue;
    done = value.end;
    yield { start: value.start, end: value.end, kind: kindOf(match[0]) };
  }
}

const kindOf = (name: string): RedactionKind => (/^(?:pass|pwd|pw)/i.test(name) ? 'password' : 'named-secret');

function isSecret(found: string, certainty: Certainty, text: string, { start, end, isQuoted }: Value): boolean {
  if (isPlaceholder(found)) return false;
  // The working directory of a shell.
  if (found.startsWith('/') && /(?<![A-Za-z])(?:OLD)?PWD=$/.test(text.slice(Math.max(0, start - 8), start)))
    return false;
  if (certainty === 'uncertain') return looksRandom(found);
  // `password: must be longer` is a sentence. A password that is a plain word, in a line of more of them, is not found.
  return isQuoted || !/^[A-Za-z]+[,.]?$/.test(found) || !/^[,.]?[ \t]+[A-Za-z]/.test(text.slice(end, end + 8));
}

function valueBehind(read: ReadValue, text: string, nameStart: number, nameEnd: number): Value | null {
  joint.lastIndex = nameEnd;
  const found = joint.exec(text);
  if (found === null) return flagValue(read, text, nameStart, nameEnd);
  const at = nameEnd + found[0].length;
  if (found[1] === '>') return isElement(text, nameStart) ? elementAt(text, at) : null;
  return read(at);
}

/** `--password x`, and `-password x`. */
function flagValue(read: ReadValue, text: string, nameStart: number, nameEnd: number): Value | null {
  const before = text.slice(Math.max(0, nameStart - 40), nameStart);
  if (!/(?:^|[\s"'])--?(?:[a-z0-9]{1,20}-){0,3}$/i.test(before)) return null;
  flagJoint.lastIndex = nameEnd;
  const found = flagJoint.exec(text);
  return found === null ? null : read(nameEnd + found[0].length);
}

const isElement = (text: string, nameStart: number): boolean =>
  /<[A-Za-z0-9_:.-]{0,40}$/.test(text.slice(Math.max(0, nameStart - 42), nameStart));

const elementMax = 4_096;

function elementAt(text: string, start: number): Value | null {
  const piece = text.slice(start, start + elementMax);
  const close = piece.search(/[<\n]/);
  const end = start + (close === -1 ? piece.length : close);
  return end === start ? null : { start, end, isQuoted: true };
}
