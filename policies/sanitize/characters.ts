import { concealsText, stringSequenceIsOdd } from './escapes.ts';
import type { Finding, Rule } from './finding.ts';

/** One terminal sequence, one run of selectors or tags, or one character that is not seen or not text. Every part is bounded. */
const esc = '\\u001b';
const special = new RegExp(
  [
    `(?:${esc}\\[|\\u009b)([0-?]{0,64}[ -/]{0,8}[@-~])`,
    `(?:${esc}[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])([^\\u0007${esc}\\u009c\\n]{0,4096})(?:\\u0007|${esc}\\\\|\\u009c)`,
    `${esc}[ -/]{0,4}[0-~]`,
    '\\r\\n|\\r',
    '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]',
    '[\\u{E0000}-\\u{E007F}]+',
    '[\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}\\u180B-\\u180D\\u180F]+',
    '[\\p{Cf}\\p{Cs}\\p{Default_Ignorable_Code_Point}\\p{Zl}\\p{Zp}\\u2800\\uFFFE\\uFFFF]',
  ].join('|'),
  'gu',
);
/** Signs of Arabic, Syriac and Kaithi that stand before a number and are seen, though Unicode calls them format characters. */
const seenFormat = /[\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}]/u;
const override = /[\u202A-\u202E\u2066-\u2069]/;
const bidi = /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/;
const zeroWidth = /[\u200B-\u200D\u2060\uFEFF\u180E]/;
const wordChar = /[A-Za-z0-9]/;
const pictographBefore = /\p{Extended_Pictographic}(?:\uFE0F|[\u{1F3FB}-\u{1F3FF}])?$/u;
const pictographAfter = /^\p{Extended_Pictographic}/u;
const takesSelector = /[\p{Extended_Pictographic}0-9#*]$/u;
const ideograph = /\p{Script=Han}$/u;
const mongolian = /\p{Script=Mongolian}$/u;
const joining = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Nko}\p{Script=Mongolian}]/u;
const indic =
  /[\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}]/u;
const flagTags = new Set(['gbeng', 'gbsct', 'gbwls']);

export type Cleaned = { readonly text: string; readonly findings: readonly Finding[] };

const passesMax = 8;

/**
 * Text without a character that is not seen or that steers what shows it: no control but tab and newline, no terminal
 * sequence, no bidirectional control, no tag, and a joiner or selector only where a script or an emoji needs it. Linear;
 * never throws.
 */
export function cleanCharacters(text: string): Cleaned {
  let cleaned = cleanOnce(text);
  // What one removal brings together may want another: a selector whose base was the end of an escape sequence.
  for (let pass = 1, found = cleaned.findings.length; pass < passesMax && found > 0; pass++) {
    const again = cleanOnce(cleaned.text);
    found = again.findings.length;
    cleaned = { text: again.text, findings: [...cleaned.findings, ...again.findings] };
  }
  return cleaned;
}

function cleanOnce(text: string): Cleaned {
  const findings: Finding[] = [];
  let line = 1;
  let counted = 0;
  const lineAt = (at: number): number => {
    for (; counted < at; counted++) if (text.charCodeAt(counted) === 10) line += 1;
    return line;
  };
  const cleaned = text.replace(special, (found: string, csi?: string, sequence?: string, ...rest: unknown[]) => {
    if (found === '\r\n') return '\n';
    const at = rest[0] as number;
    const { rule, stays } = judge({ text, found, at, csi, sequence });
    if (rule === null) return stays;
    if (findings.length < findingsMax) findings.push({ rule, line: lineAt(at) });
    return stays;
  });
  return { text: cleaned, findings };
}

const findingsMax = 1_000;
type Special = {
  readonly text: string;
  readonly found: string;
  readonly at: number;
  readonly csi: string | undefined;
  readonly sequence: string | undefined;
};
type Judged = { readonly rule: Rule | null; readonly stays: string };
const gone = (rule: Rule, stays = ''): Judged => ({ rule, stays });
const kept = (found: string): Judged => ({ rule: null, stays: found });

