import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowedSigners } from '../../policies/approvers.ts';
import { parseSshKey, type SshKeyType, sshKeyTypes, sshString } from '../../policies/ssh-key.ts';
import { verifySshSignature } from '../../policies/sshsig.ts';
import { refusalOf } from './support/codes.ts';
import { armor, makeKey, type SignOptions, signSsh, sshsigBlob, type TestKey } from './support/ssh-signer.ts';

const namespace = 'holdpoint-action@v1';
const message = Buffer.from('{"what":"exactly these bytes"}');
const keys = Object.fromEntries(sshKeyTypes.map((type) => [type, makeKey(type)])) as Record<SshKeyType, TestKey>;

const verify = (armored: string, key: TestKey, signedMessage: Uint8Array = message) =>
  verifySshSignature({ armored, message: signedMessage, namespace, allowedKeys: [key.line] });
const refused = (act: () => unknown): void => {
  expect(refusalOf(act)).toBe('STATEMENT_BAD_PROOF');
};

describe('a signature made by ssh-keygen', () => {
  const dir = mkdtempSync(join(tmpdir(), 'holdpoint-sshsig-'));
  const person = 'oncall@example.com';
  beforeAll(() => {
    for (const type of ['ed25519', 'ecdsa', 'rsa'])
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'a comment', '-f', join(dir, type)]);
  });
  afterAll(() => rmSync(dir, { recursive: true }));
  const lineOf = (type: string): string => readFileSync(join(dir, `${type}.pub`), 'utf8').trim();
  const sign = (type: string, input: Uint8Array, ns = namespace, options: string[] = []): string =>
    execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', ns, '-f', join(dir, type), ...options], { input }).toString();
  const opensshAccepts = (type: string, armored: string, input: Uint8Array): boolean => {
    const directory = { v: 1 as const, people: [{ person, groups: ['oncall'], ssh: [lineOf(type)] }] };
    writeFileSync(join(dir, 'allowed'), allowedSigners(directory));
    writeFileSync(join(dir, 'sig'), armored);
    const verified = spawnSync(
      'ssh-keygen',
      ['-Y', 'verify', '-f', join(dir, 'allowed'), '-I', person, '-n', namespace, '-s', join(dir, 'sig')],
      { input },
    );
    return verified.status === 0;
  };
  const weAccept = (type: string, armored: string, input: Uint8Array): boolean =>
    refusalOf(() => verifySshSignature({ armored, message: input, namespace, allowedKeys: [lineOf(type)] })) === 'none';

  it.each(['ed25519', 'ecdsa'])(
    'is accepted for %s, as `ssh-keygen -Y verify` with our allowed-signers file does',
    (type) => {
      const armored = sign(type, message);
      expect(weAccept(type, armored, message)).toBe(true);
      expect(opensshAccepts(type, armored, message)).toBe(true);
    },
  );

  it.each(['sha256', 'sha512'])('is accepted with hash %s', (hash) => {
    expect(weAccept('ed25519', sign('ed25519', message, namespace, ['-O', `hashalg=${hash}`]), message)).toBe(true);
  });

  it('is accepted without its last newline, which a shell strips', () => {
    expect(weAccept('ed25519', sign('ed25519', message).trimEnd(), message)).toBe(true);
  });

  it.each(['ed25519', 'ecdsa'])('is refused for %s over other bytes and in another namespace, by both', (type) => {
    const other = Buffer.from(`${message.toString()}\n`);
    for (const [armored, input] of [
      [sign(type, message), other],
      [sign(type, message, 'holdpoint-resume@v1'), message],
      [sign(type, message, 'file'), message],
    ] as const) {
      expect(weAccept(type, armored, input)).toBe(false);
      expect(opensshAccepts(type, armored, input)).toBe(false);
    }
  });

  it('is refused when an RSA key made it, which OpenSSH itself accepts', () => {
    const armored = sign('rsa', message);
    expect(weAccept('rsa', armored, message)).toBe(false);
    expect(opensshAccepts('rsa', armored, message)).toBe(true);
  });

  it('agrees with OpenSSH on signatures made by the signer of these tests', () => {
    for (const type of ['ssh-ed25519', 'ecdsa-sha2-nistp256'] as const) {
      writeFileSync(join(dir, `${type}.pub`), keys[type].line);
      expect(opensshAccepts(type, signSsh(keys[type], message), message)).toBe(true);
      expect(opensshAccepts(type, signSsh(keys[type], message, { counter: 1 }), Buffer.from('other'))).toBe(false);
    }
  });
});

