import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeSpan, safeWord, visible } from '../../policies/visible.ts';

const hiddenOnes: Record<string, string> = {
  'an ANSI escape': '\u001B[2J\u001B[31m',
  'a bell, a null, a carriage return and a tab': '\u0007\0\r\t',
  'a C1 control': '\u009B31m',
  'a delete': '\u007F',
  'bidi embeddings and overrides': '\u202A\u202B\u202C\u202D\u202E',
  'bidi isolates': '\u2066\u2067\u2068\u2069',
  'bidi marks': '\u200E\u200F\u061C',
  'zero-width characters': '\u200B\u200C\u200D\u2060\uFEFF',
  'a soft hyphen': '\u00AD',
  'line and paragraph separators': '\u2028\u2029\u0085',
  'tag characters': '\u{E0041}\u{E0001}\u{E007F}',
  'variation selectors': '\uFE0F\u{E0100}',
  'unpaired surrogates': '\uD800',
  'another unpaired surrogate': '\uDC00x',
  'blank letters and fillers': '\u3164\u115F\uFFA0\u2800',
  'other spaces': '\u00A0\u2003\u3000\u202F',
  'private use and non-characters': '\uE000\uFFFE',
};
/** What may stand on a screen: nothing of category C, no line breaks, no spaces but the plain one. */
const clean = /^(?:(?![\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}])(?: |\P{Zs}))*$/u;

describe('visible', () => {
  it('leaves ordinary text alone', () => {
    for (const text of ['SELECT 1', 'größer 日本語 🙂 é', '', '`a | b` <c> "d" $e'])
      expect(visible(text, 100)).toBe(text);
  });

  it('shows hidden characters by number, and newlines by their sign', () => {
    expect(visible('a\u202Eb', 100)).toBe('a\\u{202E}b');
    expect(visible('\u001B[31m', 100)).toBe('\\u{001B}[31m');
    expect(visible('\u{E0041}', 100)).toBe('\\u{E0041}');
    expect(visible('\uD83D', 100)).toBe('\\u{D83D}');
    expect(visible('a\nb', 100)).toBe('a\u23CEb');
  });

  it.each(Object.keys(hiddenOnes))('lets no %s through', (what) => {
    const text = hiddenOnes[what] ?? '';
    expect(visible(`x${text}y`, 1_000)).toMatch(clean);
    expect(codeSpan(`x${text}y`, 1_000)).toMatch(clean);
  });

  it('lets no text imitate an escape or a newline', () => {
    expect(visible('\\u{202E}', 100)).toBe('\\\\u{202E}');
    expect(visible('\u23CE', 100)).toBe('\\u{23CE}');
  });

  it('shows different texts differently', () => {
    const unit = fc.constantFrom('\\', 'u', '{', '}', '2', '0', 'E', '\n', '\u23CE', '\u202E', '\u0020', '\u00A0', 'a');
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (a, b) => {
        expect(visible(a, 10_000) === visible(b, 10_000)).toBe(a === b);
      }),
    );
  });

  it('cuts what is too long, never inside an escape, and counts what it cut', () => {
    expect(visible('abcdef', 4)).toBe('abcd\u2026 (+2 characters)');
    expect(visible('abc\u202Edef', 5)).toBe('abc\u2026 (+4 characters)');
    expect(visible('\u202Eabc', 4)).toBe('\u2026 (+4 characters)');
    expect(visible('🙂🙂', 3)).toBe('🙂\u2026 (+1 characters)');
  });

  it('is clean and bounded for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(60), (text, charsMax) => {
        const shown = visible(text, charsMax);
        expect(shown).toMatch(clean);
        expect(shown.length).toBeLessThanOrEqual(charsMax + 40);
      }),
    );
  });
});

describe('codeSpan', () => {
  it('is one span around text that holds no backtick, pipe or newline', () => {
    expect(codeSpan('DROP TABLE payments', 100)).toBe('`DROP TABLE payments`');
    expect(codeSpan('', 100)).toBe('` `');
    const unit = fc.constantFrom(
      '`',
      '|',
      '\n',
      '\r',
      '\\',
      '*',
      '_',
      '<',
      '>',
      '[',
      ']',
      '(',
      ')',
      '#',
      ' ',
      'a',
      '\u2028',
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), fc.nat(100), (text, charsMax) => {
        expect(codeSpan(text, charsMax)).toMatch(/^`[^`|\n\r\u2028\u2029]+`$/);
      }),
    );
  });

  it('is not ended by any run of backticks', () => {
    for (let count = 1; count < 20; count++) {
      const inner = codeSpan(`${'`'.repeat(count)} # heading`, 1_000).slice(1, -1);
      expect(inner).not.toContain('`');
    }
  });
});

describe('safeWord', () => {
  it('passes what is safe in a printed command', () => {
    for (const word of ['incident/alertmanager/0a1b', 'a', 'A_b-c.d/9']) expect(safeWord(word)).toBe(word);
  });

  it.each([
    '',
    ' ',
    'a b',
    'a\n',
    '\na',
    'a;b',
    '$(x)',
    '`x`',
    "a'b",
    'a"b',
    'a|b',
    'a&b',
    'a>b',
    'a\\b',
    'a*',
    '~a',
    'é',
    '-x',
    '--all',
    'a\0',
    'a\u202E',
    'x'.repeat(301),
  ])('throws for %j', (word) => {
    expect(() => safeWord(word)).toThrow(TypeError);
  });

  it('never repeats hidden text in its message', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (word) => {
        try {
          expect(safeWord(word)).toMatch(/^[A-Za-z0-9/_.-]+$/);
        } catch (error) {
          expect(error instanceof TypeError && clean.test(error.message)).toBe(true);
        }
      }),
    );
  });
});
