/** A command that turns its whole input into other text, and does nothing else. */
type Filter = {
  readonly run: (text: string) => string | null;
  /** The output is the input, whether it is known or not. */
  readonly copies: boolean;
};

const filter = (run: (text: string) => string | null, copies = false): Filter => ({ run, copies });

/** The filter that a command line is; null when it reads a file, or is more than can be followed. */
export function filterOf(name: string, args: readonly (string | null)[]): Filter | null {
  if (args.includes(null)) return null;
  const given = args.map(String);
  switch (name) {
    case 'cat':
      return given.every((arg) => arg === '-') && given.length <= 1 ? filter((text) => text, true) : null;
    case 'base64':
      return given.length === 1 && /^(-d|-D|-di|-id|--d|--de(c(o(de?)?)?)?)$/.test(given[0] ?? '')
        ? filter(fromBase64)
        : null;
    case 'openssl':
      return isOpensslDecode(given) ? filter(fromBase64) : null;
    case 'xxd':
      return /^(-r -p|-p -r|-r -ps|-ps -r|-rp|-pr)$/.test(given.join(' ')) ? filter(fromHex) : null;
    case 'rev':
      return given.length === 0 ? filter(reversed) : null;
    case 'tr':
      return translation(given);
    default:
      return null;
  }
}

const isOpensslDecode = ([first = '', ...rest]: readonly string[]): boolean =>
  rest.includes('-d') &&
  (first === 'base64' || (first === 'enc' && (rest.includes('-base64') || rest.includes('-a')))) &&
  rest.every((arg) => ['-d', '-A', '-a', '-base64'].includes(arg));

/** Bytes as text, where they are text that a shell would take as it is. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function fromBase64(text: string): string | null {
  const digits = text.replace(/\n/g, '');
  // What is not base64 is dropped by some decoders and ends the work of others.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(digits) || digits.length % 4 !== 0) return null;
  return textOf(Buffer.from(digits, 'base64'));
}

function fromHex(text: string): string | null {
  const digits = text.replace(/\s/g, '');
  return /^[0-9a-fA-F]*$/.test(digits) && digits.length % 2 === 0 ? textOf(Buffer.from(digits, 'hex')) : null;
}

const reversed = (text: string): string =>
  text
    .split('\n')
    .map((line) => [...line].reverse().join(''))
    .join('\n');

/** `tr SET SET` and `tr -d SET`, for sets of plain characters and ranges. */
function translation(args: readonly string[]): Filter | null {
  const [first = '', second = '', ...more] = args;
  if (args.length !== 2 || more.length > 0) return null;
  if (first === '-d') {
    const gone = setOf(second);
    return gone === null ? null : filter((text) => [...text].filter((one) => !gone.includes(one)).join(''));
  }
  const from = setOf(first);
  const to = setOf(second);
  if (from === null || to === null || to.length === 0 || first.startsWith('-')) return null;
  return filter((text) =>
    [...text]
      .map((one) => {
        const at = from.lastIndexOf(one);
        return at === -1 ? one : (to[Math.min(at, to.length - 1)] ?? one);
      })
      .join(''),
  );
}

function setOf(text: string): string[] | null {
  // Classes, escapes and repeats are more than a set of characters.
  if (!/^[ -Z^-~]*$/.test(text)) return null;
  const set: string[] = [];
  for (let at = 0; at < text.length; at++) {
    const from = text.charCodeAt(at);
    const to = text[at + 1] === '-' && at + 2 < text.length ? text.charCodeAt(at + 2) : from;
    if (to < from) return null;
    for (let code = from; code <= to; code++) set.push(String.fromCharCode(code));
    if (to !== from || (text[at + 1] === '-' && at + 2 < text.length)) at += 2;
  }
  return set;
}