function judge(special: Special): Judged {
  const { found, at, csi, sequence } = special;
  if (csi !== undefined) return gone(concealsText(csi) ? 'escape.conceal' : 'escape.terminal');
  if (sequence !== undefined) return gone(stringSequenceIsOdd(found, sequence) ? 'escape.string' : 'escape.terminal');
  const code = found.codePointAt(0) ?? 0;
  if (code === 0x1b && found.length > 1) return gone('escape.terminal');
  if (code <= 0x9f) return gone('character.control', found === '\r' || code === 0x0b || code === 0x0c ? ' ' : '');
  if (code >= 0xe0000 && code <= 0xe007f) return tag(special);
  if (isSelector(code)) return selector(special);
  if (seenFormat.test(found)) return kept(found);
  if (code >= 0xd800 && code <= 0xdfff) return gone('character.surrogate', '\uFFFD');
  if (override.test(found)) return gone('character.bidi-override');
  if (bidi.test(found)) return gone('character.bidi');
  if (zeroWidth.test(found)) return at === 0 && code === 0xfeff ? gone('character.invisible') : joiner(special);
  return gone('character.invisible', code === 0x2028 || code === 0x2029 || code === 0x2800 ? ' ' : '');
}

const isSelector = (code: number): boolean =>
  (code >= 0xfe00 && code <= 0xfe0f) ||
  (code >= 0xe0100 && code <= 0xe01ef) ||
  (code >= 0x180b && code <= 0x180f && code !== 0x180e);

const before = ({ text, at }: Special, units: number): string => text.slice(Math.max(0, at - units), at);
const after = ({ text, at, found }: Special, units: number): string =>
  text.slice(at + found.length, at + found.length + units);

/** A flag of England, Scotland or Wales spells its region in tags; all other tags are letters that nobody sees. */
function tag(special: Special): Judged {
  const isFlag = before(special, 2) === '\u{1F3F4}' && flagTags.has(spelledBy(special.found).trim());
  return gone(isFlag ? 'character.flag' : 'character.tag');
}

const spelledBy = (tags: string): string =>
  [...tags]
    .map((char) => (char.codePointAt(0) ?? 0) - 0xe0000)
    .map((code) => (code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : ' '))
    .join('');

/** One selector may follow a sign that has forms; a run of them is a channel. */
function selector(special: Special): Judged {
  const { found } = special;
  const single = found.length <= 2 && [...found].length === 1;
  if (!single) return gone('character.variation-run');
  const base = before(special, 2);
  const code = found.codePointAt(0) ?? 0;
  const fits =
    code >= 0xe0100
      ? ideograph.test(base)
      : code >= 0xfe00
        ? takesSelector.test(base) || ideograph.test(base)
        : mongolian.test(base);
  return fits ? kept(found) : gone('character.variation');
}

/** A joiner stays between two signs that it joins, or parts, in their own script; nowhere else has it a meaning. */
function joiner(special: Special): Judged {
  const { found } = special;
  const left = before(special, 2);
  const right = after(special, 2);
  if (found === '\u200D' && pictographBefore.test(before(special, 4)) && pictographAfter.test(right))
    return kept(found);
  if (found === '\u200C' || found === '\u200D') {
    if (joining.test(left.slice(-1)) && joining.test(right.slice(0, 1))) return kept(found);
    if (indic.test(left.slice(-1)))
      return zeroWidth.test(right.slice(0, 1)) ? gone('character.zero-width') : kept(found);
  }
  const inWord = wordChar.test(left.slice(-1)) && wordChar.test(right.slice(0, 1));
  return gone(inWord || zeroWidth.test(right.slice(0, 1)) ? 'character.zero-width-in-word' : 'character.zero-width');
}
