import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import type { Sealed } from '../contracts/broker-api.ts';
import { HoldpointError } from '../contracts/errors.ts';

const tagBytes = 16;

/** One key for one answer: only whoever made it opens what is sealed to it. */
export type SealKey = {
  readonly publicKey: string;
  /** Throws `BAD_SIGNATURE` for what was sealed to another key, or changed on its way. */
  open(sealed: Sealed): string;
};

export function newSealKey(): SealKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const own = rawOf(publicKey);
  return {
    publicKey: own,
    open({ key, nonce, text }) {
      try {
        const bytes = Buffer.from(text, 'base64url');
        const secret = secretOf(privateKey, publicOf(key), { from: key, to: own });
        const decipher = createDecipheriv('aes-256-gcm', secret, Buffer.from(nonce, 'base64url'));
        decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes));
        const plain = [decipher.update(bytes.subarray(0, bytes.length - tagBytes)), decipher.final()];
        return Buffer.concat(plain).toString('utf8');
      } catch {
        throw new HoldpointError('BAD_SIGNATURE', 'sealed text: expected one that was sealed to this key');
      }
    },
  };
}

/** Seals a text to a public key, under an ephemeral key of its own. Throws `BAD_INPUT` for what is no X25519 key. */
export function seal(to: string, text: string): Sealed {
  try {
    const { publicKey, privateKey } = generateKeyPairSync('x25519');
    const key = rawOf(publicKey);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', secretOf(privateKey, publicOf(to), { from: key, to }), nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return { key, nonce: nonce.toString('base64url'), text: sealed.toString('base64url') };
  } catch {
    throw new HoldpointError('BAD_INPUT', '`sealTo`: expected an X25519 public key');
  }
}

const rawOf = (key: KeyObject): string => key.export({ format: 'jwk' }).x ?? '';
const publicOf = (x: string): KeyObject => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });

/** Bound to both keys, so that neither side can be given another's. */
function secretOf(privateKey: KeyObject, publicKey: KeyObject, { from, to }: { from: string; to: string }): Buffer {
  const shared = diffieHellman({ privateKey, publicKey });
  return Buffer.from(hkdfSync('sha256', shared, `${from}.${to}`, 'holdpoint-credential@v1', 32));
}
