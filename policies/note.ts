import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import type { PublicKey } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import { keyObjectOf } from './public-key.ts';

// A signed note as C2SP's signed-note specification has it (https://c2sp.org/signed-note): a text, an empty line, and lines
// with signatures over the text. Ed25519 alone (signature type 0x01).

const ed25519 = 0x01;
const noteCharsMax = 16_384;
const signaturesMax = 16;
/** Not a word that an envelope is signed behind (`holdpoint-<purpose>@v1`): a note can never pass for one. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,126}$/;

/** SHA-256 over the key's name, a newline, the type of signature and the key itself: its first four bytes. */
function keyIdOf(name: string, { x }: PublicKey): Buffer {
  const hash = createHash('sha256').update(`${name}\n`).update(Buffer.of(ed25519));
  return hash.update(Buffer.from(x, 'base64url')).digest().subarray(0, 4);
}

/** Signs a text whose first line is the name of the key, so that a note says whose word it is. Throws `TypeError`. */
export function signNote(text: string, name: string, privateKey: KeyObject, key: PublicKey): string {
  if (!nameForm.test(name) || !text.startsWith(`${name}\n`) || !text.endsWith('\n'))
    throw new TypeError('expected a note that begins with the name of its key');
  const signature = sign(null, Buffer.from(text, 'utf8'), privateKey);
  return `${text}\n— ${name} ${Buffer.concat([keyIdOf(name, key), signature]).toString('base64')}\n`;
}

/** `sole`: nobody else's signature is beside it, so that the note has one spelling. */
export type OpenedNote = { readonly name: string; readonly text: string; readonly sole: boolean };

/**
 * Reads a note that one of these keys signed under the name in its first line. As specified, signatures of keys that are not
 * known are passed over, and one of a known key that does not verify spoils the note. Throws `BAD_INPUT`, `BAD_SIGNATURE`.
 */
export function openNote(note: string, keys: readonly PublicKey[]): OpenedNote {
  const end = note.lastIndexOf('\n\n');
  const text = note.slice(0, end + 1);
  const lines = note.slice(end + 2).split('\n');
  const name = text.slice(0, text.indexOf('\n'));
  const isWhole = end > 0 && note.length <= noteCharsMax && lines.pop() === '' && lines.length <= signaturesMax;
  if (!isWhole || hasControls(note) || !nameForm.test(name)) throw malformed();
  const known = lines.map((line) => isSigned(line, text, name, keys));
  if (!known.some(Boolean))
    throw new HoldpointError('BAD_SIGNATURE', 'note: expected a signature by a key that is pinned');
  return { name, text, sole: lines.length === 1 };
}

const malformed = (): HoldpointError => new HoldpointError('BAD_INPUT', 'note: expected a signed note');

function hasControls(note: string): boolean {
  for (const char of note) if (char < ' ' && char !== '\n') return true;
  return false;
}

/** False for the signature of an unknown key. */
function isSigned(line: string, text: string, name: string, keys: readonly PublicKey[]): boolean {
  const [, signer, spelled] = /^— ([^\s+]{1,255}) ([A-Za-z0-9+/]{1,8192}={0,2})$/u.exec(line) ?? [];
  if (signer === undefined || spelled === undefined) throw malformed();
  const bytes = Buffer.from(spelled, 'base64');
  if (bytes.toString('base64') !== spelled) throw malformed();
  const key = keys.find((one) => signer === name && keyIdOf(name, one).equals(bytes.subarray(0, 4)));
  if (key === undefined) return false;
  if (verify(null, Buffer.from(text, 'utf8'), keyObjectOf(key), bytes.subarray(4))) return true;
  throw new HoldpointError('BAD_SIGNATURE', 'note: a pinned key did not make the signature that names it');
}
