// Outside text made fit to be looked at. Pure and without imports: workflows use it inside the sandbox.

/**
 * What changes the sight of a text without being seen: controls (an ANSI escape begins with one), bidirectional marks,
 * zero-width, tag and other ignorable characters, unpaired surrogates, separators, and spaces that fake a layout. The
 * newline's own sign is among them, so that no text can imitate it.
 */
const hidden = /[\p{C}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\u23CE]|(?! )\p{Zs}/u;

const escapeOf = (char: string): string =>
  `\\u{${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}}`;

function shownOf(char: string): string {
  if (char === '\n') return '\u23CE';
  if (char === '\\') return '\\\\';
  return hidden.test(char) ? escapeOf(char) : char;
}

/**
 * Text on one line in which every character is seen: a newline as ⏎, anything hidden as `\u{202E}`, a backslash doubled
 * so that no text can imitate an escape. At most `charsMax` UTF-16 units of it are shown; the rest is counted:
 * `… (+12 characters)`.
 */
export const visible = (text: string, charsMax: number): string => bounded(text, charsMax, shownOf);

/**
 * The same as a Markdown code span. Backticks and pipes become escapes, so no run of them ends the span or a table
 * cell, in any renderer.
 */
export function codeSpan(text: string, charsMax: number): string {
  const shown = bounded(text, charsMax, (char) => (char === '`' || char === '|' ? escapeOf(char) : shownOf(char)));
  return `\`${shown === '' ? ' ' : shown}\``;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
/** An address keeps its sign: only one with no letter or digit before it can begin a mention. */
const mention = /(?<![A-Za-z0-9])@/g;

/**
 * The same as a code span of Slack's mrkdwn, of at most `charsMax` UTF-16 units as it is sent. `&`, `<` and `>` become
 * entities, so that nothing in it links or mentions; a bare `@here` gets a full-width sign, which Slack does not read.
 */
export function mrkdwnSpan(text: string, charsMax: number): string {
  const shown = bounded(text.replaceAll(mention, '\uFF20'), charsMax, (char) =>
    char === '`' ? escapeOf(char) : (entities[char] ?? shownOf(char)),
  );
  return `\`${shown === '' ? ' ' : shown}\``;
}

/** In how many lines a model says why. */
export const whyLinesMax = 3;
/** Why, in the model's words, as the lines that it has; whatever stands beyond the last of them stands in it. */
export function whyLines(why: string): readonly string[] {
  const lines = why.split('\n');
  const few = [...lines.slice(0, whyLinesMax - 1), lines.slice(whyLinesMax - 1).join('\n')];
  const said = few.filter((line) => line !== '');
  return said.length === 0 ? [''] : said;
}

/**
 * The text itself, if it is safe as one word of a printed command: 1 to 300 of `A-Z a-z 0-9 / _ . -`, and no option.
 * Throws `TypeError`.
 */
export function safeWord(text: string): string {
  if (!/^[A-Za-z0-9/_.][A-Za-z0-9/_.-]{0,299}$/.test(text))
    throw new TypeError(`expected only A-Z a-z 0-9 / _ . - in \`${visible(text, 80)}\``);
  return text;
}

function bounded(text: string, charsMax: number, shownAs: (char: string) => string): string {
  const shown: string[] = [];
  let length = 0;
  let cut = 0;
  for (const char of text) {
    const piece = shownAs(char);
    // Once cut, always cut: a short character after a long one would otherwise be shown out of its place.
    if (cut > 0 || length + piece.length > charsMax) cut += 1;
    else shown.push(piece);
    length += cut > 0 ? 0 : piece.length;
  }
  return cut === 0 ? shown.join('') : `${shown.join('')}\u2026 (+${cut} characters)`;
}
