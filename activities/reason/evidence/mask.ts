const inRun = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 45 && code <= 58 && code !== 47) || (code >= 65 && code <= 90) || code === 95;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/**
 * The text with its variable parts masked: `<n>`, `<id>`, `<time>`, `<addr>`. Lines that differ in those alone become one
 * template. One pass.
 */
export function mask(text: string): string {
  let out = '';
  let copied = 0;
  let start = -1;
  let digits = false;
  for (let at = 0; at <= text.length; at++) {
    const code = at === text.length ? 32 : text.charCodeAt(at);
    if (inRun(code)) {
      if (start === -1) start = at;
      if (isDigit(code)) digits = true;
      continue;
    }
    if (digits) {
      out += text.slice(copied, start) + maskRun(text.slice(start, at));
      copied = at;
    }
    start = -1;
    digits = false;
  }
  return copied === 0 ? text : out + text.slice(copied);
}

const number = /^[+-]?\d+(?:[.,:]\d+)?([A-Za-z]{0,4})([.:-]*)$/;
const time = /^\d{4}-\d\d-\d\d|^\d{1,2}:\d\d(?::\d\d|$)/;
const address = /^\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?[.:]?$|^[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}$/;
const runMax = 256;

function maskRun(run: string): string {
  if (run.length > runMax) return '<id>';
  if (time.test(run)) return '<time>';
  if (address.test(run)) return '<addr>';
  const asNumber = number.exec(run);
  if (asNumber !== null) return `<n>${asNumber[1] ?? ''}${asNumber[2] ?? ''}`;
  return run.replace(/[A-Za-z0-9]+/g, maskPiece);
}

const idMin = 5;
/** A short piece keeps its letters, so that a name keeps its sense: `http2` and `web1` are no ids. */
function maskPiece(piece: string): string {
  if (!/\d/.test(piece)) return piece;
  if (/^\d+$/.test(piece)) return '<n>';
  return piece.length >= idMin && !/^[A-Za-z]+\d{1,3}$/.test(piece) ? '<id>' : piece.replace(/\d+/g, '<n>');
}
