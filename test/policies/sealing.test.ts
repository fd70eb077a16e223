import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSealKey, seal } from '../../policies/sealing.ts';

describe('a sealed text', () => {
  it('is opened by the key that it was sealed to, and says nothing by itself', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, maxLength: 200, unit: 'grapheme' }), (text) => {
        const key = newSealKey();
        const sealed = seal(key.publicKey, text);
        expect(key.open(sealed)).toBe(text);
        expect(Buffer.from(sealed.text, 'base64url').includes(text)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it('is opened by no other key', () => {
    const sealed = seal(newSealKey().publicKey, 'secret');
    expect(() => newSealKey().open(sealed)).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }));
  });

  it.each(['key', 'nonce', 'text'] as const)('is not opened with another %s', (part) => {
    const key = newSealKey();
    const [sealed, other] = [seal(key.publicKey, 'secret'), seal(key.publicKey, 'public')];
    const mixed = { ...sealed, [part]: other[part] };
    expect(() => key.open(mixed)).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }));
  });

  it.each(['', 'A'.repeat(43), 'not a key'])('is not made for what is no key: `%s`', (to) => {
    expect(() => seal(to, 'secret')).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});