// No security key can be touched in a test: the sk- signatures are made by node:crypto from PROTOCOL.u2f, where the
// signed bytes are SHA-256(application), flags, counter, SHA-256(SSHSIG bytes).
describe('a signature of a hardware key', () => {
  const hardware = ['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const;

  it.each(hardware)('is accepted for %s when touched, and says whether the holder was verified', (type) => {
    expect(verify(signSsh(keys[type], message, { flags: 1 }), keys[type])).toEqual({
      keyType: type,
      userPresent: true,
      userVerified: false,
    });
    expect(verify(signSsh(keys[type], message, { flags: 5 }), keys[type])).toMatchObject({ userVerified: true });
  });

  it.each(hardware)('is refused for %s without a touch, whatever else its flags say', (type) => {
    for (const flags of [0, 4, 0x80, 0xfe]) refused(() => verify(signSsh(keys[type], message, { flags }), keys[type]));
  });

  it.each(hardware)('is refused for %s when flags or counter were changed after signing', (type) => {
    const blob = sshsigBlob(keys[type], message, { flags: 1, counter: 7 });
    for (const fromEnd of [1, 4, 5]) {
      const changed = Buffer.from(blob);
      changed[changed.length - fromEnd] = (changed[changed.length - fromEnd] ?? 0) ^ 4;
      refused(() => verify(armor(changed), keys[type]));
    }
  });

  it.each(hardware)('is refused for %s when it was made for another application', (type) => {
    const other: TestKey = { ...keys[type], application: 'ssh:elsewhere' };
    refused(() => verify(signSsh(other, message), keys[type]));
  });

  it('is refused when a plain signature poses as one, and the other way round', () => {
    const soft = keys['ssh-ed25519'];
    const posing: TestKey = { ...soft, type: 'sk-ssh-ed25519@openssh.com', application: 'ssh:' };
    refused(() => verify(signSsh(posing, message), soft));
    const hard = keys['sk-ssh-ed25519@openssh.com'];
    refused(() => verify(signSsh({ ...hard, type: 'ssh-ed25519', application: null }, message), hard));
  });

  it('is no key of the directory when its application is not one of ssh', () => {
    const web = makeKey('sk-ssh-ed25519@openssh.com', 'https://example.com');
    refused(() => verify(signSsh(web, message), web));
  });
});

describe('verifySshSignature', () => {
  it.each(sshKeyTypes)('accepts %s and says that a plain key cannot show a touch', (type) => {
    expect(verify(signSsh(keys[type], message), keys[type])).toMatchObject({
      keyType: type,
      userPresent: type.startsWith('sk-'),
    });
  });

  it('takes the key from the directory: a valid signature by a key that is not listed is refused', () => {
    const armored = signSsh(makeKey('ssh-ed25519'), message);
    refused(() => verify(armored, keys['ssh-ed25519']));
    refused(() => verifySshSignature({ armored, message, namespace, allowedKeys: [] }));
  });

  it('refuses a signature that names a listed key but was made by another', () => {
    const listed = keys['ssh-ed25519'];
    refused(() => verify(signSsh(makeKey('ssh-ed25519'), message, { publicKey: listed.blob }), listed));
  });

  const wrong: Record<string, SignOptions> = {
    'another namespace': { namespace: 'holdpoint-waive@v1' },
    'a namespace with a suffix': { namespace: `${namespace}\0` },
    'an empty namespace': { namespace: '' },
    'a reserved field that is not empty': { reserved: 'x' },
    'hash sha1': { hashAlgorithm: 'sha1' },
    'hash sha384': { hashAlgorithm: 'sha384' },
    'hash SHA512 in capitals': { hashAlgorithm: 'SHA512' },
    'version 0': { version: 0 },
    'version 2': { version: 2 },
    'another magic': { magic: 'SSHSIH' },
    'bytes after the signature': { trailing: { outer: Buffer.from([0]) } },
    'bytes after the inner signature': { trailing: { inner: Buffer.from([0]) } },
    'bytes after the number': { trailing: { number: Buffer.from([0]) } },
  };
  it.each(Object.keys(wrong).flatMap((what) => sshKeyTypes.map((type) => [what, type] as const)))(
    'refuses %s, for %s',
    (what, type) => refused(() => verify(signSsh(keys[type], message, wrong[what]), keys[type])),
  );

  const zero = Buffer.from([0]);
  const numbers: Record<string, (r: Buffer, s: Buffer) => readonly [Buffer, Buffer]> = {
    'a padded r': (r, s) => [Buffer.concat([zero, r]), s],
    'a padded s': (r, s) => [r, Buffer.concat([zero, s])],
    'an empty r': (_r, s) => [Buffer.alloc(0), s],
    'a zero s': (r) => [r, zero],
    'a negative r': (r, s) => [Buffer.concat([Buffer.from([0xff]), r]), s],
    'a number of 33 bytes': (_r, s) => [Buffer.concat([Buffer.from([1]), Buffer.alloc(32, 1)]), s],
    'r and s swapped': (r, s) => [s, r],
  };
  it.each(Object.keys(numbers))('refuses %s in an ecdsa signature', (what) => {
    const key = keys['ecdsa-sha2-nistp256'];
    const change = numbers[what];
    if (change === undefined) throw new Error(what);
    refused(() => verify(signSsh(key, message, { numbers: change }), key));
  });

  it('refuses each change of the armor', () => {
    const key = keys['ssh-ed25519'];
    const good = signSsh(key, message);
    const body = good.split('\n').slice(1, -2).join('');
    const changed = [
      '',
      ` ${good}`,
      `\n${good}`,
      `${good}\n`,
      `${good}x`,
      `x\n${good}`,
      `${good}${good}`,
      good.replaceAll('\n', '\r\n'),
      good.replace('\n', '\n\n'),
      good.replace('BEGIN SSH', 'BEGIN PGP'),
      good.replace('-----BEGIN', '----BEGIN'),
      `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----\n`,
      `-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n`,
      good.replace(/\n(.{70})\n/, '\n$1 \n'),
      good.replaceAll('A', '-'),
      good.replace(/(=*)\n-----END/, '=$1\n-----END'),
      `${good}${' '.repeat(5_000)}`,
    ];
    for (const armored of changed) refused(() => verify(armored, key));
  });

  it('refuses the other spellings of the last base64 digit', () => {
    const key = keys['ssh-ed25519'];
    const text = Buffer.concat([sshsigBlob(key, message)]).toString('base64');
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
    const padding = /=*$/.exec(text)?.[0].length ?? 0;
    const at = text.length - padding - 1;
    for (const digit of padding === 0 ? '' : digits) {
      const other = `${text.slice(0, at)}${digit}${text.slice(at + 1)}`;
      const lines = other.match(/.{1,70}/g)?.join('\n') ?? '';
      if (other !== text)
        refused(() => verify(`-----BEGIN SSH SIGNATURE-----\n${lines}\n-----END SSH SIGNATURE-----`, key));
    }
  });

  it.each(sshKeyTypes)('refuses %s after any change of one byte of the signature', (type) => {
    const blob = sshsigBlob(keys[type], message);
    fc.assert(
      fc.property(fc.nat(blob.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(blob);
        changed[at] = (changed[at] ?? 0) ^ mask;
        refused(() => verify(armor(changed), keys[type]));
      }),
    );
  });

  it.each(sshKeyTypes)('refuses %s after any change of one byte of the message', (type) => {
    const armored = signSsh(keys[type], message);
    fc.assert(
      fc.property(fc.nat(message.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(message);
        changed[at] = (changed[at] ?? 0) ^ mask;
        refused(() => verify(armored, keys[type], changed));
      }),
    );
  });

  it('refuses whatever is cut off or made up, and never fails in another way', () => {
    const blob = sshsigBlob(keys['ssh-ed25519'], message);
    for (let length = 0; length < blob.length; length++)
      refused(() => verify(armor(blob.subarray(0, length)), keys['ssh-ed25519']));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) =>
        refused(() => verify(armor(Buffer.from(bytes)), keys['ssh-ed25519'])),
      ),
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => refused(() => verify(text, keys['ssh-ed25519']))));
  });
});

