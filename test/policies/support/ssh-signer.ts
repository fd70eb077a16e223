import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { type SshKeyType, sshString } from '../../../policies/ssh-key.ts';

/** A person's key made by node:crypto, so that tests can sign what `ssh-keygen` would refuse to. */
export type TestKey = {
  readonly type: SshKeyType;
  readonly line: string;
  readonly blob: Buffer;
  readonly application: string | null;
  readonly privateKey: KeyObject;
};

const b64 = (part: string | undefined): Buffer => Buffer.from(part ?? '', 'base64url');

export function makeKey(type: SshKeyType, application = 'ssh:'): TestKey {
  const ed25519 = type.includes('ed25519');
  const { privateKey, publicKey } = ed25519
    ? generateKeyPairSync('ed25519')
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  const point = ed25519
    ? [sshString(b64(jwk.x))]
    : [sshString('nistp256'), sshString(Buffer.concat([Buffer.from([4]), b64(jwk.x), b64(jwk.y)]))];
  const hardware = type.startsWith('sk-');
  const blob = Buffer.concat([sshString(type), ...point, ...(hardware ? [sshString(application)] : [])]);
  return {
    type,
    line: `${type} ${blob.toString('base64')} test`,
    blob,
    application: hardware ? application : null,
    privateKey,
  };
}

export type SignOptions = {
  readonly namespace?: string;
  readonly hashAlgorithm?: string;
  readonly reserved?: string;
  readonly version?: number;
  readonly magic?: string;
  readonly flags?: number;
  readonly counter?: number;
  /** Appended after the named part, to see that no reader skips bytes. */
  readonly trailing?: { readonly inner?: Buffer; readonly outer?: Buffer; readonly number?: Buffer };
  /** Replaces r and s of an ECDSA signature before they are encoded. */
  readonly numbers?: (r: Buffer, s: Buffer) => readonly [Buffer, Buffer];
  readonly publicKey?: Buffer;
};

/** The unarmored SSHSIG blob by OpenSSH PROTOCOL.sshsig, and PROTOCOL.u2f for the sk- forms. */
export function sshsigBlob(key: TestKey, message: Uint8Array | string, options: SignOptions = {}): Buffer {
  const { namespace = 'holdpoint-action@v1', hashAlgorithm = 'sha512', reserved = '', magic = 'SSHSIG' } = options;
  const hashName = ['sha256', 'sha512', 'sha384', 'sha1'].includes(hashAlgorithm) ? hashAlgorithm : 'sha512';
  const head = [sshString(namespace), sshString(reserved), sshString(hashAlgorithm)];
  const covered = Buffer.concat([
    Buffer.from(magic),
    ...head,
    sshString(createHash(hashName).update(message).digest()),
  ]);
  const version = Buffer.alloc(4);
  version.writeUInt32BE(options.version ?? 1);
  return Buffer.concat([
    Buffer.from(magic),
    version,
    sshString(options.publicKey ?? key.blob),
    ...head,
    sshString(innerSignature(key, covered, options)),
    options.trailing?.outer ?? Buffer.alloc(0),
  ]);
}

function innerSignature(key: TestKey, covered: Buffer, options: SignOptions): Buffer {
  const flags = Buffer.from([options.flags ?? 1]);
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(options.counter ?? 7);
  const hardware = key.application !== null;
  const bytes = hardware ? Buffer.concat([sha256(key.application ?? ''), flags, counter, sha256(covered)]) : covered;
  const tail = [...(hardware ? [flags, counter] : []), options.trailing?.inner ?? Buffer.alloc(0)];
  return Buffer.concat([sshString(key.type), sshString(rawSignature(key, bytes, options)), ...tail]);
}

function rawSignature(key: TestKey, bytes: Buffer, options: SignOptions): Buffer {
  const extra = options.trailing?.number ?? Buffer.alloc(0);
  if (key.type.includes('ed25519')) return Buffer.concat([sign(null, bytes, key.privateKey), extra]);
  const raw = sign('sha256', bytes, { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  const [r, s] = [mpint(raw.subarray(0, 32)), mpint(raw.subarray(32))];
  const [first, second] = options.numbers?.(r, s) ?? [r, s];
  return Buffer.concat([sshString(first), sshString(second), extra]);
}

function mpint(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = bytes.subarray(start);
  return (digits[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.from([0]), digits]) : digits;
}

export const armor = (blob: Buffer): string => {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`;
};

export const signSsh = (key: TestKey, message: Uint8Array | string, options: SignOptions = {}): string =>
  armor(sshsigBlob(key, message, options));

const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
