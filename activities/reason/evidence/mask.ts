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

const time = /^\d{4}-\d\d-\d\d|^\d{1,2}:\d\d(?::\d\d|$)/;
const address = /^[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}$/;
const runMax = 256;
const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90);

function maskRun(run: string): string {
  if (run.length > runMax) return '<id>';
  let [letters, dots, colons, others] = [0, 0, 0, 0];
  for (let at = 0; at < run.length; at++) {
    const code = run.charCodeAt(at);
    if (isLetter(code)) letters += 1;
    else if (code === 46) dots += 1;
    else if (code === 58) colons += 1;
    else if (!isDigit(code)) others += 1;
  }
  if (dots + colons + others === 0) return maskPiece(run, letters);
  if (letters + others === 0 && dots >= 3) return '<addr>';
  if ((colons > 0 || others > 1) && time.test(run)) return '<time>';
  if (colons > 1 && address.test(run)) return '<addr>';
  return piecesOf(run, dots);
}

/** Each piece between separators alone; a decimal fraction is one number. */
function piecesOf(run: string, dots: number): string {
  let out = '';
  let start = 0;
  for (let at = 0; at <= run.length; at++) {
    const code = at === run.length ? 46 : run.charCodeAt(at);
    if (isLetter(code) || isDigit(code)) continue;
    out += maskPiece(run.slice(start, at), -1) + (run[at] ?? '');
    start = at + 1;
  }
  return dots > 0 ? out.replaceAll('<n>.<n>', '<n>') : out;
}

const idMin = 5;
const unitMax = 4;

/** A short piece keeps its letters, so that a name keeps its sense: `http2` and `web1` are no ids. */
function maskPiece(piece: string, lettersKnown: number): string {
  let letters = lettersKnown;
  let lead = 0;
  while (lead < piece.length && isDigit(piece.charCodeAt(lead))) lead += 1;
  if (letters === -1) {
    letters = 0;
    for (let at = 0; at < piece.length; at++) if (isLetter(piece.charCodeAt(at))) letters += 1;
  }
  if (letters === piece.length) return piece;
  if (letters === 0) return '<n>';
  // A number with its unit.
  if (lead + letters === piece.length && letters <= unitMax && lead > 0) return `<n>${piece.slice(lead)}`;
  return piece.length >= idMin && !/^[A-Za-z]+\d{1,3}$/.test(piece) ? '<id>' : piece.replace(/\d+/g, '<n>');
}
