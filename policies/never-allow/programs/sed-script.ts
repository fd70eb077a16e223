/**
 * What a sed script may do besides print: write files, or run shell text. `unread` when the script, or what it runs, cannot
 * be told from its text. GNU's language, which has the most commands. Linear; never throws.
 */
export type SedScript =
  | { readonly kind: 'read'; readonly writes: boolean; readonly shell: readonly string[] }
  | { readonly kind: 'unread'; readonly reason: string };

type Cursor = { readonly text: string; at: number };
type Effects = { writes: boolean; shell: string[] };

/** Reads a sed script: the expressions of a command line, joined by newlines. */
export function readSedScript(text: string): SedScript {
  const cursor: Cursor = { text, at: 0 };
  const effects: Effects = { writes: false, shell: [] };
  while (cursor.at < text.length) {
    skip(cursor, /[\s;]/);
    if (cursor.at >= text.length) break;
    const failed = address(cursor) ?? command(cursor, effects);
    if (failed !== null) return { kind: 'unread', reason: failed };
  }
  return { kind: 'read', ...effects };
}

function skip(cursor: Cursor, pattern: RegExp): void {
  while (cursor.at < cursor.text.length && pattern.test(cursor.text[cursor.at] ?? '')) cursor.at += 1;
}

function line(cursor: Cursor): string {
  const end = cursor.text.indexOf('\n', cursor.at);
  const found = cursor.text.slice(cursor.at, end < 0 ? undefined : end);
  cursor.at = end < 0 ? cursor.text.length : end + 1;
  return found;
}

/** `5`, `$`, `/re/I`, `\cREc`, two of them, and `!`. Says what it could not read. */
function address(cursor: Cursor): string | null {
  for (;;) {
    const char = cursor.text[cursor.at] ?? '';
    if (char === '/' || char === '\\') {
      cursor.at += char === '/' ? 0 : 1;
      if (!delimited(cursor, 1)) return 'a regular expression has no clear end';
      skip(cursor, /[IM]/);
    } else if (/[\d$~+]/.test(char)) skip(cursor, /[\d$~+]/);
    else break;
    skip(cursor, /[ \t]/);
    if (cursor.text[cursor.at] !== ',') break;
    cursor.at += 1;
    skip(cursor, /[ \t]/);
  }
  skip(cursor, /[! \t]/);
  return null;
}

/** Moves over `count` parts that end in the delimiter at the cursor; false where the end is not clear. */
function delimited(cursor: Cursor, count: number): boolean {
  const { text } = cursor;
  const delimiter = text[cursor.at] ?? '\n';
  if (delimiter === '\n' || delimiter === '\\') return false;
  let bracket = false;
  for (let left = count, at = cursor.at + 1; at < text.length; at++) {
    const char = text[at];
    if (char === '\\') at += 1;
    else if (char === delimiter) {
      // Programs differ on whether `[/]` holds a delimiter.
      if (bracket) return false;
      left -= 1;
      if (left === 0) {
        cursor.at = at + 1;
        return true;
      }
    } else if (char === '[') bracket = true;
    else if (char === ']') bracket = false;
  }
  return false;
}

function command(cursor: Cursor, effects: Effects): string | null {
  const name = cursor.text[cursor.at] ?? '';
  cursor.at += 1;
  if (name === '' || '{}=dDgGhHnNpPxzF'.includes(name)) return null;
  if (name === '#') return ignore(line(cursor));
  if (':btTv'.includes(name)) return ignore(skip(cursor, /[^;\n]/));
  if ('qQlL'.includes(name)) return ignore(skip(cursor, /[\d \t]/));
  if ('aic'.includes(name)) return ignore(inserted(cursor));
  if (name === 'r' || name === 'R') return ignore(line(cursor));
  if (name === 'w' || name === 'W') return ignore(write(cursor, effects));
  if (name === 'e') return execute(line(cursor), effects);
  if (name === 'y') return delimited(cursor, 2) ? null : '`y` has no clear end';
  if (name === 's') return delimited(cursor, 2) ? substitution(cursor, effects) : '`s` has no clear end';
  return `no command \`${name}\``;
}

const ignore = (_: unknown): null => null;

/** The text that `a`, `i` and `c` insert: to the end of the line, and on where it ends in a backslash. */
function inserted(cursor: Cursor): void {
  while (/\\$/.test(line(cursor)) && cursor.at < cursor.text.length);
}

function write(cursor: Cursor, effects: Effects): void {
  if (!/^\s*\/dev\/(stdout|stderr)\s*$/.test(line(cursor))) effects.writes = true;
}

/** `e` without text runs the line that it was given. */
function execute(text: string, effects: Effects): string | null {
  if (text.trim() === '') return '`e` runs what it reads';
  effects.shell.push(text.trim());
  return null;
}

function substitution(cursor: Cursor, effects: Effects): string | null {
  for (;;) {
    const flag = cursor.text[cursor.at] ?? '';
    if (!/[gpIiMm\dew]/.test(flag)) return null;
    cursor.at += 1;
    if (flag === 'e') return '`s///e` runs what it makes';
    if (flag === 'w') return ignore(write(cursor, effects));
  }
}