describe('parseSshKey', () => {
  const line = keys['ssh-ed25519'].line.split(' ').slice(0, 2).join(' ');
  it('reads a line with and without a comment', () => {
    expect(parseSshKey(line).type).toBe('ssh-ed25519');
    expect(parseSshKey(`${line} laptop of a person`).blob).toEqual(keys['ssh-ed25519'].blob);
  });

  it('knows one secret by its point, whatever the type before it says', () => {
    const blob = keys['ssh-ed25519'].blob;
    const point = blob.subarray(blob.length - 32);
    const twin = Buffer.concat([sshString('sk-ssh-ed25519@openssh.com'), sshString(point), sshString('ssh:')]);
    expect(parseSshKey(`sk-ssh-ed25519@openssh.com ${twin.toString('base64')}`).point).toBe(parseSshKey(line).point);
  });

  const blobOf = (type: string, ...parts: Buffer[]): string =>
    `${type} ${Buffer.concat([sshString(type), ...parts]).toString('base64')}`;
  const respelled = (change: (point: Buffer) => Buffer): string => {
    const point = keys['ecdsa-sha2-nistp256'].blob.subarray(-65);
    return blobOf('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(change(point)));
  };
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const faulty: Record<string, string> = {
    'options before the key': `cert-authority ${line}`,
    'two spaces': line.replace(' ', '  '),
    'a tab': line.replace(' ', '\t'),
    'a second line': `${line} c\n${line}`,
    'a leading space': ` ${line}`,
    'no padding': line.replace(/=*$/, 'A'),
    'a type that is not the key’s': line.replace('ssh-ed25519', 'ecdsa-sha2-nistp256'),
    'an RSA key': blobOf(
      'ssh-rsa',
      sshString(Buffer.from(rsa.e ?? '', 'base64url')),
      sshString(Buffer.from(rsa.n ?? '', 'base64url')),
    ),
    'a certificate': blobOf('ssh-ed25519-cert-v01@openssh.com', sshString(Buffer.alloc(32, 9))),
    'a short ed25519 key': blobOf('ssh-ed25519', sshString(Buffer.alloc(31, 9))),
    'trailing bytes': blobOf('ssh-ed25519', sshString(Buffer.alloc(32, 9)), Buffer.from([0])),
    'the identity point, for which anybody signs': blobOf(
      'ssh-ed25519',
      sshString(Buffer.from(`01${'00'.repeat(31)}`, 'hex')),
    ),
    'a point of order 8 with its sign set': blobOf(
      'ssh-ed25519',
      sshString(Buffer.from('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', 'hex')),
    ),
    'a compressed P-256 point': blobOf('ecdsa-sha2-nistp256', sshString('nistp256'), sshString(Buffer.alloc(33, 2))),
    'a P-256 point off the curve': blobOf(
      'ecdsa-sha2-nistp256',
      sshString('nistp256'),
      sshString(Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 1)])),
    ),
    'a hybrid P-256 point': respelled((point) => Buffer.concat([Buffer.from([6]), point.subarray(1)])),
    'a P-256 point with a byte more': respelled((point) => Buffer.concat([point, Buffer.from([0])])),
    'curve nistp384': blobOf('ecdsa-sha2-nistp256', sshString('nistp384'), sshString(Buffer.alloc(65, 4))),
    nothing: '',
  };
  it.each(Object.keys(faulty))('refuses %s', (what) => {
    expect(() => parseSshKey(faulty[what] ?? '')).toThrow('expected');
  });
});
