import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { purposes } from '../../contracts/signed.ts';
import { createSigner, firstIssue, openSigned } from '../../policies/signing.ts';
import { refusalOf } from './support/codes.ts';
import { makeProcess } from './support/rules.ts';

const Payload = z.strictObject({ n: z.number(), text: z.string(), level: z.string().default('info') });
const recorder = makeProcess('recorder');
const executor = makeProcess('executor.payments-db');
const keys = { ...recorder.keys, ...executor.keys };
const payload = { n: 1, text: 'x', level: 'warn' };
const envelope = recorder.signer.sign('receipt', payload);
const open = (raw: unknown, purpose: (typeof purposes)[number] = 'receipt', pinned = keys) =>
  openSigned(purpose, Payload, raw, pinned, (signer) => signer === 'recorder');
const code = (...args: Parameters<typeof open>) => refusalOf(() => open(...args));

describe('a signed envelope', () => {
  it('opens to its payload', () => {
    expect(open(JSON.parse(JSON.stringify(envelope)))).toEqual(envelope);
  });

  it('covers the payload as it was sent, not as defaults complete it', () => {
    const short = recorder.signer.sign('receipt', { n: 1, text: 'x' });
    expect(open(short).payload).toEqual({ n: 1, text: 'x', level: 'info' });
    expect(code({ ...short, payload: { ...short.payload, level: 'info' } })).toBe('BAD_SIGNATURE');
  });

  it('opens with either key while one is being rotated', () => {
    const next = makeProcess('recorder');
    const both = { recorder: [...(next.keys.recorder ?? []), ...(keys.recorder ?? [])] };
    expect(code(envelope, 'receipt', both)).toBe('none');
    expect(code(next.signer.sign('receipt', payload), 'receipt', both)).toBe('none');
    expect(code(envelope, 'receipt', next.keys)).toBe('BAD_SIGNATURE');
  });

  it('is refused for every other purpose', () => {
    for (const purpose of purposes)
      expect(code(envelope, purpose)).toBe(purpose === 'receipt' ? 'none' : 'BAD_SIGNATURE');
  });

  it('is refused from a process that may not sign this, under either name', () => {
    const theirs = executor.signer.sign('receipt', payload);
    expect(code(theirs)).toBe('BAD_SIGNATURE');
    expect(code({ ...theirs, signer: 'recorder' })).toBe('BAD_SIGNATURE');
  });

  it('is refused when no key of its signer is pinned', () => {
    expect(code(envelope, 'receipt', {})).toBe('BAD_SIGNATURE');
    expect(code(envelope, 'receipt', executor.keys)).toBe('BAD_SIGNATURE');
  });

  it.each([
    null,
    'x',
    [],
    {},
    { ...envelope, extra: 1 },
    { ...envelope, signer: '__proto__' },
    { ...envelope, signer: 'executor.' },
  ])('is refused when it is %j', (raw) => {
    expect(code(raw)).toBe('BAD_INPUT');
  });

  it('is refused in another spelling of the same signature', () => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const digit of digits) {
      const signature = `${envelope.signature.slice(0, -1)}${digit}`;
      if (signature !== envelope.signature) expect(code({ ...envelope, signature })).toBe('BAD_SIGNATURE');
    }
    for (const signature of [`${envelope.signature}==`, envelope.signature.slice(1), '', `${envelope.signature}\n`])
      expect(code({ ...envelope, signature })).toBe('BAD_INPUT');
  });

  it('is refused after any change of one byte of its signature', () => {
    const bytes = Buffer.from(envelope.signature, 'base64url');
    fc.assert(
      fc.property(fc.nat(63), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ mask;
        expect(code({ ...envelope, signature: changed.toString('base64url') })).toBe('BAD_SIGNATURE');
      }),
    );
  });

  it('is refused for any other payload', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), (n, text) => {
        fc.pre(n !== payload.n || text !== payload.text);
        expect(code({ ...envelope, payload: { ...payload, n, text } })).toBe('BAD_SIGNATURE');
      }),
    );
  });

  it('is refused as input when its payload has no canonical form', () => {
    expect(code({ ...envelope, payload: { ...payload, text: '\uD800' } })).toBe('BAD_INPUT');
  });
});

describe('createSigner', () => {
  it('refuses a key whose two parts do not belong together', () => {
    expect(() => createSigner('recorder', { ...recorder.key, x: executor.key.x })).toThrow(TypeError);
  });

  it('keeps the key to itself', () => {
    expect(JSON.stringify(recorder.signer)).not.toContain(recorder.key.d);
    expect(Object.keys(recorder.signer)).toEqual(['as', 'sign', 'note']);
  });
});

describe('firstIssue', () => {
  it('names the field, and shows outside text bounded and visible', () => {
    const issueOf = (value: unknown) => {
      const parsed = Payload.safeParse(value);
      return parsed.success ? '' : firstIssue(parsed.error);
    };
    expect(issueOf({ n: 'x', text: 'y' })).toContain('`n`: ');
    const hostile = issueOf({ n: 1, text: 'y', [`\u001B[31m\u202E${'k'.repeat(9_000)}`]: 1 });
    expect(hostile.length).toBeLessThan(450);
    expect(hostile).not.toMatch(/\p{C}/u);
  });
});
