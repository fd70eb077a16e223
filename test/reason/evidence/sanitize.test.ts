import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rule, rules } from '../../../policies/sanitize/finding.ts';
import { sanitize } from '../../../policies/sanitize/sanitize.ts';
import { rare } from './rare-text.ts';

const rulesOf = (text: string): Rule[] => [...new Set(sanitize(text).findings.map(({ rule }) => rule))];
/** What may never come out, whatever goes in; joiners and selectors have a test of their own. */
const never =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00AD\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/u;
const forged =
  /<\|[A-Za-z]|\[\/?INST\]|<<\/?SYS>>|<\/?(?:tool_call|function_calls|invoke|system-reminder|start_of_turn)[ >]|#{2,6} ?(?:System|Instruction)s?:|^(?:Human|Assistant):/m;

describe('sanitize, over any text', () => {
  const any = fc.oneof(rare, fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme' }));

  it('never lets a control, bidirectional, tag or zero-width character out', () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(sanitize(text).text.replace(/[\t\n]/g, '')).not.toMatch(never);
      }),
    );
  });

  it('never lets a forged delimiter out', () => {
    fc.assert(
      fc.property(any, (text) => {
        expect(sanitize(text).text).not.toMatch(forged);
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(any, (text) => {
        const once = sanitize(text).text;
        expect(sanitize(once).text).toBe(once);
      }),
    );
  });

  it('has an end in proportion to its beginning, and a line for each finding', () => {
    fc.assert(
      fc.property(any, (text) => {
        const { text: out, findings } = sanitize(text);
        expect(out.length).toBeLessThanOrEqual(10 * text.length);
        const lines = text.split('\n').length;
        for (const { rule, line } of findings) expect(rule in rules && line >= 1 && line <= lines).toBe(true);
      }),
    );
  });

  it('says of what it changed that it did', () => {
    fc.assert(
      fc.property(any, (text) => {
        const { text: out, findings } = sanitize(text);
        if (out !== text.replaceAll('\r\n', '\n')) expect(findings).not.toEqual([]);
      }),
    );
  });
});

describe('what is hidden in a text', () => {
  it.each<[string, string, string, Rule]>([
    ['a colour', '\x1b[31mred\x1b[0m', 'red', 'escape.terminal'],
    ['concealed text', '\x1b[8mhidden\x1b[0m', 'hidden', 'escape.conceal'],
    ['a link', '\x1b]8;;https://example.com\x07here\x1b]8;;\x07', 'here', 'escape.terminal'],
    ['a write to the clipboard', 'a\x1b]52;c;cm0gLXJm\x07b', 'ab', 'escape.string'],
    ['a sequence without its end', 'a\x1b]0;b', 'a0;b', 'escape.terminal'],
    ['a one-byte introducer', 'a\x9b31mb', 'ab', 'escape.terminal'],
    ['a bell', 'a\x07b', 'ab', 'character.control'],
    ['an overwritten line', 'safe\rkept', 'safe kept', 'character.control'],
    ['letters that run backwards', 'user\u202Egnp.exe', 'usergnp.exe', 'character.bidi-override'],
    ['tags', 'ok\u{E0069}\u{E0067}', 'ok', 'character.tag'],
    ['a letter apart', 's\u200By\u200Bs', 'sys', 'character.zero-width-in-word'],
    ['a run of selectors', '\u{1F600}\uFE01\uFE02\uFE03', '\u{1F600}', 'character.variation-run'],
    ['half a character', 'a\uD83Db', 'a\uFFFDb', 'character.surrogate'],
  ])('removes %s', (_, text, out, rule) => {
    expect(sanitize(text).text).toBe(out);
    expect(rulesOf(text)).toContain(rule);
  });
});

describe('text that needs what others misuse', () => {
  it.each([
    ['Hebrew', 'השירות הופסק: שגיאה 500'],
    ['Hebrew with points', 'שָׁלוֹם עוֹלָם'],
    ['Arabic', 'تم إيقاف الخدمة بسبب خطأ في قاعدة البيانات'],
    ['Persian with its joiner', 'می\u200Cخواهم سرویس را دوباره راه\u200Cاندازی کنم'],
    ['Hindi with a joiner', 'क्\u200Dष और श\u094D\u200Cर'],
    ['Sinhala', 'ශ\u0DCA\u200Dරී ලංකා'],
    ['Chinese', '数据库连接失败，正在重试（第3次）'],
    ['a variant ideograph', '葛\u{E0100}飾区'],
    ['Japanese', 'システム: 接続がタイムアウトしました'],
    ['Korean', '시스템: 데이터베이스 연결 실패'],
    ['Thai', 'ระบบ: การเชื่อมต่อล้มเหลว'],
    ['a family', 'done \u{1F468}\u200D\u{1F469}\u200D\u{1F467}\u200D\u{1F466} ok'],
    [
      'a flag in a heart',
      '\u2764\uFE0F\u200D\u{1F525} \u{1F3F3}\uFE0F\u200D\u{1F308} \u{1F1EE}\u{1F1F1} 1\uFE0F\u20E3',
    ],
    ['a skin tone', '\u{1F469}\u{1F3FD}\u200D\u{1F4BB} deployed'],
    ['accents, old and new', 'café cafe\u0301 Zürich Łódź naïve'],
  ])('leaves %s as it is', (_, text) => {
    expect(sanitize(text)).toEqual({ text, suspicious: false, findings: [] });
  });
});
