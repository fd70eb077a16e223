import { createHash, timingSafeEqual, verify } from 'node:crypto';
import { HoldpointError } from '../contracts/errors.ts';
import {
  decodeBase64,
  isEd25519,
  parseSshKey,
  SshFault,
  type SshKey,
  type SshKeyType,
  SshReader,
  sshString,
} from './ssh-key.ts';

export type SshVerified = {
  readonly keyType: SshKeyType;
  /** A hardware key was touched for this signature; false for a plain key, which cannot say. */
  readonly userPresent: boolean;
  /** A hardware key verified its holder (PIN or biometric): two factors. */
  readonly userVerified: boolean;
};

export type SshSignatureInput = {
  readonly armored: string;
  /** The exact bytes that were signed. */
  readonly message: Uint8Array;
  readonly namespace: string;
  /** Key lines of one person in the approver directory; the signature only ever selects among these. */
  readonly allowedKeys: readonly string[];
};

const armoredCharsMax = 4_096;
const magic = 'SSHSIG';
const userPresentFlag = 0x01;
const userVerifiedFlag = 0x04;

/**
 * Verifies an SSH signature (OpenSSH PROTOCOL.sshsig, as `ssh-keygen -Y sign` makes it) by one of the allowed keys.
 * Throws `STATEMENT_BAD_PROOF` for everything else, in one spelling only: no other key type, namespace, hash or armor,
 * no trailing byte, and a hardware key only when it was touched.
 */
export function verifySshSignature(input: SshSignatureInput): SshVerified {
  try {
    return verifyArmored(input);
  } catch (error) {
    const why = error instanceof SshFault ? error.message : 'expected a signature that can be read';
    throw new HoldpointError('STATEMENT_BAD_PROOF', `ssh signature: ${why}`);
  }
}

function verifyArmored({ armored, message, namespace, allowedKeys }: SshSignatureInput): SshVerified {
  const parsed = parseSignature(dearmor(armored));
  if (namespace === '' || parsed.namespace !== namespace)
    throw new SshFault(`expected namespace \`${namespace}\`, got \`${parsed.namespace.slice(0, 64)}\``);
  // INVARIANT: the key that verifies comes from the directory; the signature's own key only selects it.
  const key = allowedKeys.map(parseSshKey).find(({ blob }) => sameBytes(blob, parsed.publicKey));
  if (key === undefined) throw new SshFault('expected a key that the directory lists for this person');
  const signedBytes = Buffer.concat([
    Buffer.from(magic),
    sshString(parsed.namespace),
    sshString(''),
    sshString(parsed.hashAlgorithm),
    sshString(createHash(parsed.hashAlgorithm).update(message).digest()),
  ]);
  return verifyInner(key, parsed.signature, signedBytes);
}

type ParsedSignature = {
  readonly publicKey: Buffer;
  readonly namespace: string;
  readonly hashAlgorithm: 'sha256' | 'sha512';
  readonly signature: Buffer;
};

function parseSignature(blob: Buffer): ParsedSignature {
  const reader = new SshReader(blob);
  if (reader.take(6).toString('latin1') !== magic) throw new SshFault('expected magic `SSHSIG`');
  if (reader.uint32() !== 1) throw new SshFault('expected version 1');
  const publicKey = reader.string();
  const namespace = reader.ascii();
  if (reader.string().length !== 0) throw new SshFault('expected an empty reserved field');
  const hashAlgorithm = reader.ascii();
  if (hashAlgorithm !== 'sha512' && hashAlgorithm !== 'sha256') throw new SshFault('expected hash sha512 or sha256');
  const signature = reader.string();
  reader.end();
  return { publicKey, namespace, hashAlgorithm, signature };
}

/** PROTOCOL.sshsig, and PROTOCOL.u2f for hardware keys, which sign application, flags and counter along. */
function verifyInner(key: SshKey, signature: Buffer, signedBytes: Buffer): SshVerified {
  const reader = new SshReader(signature);
  if (reader.ascii() !== key.type) throw new SshFault('expected the signature type of the key');
  const raw = isEd25519(key.type) ? ed25519Raw(reader.string()) : p256Raw(reader.string());
  const hardware = key.application === null ? null : { flags: reader.take(1), counter: reader.take(4) };
  reader.end();
  const flags = hardware?.flags[0] ?? 0;
  const covered =
    hardware === null
      ? signedBytes
      : Buffer.concat([sha256(key.application ?? ''), hardware.flags, hardware.counter, sha256(signedBytes)]);
  const options = isEd25519(key.type) ? key.key : { key: key.key, dsaEncoding: 'ieee-p1363' as const };
  if (!verify(isEd25519(key.type) ? null : 'sha256', covered, options, raw))
    throw new SshFault('expected a signature over this message');
  const userPresent = (flags & userPresentFlag) !== 0;
  if (hardware !== null && !userPresent) throw new SshFault('expected a hardware key that was touched');
  return { keyType: key.type, userPresent, userVerified: (flags & userVerifiedFlag) !== 0 };
}

function ed25519Raw(bytes: Buffer): Buffer {
  if (bytes.length !== 64) throw new SshFault('expected 64 bytes of ed25519 signature');
  return bytes;
}

function p256Raw(bytes: Buffer): Buffer {
  const reader = new SshReader(bytes);
  const parts = [mpint(reader.string()), mpint(reader.string())];
  reader.end();
  return Buffer.concat(parts);
}

/** A positive mpint (RFC 4251) in its shortest spelling, as 32 bytes. */
function mpint(bytes: Buffer): Buffer {
  const [first, second] = bytes;
  if (first === undefined || first > 0x7f) throw new SshFault('expected a positive number');
  if (first === 0 && (second === undefined || second < 0x80)) throw new SshFault('expected the shortest number');
  const digits = first === 0 ? bytes.subarray(1) : bytes;
  if (digits.length > 32) throw new SshFault('expected at most 32 bytes');
  return Buffer.concat([Buffer.alloc(32 - digits.length), digits]);
}

const begin = '-----BEGIN SSH SIGNATURE-----';
const end = '-----END SSH SIGNATURE-----';

/** Exactly what `ssh-keygen` prints: 70 characters a line; only the final newline may be missing (shells strip it). */
function dearmor(armored: string): Buffer {
  if (armored.length > armoredCharsMax) throw new SshFault(`expected at most ${armoredCharsMax} characters`);
  const lines = armored.replace(/\n$/, '').split('\n');
  const body = lines.slice(1, -1);
  if (lines[0] !== begin || lines.at(-1) !== end || body.length === 0)
    throw new SshFault('expected an armored SSH signature and nothing around it');
  const wrapped = body.every((line, at) => (at === body.length - 1 ? line.length <= 70 : line.length === 70));
  if (!wrapped) throw new SshFault('expected lines of 70 characters');
  return decodeBase64(body.join(''));
}

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
const sameBytes = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
