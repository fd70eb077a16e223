const simple: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  E: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/**
 * Reads the backslash escapes of `echo -e` or of a `printf` format. Null where it makes something that is no ASCII text, or
 * ends the output early.
 */
export function readEscapes(text: string, by: 'echo' | 'printf'): string | null {
  let made = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character !== '\\') {
      made += character;
      continue;
    }
    const read = escapeAt(text, at + 1, by);
    if (read === null) return null;
    made += read.value;
    at += read.length;
  }
  return made;
}

function escapeAt(text: string, at: number, by: 'echo' | 'printf'): { value: string; length: number } | null {
  const letter = text[at] ?? '';
  const known = simple[letter];
  if (known !== undefined) return { value: known, length: 1 };
  if (by === 'printf' && /["'?]/.test(letter)) return { value: letter, length: 1 };
  const rest = text.slice(at, at + 9);
  const [whole, hex] = /^x([0-9a-fA-F]{1,2})/.exec(rest) ?? /^u([0-9a-fA-F]{1,4})/.exec(rest) ?? [];
  if (whole !== undefined && hex !== undefined) return character(Number.parseInt(hex, 16), whole.length);
  const [digits] = (by === 'echo' ? /^0[0-7]{0,3}/ : /^[0-7]{1,3}/).exec(rest) ?? [];
  if (digits !== undefined) return character(Number.parseInt(digits, 8), digits.length);
  // `\c` ends the output; anything else that is no escape stays as it is.
  if (/[cuUx]/.test(letter) || letter === '') return letter === '' ? { value: '\\', length: 0 } : null;
  return { value: `\\${letter}`, length: 1 };
}

const character = (code: number, length: number): { value: string; length: number } | null =>
  code < 0x80 ? { value: String.fromCharCode(code), length } : null;
