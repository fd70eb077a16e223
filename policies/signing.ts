import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { z } from 'zod';
import type { PinnedKeys, PrivateKey, PublicKey } from '../contracts/config.ts';
import { HoldpointError } from '../contracts/errors.ts';
import type { ProcessId, Purpose, Signed } from '../contracts/signed.ts';
import { signed } from '../contracts/signed.ts';
import { jcs } from './digest.ts';
import { signNote } from './note.ts';
import { keyObjectOf } from './public-key.ts';
import { visible } from './visible.ts';

const bytesToSign = (purpose: Purpose, payload: unknown): Buffer =>
  Buffer.from(`holdpoint-${purpose}@v1\n${jcs(payload)}`, 'utf8');

/** Signs payloads as one process; the key never leaves the closure. */
export type Signer = {
  readonly as: ProcessId;
  readonly sign: <T>(purpose: Purpose, payload: T) => Signed<T>;
  /** Signs a text that begins with a line of `name`, as a note. */
  readonly note: (name: string, text: string) => string;
};

/** Throws `TypeError` when the key's two parts do not belong together. */
export function createSigner(as: ProcessId, key: PrivateKey): Signer {
  const privateKey = createPrivateKey({ key, format: 'jwk' });
  // Nobody could verify what this process signs: better said at its start than at every refusal.
  if (createPublicKey(privateKey).export({ format: 'jwk' }).x !== key.x)
    throw new TypeError(`key of \`${as}\`: expected the public part to belong to the private part`);
  return {
    as,
    sign: (purpose, payload) => ({
      payload,
      signer: as,
      signature: sign(null, bytesToSign(purpose, payload), privateKey).toString('base64url'),
    }),
    note: (name, text) => signNote(text, name, privateKey, { kty: key.kty, crv: key.crv, x: key.x }),
  };
}

/**
 * Parses an envelope and verifies it against the pinned keys of the expected signers. `expected` is a list of process ids
 * or a predicate; the envelope's own word on its signer only selects the key. Throws `BAD_INPUT` or `BAD_SIGNATURE`.
 */
export function openSigned<T extends z.ZodType>(
  purpose: Purpose,
  schema: T,
  raw: unknown,
  keys: PinnedKeys,
  expected: (signer: ProcessId) => boolean,
): Signed<z.infer<T>> {
  const parsed = signed(schema).safeParse(raw);
  if (!parsed.success) throw new HoldpointError('BAD_INPUT', `signed ${purpose}: ${firstIssue(parsed.error)}`);
  const envelope = parsed.data as Signed<z.infer<T>>;
  if (!expected(envelope.signer))
    throw new HoldpointError('BAD_SIGNATURE', `signed ${purpose}: signer \`${envelope.signer}\` may not sign this`);
  const pinned: readonly PublicKey[] = keys[envelope.signer] ?? [];
  const signature = Buffer.from(envelope.signature, 'base64url');
  // 86 characters hold 4 bits more than a signature: one spelling, so that an envelope has one hash.
  if (signature.toString('base64url') !== envelope.signature)
    throw new HoldpointError('BAD_SIGNATURE', `signed ${purpose}: expected canonical base64url`);
  const bytes = rawBytes(purpose, (raw as { payload: unknown }).payload);
  if (!pinned.some((key) => verify(null, bytes, keyObjectOf(key), signature))) {
    throw new HoldpointError(
      'BAD_SIGNATURE',
      `signed ${purpose}: no pinned key of \`${envelope.signer}\` made this signature`,
    );
  }
  return envelope;
}

/** The raw payload is what was signed: parsing may fill in defaults, and must not change what a signature covers. */
function rawBytes(purpose: Purpose, payload: unknown): Buffer {
  try {
    return bytesToSign(purpose, payload);
  } catch {
    throw new HoldpointError('BAD_INPUT', `signed ${purpose}: expected JSON of well-formed Unicode`);
  }
}

/** The first issue of a schema error, naming the field: bounded and visible, since both may repeat outside text. */
export function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'expected another shape';
  const field = issue.path.map(String).join('.') || '(root)';
  return `\`${visible(field, 120)}\`: ${visible(issue.message, 240)}`;
}
