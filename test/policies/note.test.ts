import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint } from '../../activities/record/checkpoint.ts';
import type { PublicKey } from '../../contracts/config.ts';
import { codeOf } from '../../contracts/errors.ts';
import { openNote, signNote } from '../../policies/note.ts';
import { executor, makeProcess, pinned, recorder } from './support/rules.ts';

const name = 'log.example.com/holdpoint';
const root = Buffer.alloc(32, 7);
const note = signCheckpoint(recorder.signer, { origin: name, size: 12, root });
const keys = recorder.keys.recorder as PublicKey[];
const codeFrom = (work: () => unknown): string => {
  try {
    work();
    return 'none';
  } catch (error) {
    return codeOf(error);
  }
};
const withText = (change: (text: string) => string) => openNote(change(note), keys);

describe('a signed note', () => {
  it('has the key id and the bytes that the specification gives', () => {
    // The key pair of RFC 8032, section 7.1, test 1.
    const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
    const x = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex').toString(
      'base64url',
    );
    const d = Buffer.from(seed, 'hex').toString('base64url');
    const key = { kty: 'OKP', crv: 'Ed25519', x } as const;
    const signed = signNote(
      'example.com/log\n0\n',
      'example.com/log',
      createPrivateKey({ key: { ...key, d }, format: 'jwk' }),
      key,
    );
    const [, line = ''] = signed.split('\n\n');
    expect(line.startsWith('— example.com/log ')).toBe(true);
    const bytes = Buffer.from(line.trim().split(' ')[2] ?? '', 'base64');
    expect([bytes.length, bytes.subarray(0, 4).toString('hex')]).toEqual([68, 'cc714670']);
    expect(openNote(signed, [key])).toEqual({ name: 'example.com/log', text: 'example.com/log\n0\n', sole: true });
  });
  it('opens under any of the keys that are pinned, and passes over signatures of keys that are not', () => {
    const other = makeProcess('recorder');
    const line = `— witness.example.com ${Buffer.alloc(68, 1).toString('base64')}\n`;
    expect(openNote(note, [...(other.keys.recorder ?? []), ...keys]).name).toBe(name);
    expect(openNote(`${note}${line}`, keys)).toMatchObject({ name, sole: false });
    expect(codeFrom(() => openNote(note, other.keys.recorder ?? []))).toBe('BAD_SIGNATURE');
    expect(codeFrom(() => openNote(note, []))).toBe('BAD_SIGNATURE');
  });
  it.each<[string, string, (text: string) => string]>([
    ['another size', 'BAD_SIGNATURE', (text) => text.replace('\n12\n', '\n13\n')],
    ['another origin', 'BAD_SIGNATURE', (text) => text.replaceAll(name, 'log.example.com/other')],
    [
      'a changed signature',
      'BAD_SIGNATURE',
      (text) => text.replace(/.{6}\n$/, (end) => (end.startsWith('AAAA') ? 'BBBBB=\n' : 'AAAAA=\n')),
    ],
    ['no signature', 'BAD_SIGNATURE', (text) => text.replace(/— .*\n/, '')],
    ['no empty line', 'BAD_INPUT', (text) => text.replace('\n\n', '\n')],
    ['no end of line', 'BAD_INPUT', (text) => text.slice(0, -1)],
    ['a control character', 'BAD_INPUT', (text) => text.replace('12', '12\t')],
    ['a signature in another spelling', 'BAD_INPUT', (text) => text.replace('=\n', '\n').replace(/\n$/, '==\n')],
    ['too many signatures', 'BAD_INPUT', (text) => text + text.slice(text.indexOf('—')).repeat(16)],
    ['too many characters', 'BAD_INPUT', (text) => 'x'.repeat(20_000) + text],
    ['nothing in it', 'BAD_INPUT', () => ''],
  ])('is refused with %s', (_what, code, change) => {
    expect(codeFrom(() => withText(change))).toBe(code);
  });
  it('is signed under no name but that of its first line, and under none that an envelope begins with', () => {
    for (const [text, as] of [
      ['a\nb\n', 'b'],
      ['a\nb', 'a'],
      ['a b\n', 'a b'],
      ['holdpoint-record@v1\n{}\n', 'holdpoint-record@v1'],
    ])
      expect(() => recorder.signer.note(as as string, text as string)).toThrow(TypeError);
  });
});

describe('a checkpoint', () => {
  it('says which log, how many records and which root', () => {
    expect(note.startsWith(`${name}\n12\n${root.toString('base64')}\n\n— ${name} `)).toBe(true);
    expect(openCheckpoint(note, pinned)).toEqual({ origin: name, size: 12, root, note, sole: true });
  });
  it('is the word of the recorder alone', () => {
    expect(
      codeFrom(() => openCheckpoint(signCheckpoint(executor.signer, { origin: name, size: 12, root }), pinned)),
    ).toBe('BAD_SIGNATURE');
    expect(codeFrom(() => openCheckpoint(note, {}))).toBe('BAD_SIGNATURE');
  });
  it.each(['-1', '012', '1.5', '1234567890123', 'x'])('is refused with the size %s', (size) => {
    const text = recorder.signer.note(name, `${name}\n${size}\n${root.toString('base64')}\n`);
    expect(codeFrom(() => openCheckpoint(text, pinned))).toBe('BAD_INPUT');
  });
  it('is refused with a root that is no hash, and with more lines than it has', () => {
    const of = (lines: string) => () => openCheckpoint(recorder.signer.note(name, `${name}\n12\n${lines}\n`), pinned);
    for (const lines of ['AAAA', '', `${root.toString('base64')}\nmore`, `${'A'.repeat(42)}B=`])
      expect(codeFrom(of(lines))).toBe('BAD_INPUT');
  });
});
