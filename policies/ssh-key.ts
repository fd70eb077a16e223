import { createPublicKey, type KeyObject } from 'node:crypto';

/** Thrown inside the SSH parsers; callers turn it into a code of their own. */
export class SshFault extends Error {}

/** Reads the SSH wire format (RFC 4251, section 5) strictly: a short or long value is a fault, never padding. */
export class SshReader {
  #offset = 0;
  constructor(private readonly bytes: Uint8Array) {}

  take(count: number): Buffer {
    if (count > this.bytes.length - this.#offset) throw new SshFault('expected more bytes');
    const from = this.#offset;
    this.#offset += count;
    return Buffer.from(this.bytes.subarray(from, this.#offset));
  }
  uint32 = (): number => this.take(4).readUInt32BE(0);
  string = (): Buffer => this.take(this.uint32());
  ascii(): string {
    const bytes = this.string();
    if (bytes.some((byte) => byte < 0x20 || byte > 0x7e)) throw new SshFault('expected printable ASCII');
    return bytes.toString('latin1');
  }
  end(): void {
    if (this.#offset !== this.bytes.length) throw new SshFault('expected no trailing bytes');
  }
}

export const sshString = (value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value as Uint8Array);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** RSA, DSA, certificates and other curves are not here, so they verify nothing. */
export const sshKeyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const;
export type SshKeyType = (typeof sshKeyTypes)[number];

export type SshKey = {
  readonly type: SshKeyType;
  readonly blob: Buffer;
  /** The curve point: the same secret, whatever the key's type or comment says. */
  readonly point: string;
  /** What a hardware key signs for, `ssh:…`; null for a plain key. */
  readonly application: string | null;
  readonly key: KeyObject;
};

/**
 * Parses one line of the approver directory, `<type> <base64> [comment]`, in its one canonical spelling.
 * Throws `SshFault`, with a message that holds no key material.
 */
export function parseSshKey(line: string): SshKey {
  const match = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/.exec(line);
  if (match === null) throw new SshFault('expected a key line like `ssh-ed25519 AAAA… comment`');
  const [, type = '', encoded = ''] = match;
  return parseSshKeyBlob(decodeBase64(encoded), type);
}

/** Parses a public key blob (RFC 4253, 5656, 8709, OpenSSH PROTOCOL.u2f). Throws `SshFault`. */
export function parseSshKeyBlob(blob: Buffer, expectedType: string): SshKey {
  const type = sshKeyTypes.find((known) => known === expectedType);
  if (type === undefined) throw new SshFault(`expected a key of type ${sshKeyTypes.join(', ')}`);
  const reader = new SshReader(blob);
  if (reader.ascii() !== type) throw new SshFault('expected the type inside the key to equal the type before it');
  const jwk = isEd25519(type) ? ed25519Jwk(reader) : p256Jwk(reader);
  const application = type.startsWith('sk-') ? reader.ascii() : null;
  if (application !== null && !application.startsWith('ssh:'))
    throw new SshFault('expected an application like `ssh:`');
  reader.end();
  try {
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    return { type, blob, point: `${jwk.crv}:${jwk.x}:${jwk.y ?? ''}`, application, key };
  } catch {
    throw new SshFault('expected a point on the curve');
  }
}

export const isEd25519 = (type: SshKeyType): boolean => type.includes('ed25519');

type PointJwk = { kty: 'OKP' | 'EC'; crv: 'Ed25519' | 'P-256'; x: string; y?: string };

function ed25519Jwk(reader: SshReader): PointJwk {
  const point = reader.string();
  if (point.length !== 32) throw new SshFault('expected 32 bytes of ed25519 key');
  if (isSmallOrder(point)) throw new SshFault('expected a key of prime order: this one verifies what nobody signed');
  return { kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') };
}

function p256Jwk(reader: SshReader): PointJwk {
  if (reader.ascii() !== 'nistp256') throw new SshFault('expected curve nistp256');
  const point = reader.string();
  if (point.length !== 65 || point[0] !== 4) throw new SshFault('expected an uncompressed point of 65 bytes');
  const coordinate = (from: number): string => point.subarray(from, from + 32).toString('base64url');
  return { kty: 'EC', crv: 'P-256', x: coordinate(1), y: coordinate(33) };
}

/** y-coordinates of the points of order 1, 2, 4 and 8, and their non-canonical spellings (as libsodium refuses them). */
const smallOrderY = new Set([
  `00${'00'.repeat(31)}`,
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
]);
function isSmallOrder(point: Buffer): boolean {
  const y = Buffer.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return smallOrderY.has(y.toString('hex'));
}

/** Strict base64: padded, no white space, no bits beyond the last byte. Throws `SshFault`. */
export function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new SshFault('expected canonical base64');
  return bytes;
}
