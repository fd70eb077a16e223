/**
 * What an awk program may do besides print. `reads`: it provably runs no other program and writes no file. `writes`: it
 * may redirect what it prints. `unread`: it runs something, or may. Linear; never throws.
 *
 * Only what is certain is passed over: the text of strings, comments, and regular expressions that stand where no
 * division can. Everything else is searched for the few ways in which awk reaches out.
 */
export type AwkScript = 'reads' | 'writes' | 'unread';

const reaching = /@|\||\bsystem\b/;

/** Reads an awk program, in the language of gawk, mawk and POSIX. */
export function readAwkScript(text: string): AwkScript {
  const code = bare(text);
  // `||` is an operator; one `|` alone pipes.
  if (code === null || reaching.test(code.replaceAll('||', ' '))) return 'unread';
  return redirects(code) ? 'writes' : 'reads';
}

/** The program without strings, comments and regular expressions; null when one has no clear end. */
function bare(text: string): string | null {
  const pieces: string[] = [];
  let before = '';
  const add = (piece: string) => {
    pieces.push(piece);
    before = (before + piece).slice(-64);
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '#') {
      const end = text.indexOf('\n', at);
      if (end < 0) break;
      at = end - 1;
    } else if (char === '"' || (char === '/' && mayBeRegex(before))) {
      const end = closing(text, at, char);
      if (end === null) return null;
      add('""');
      at = end;
    } else add(char);
  }
  return pieces.join('');
}

/** Where the string or regular expression that begins at `start` ends. */
function closing(text: string, start: number, quote: string): number | null {
  let bracket = false;
  for (let at = start + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\n') return null;
    if (char === '\\') at += 1;
    // Programs differ on whether `[/]` holds a delimiter.
    else if (char === quote) return bracket ? null : at;
    else if (quote === '/' && char === '[') bracket = true;
    else if (quote === '/' && char === ']') bracket = false;
  }
  return null;
}

/** After one of these no operand has come yet, so that a slash cannot divide. */
function mayBeRegex(code: string): boolean {
  const before = code.trimEnd();
  if (before === '') return code.length < 64;
  return /[({},;!~&=?:]$/.test(before) || /\|\|$/.test(before) || /\b(print|return|in)$/.test(before);
}

/** Whether a `>` follows `print` in one statement, outside of parentheses, where it names a file. A line may go on. */
function redirects(code: string): boolean {
  return code.split(/[;{}]/).some((statement) => {
    const printed = /\bprintf?\b/.exec(statement);
    if (printed === null) return false;
    let depth = 0;
    for (const char of statement.slice(printed.index)) {
      if (char === '(') depth += 1;
      else if (char === ')') depth -= 1;
      else if (char === '>' && depth <= 0) return true;
    }
    return false;
  });
}
