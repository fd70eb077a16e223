const wordsMax = 256;
const charsMax = 16_384;

/**
 * Brace expansion, as Bash does it: on the text of a word, before anything else, and blind to all but quotes, escapes and
 * other expansions. Null when the word holds none.
 */
export function expandBraces(text: string): readonly string[] | 'too-many' | null {
  const made = expand(text, 0);
  if (made === null || made === 'too-many') return made;
  return made.length === 1 && made[0] === text ? null : made;
}

const depthMax = 16;

type Made = readonly string[] | 'too-many' | null;

function expand(text: string, depth: number): Made {
  if (depth > depthMax) return 'too-many';
  const group = firstGroup(text);
  if (group === null) return [text];
  const before = text.slice(0, group.open);
  const inner = alternatives(text.slice(group.open + 1, group.close), depth);
  const after = expand(text.slice(group.close + 1), depth + 1);
  if (inner === 'too-many' || after === 'too-many' || inner === null || after === null) return 'too-many';
  if (inner.length * after.length > wordsMax) return 'too-many';
  const words = inner.flatMap((middle) => after.map((rest) => before + middle + rest));
  return words.reduce((sum, word) => sum + word.length, 0) > charsMax ? 'too-many' : words;
}

/** The alternatives of one group: a list with commas, or a sequence. */
function alternatives(body: string, depth: number): Made {
  const parts = splitAtCommas(body);
  if (parts.length === 1) return sequence(body);
  const made: string[] = [];
  for (const part of parts) {
    const inner = expand(part, depth + 1);
    if (inner === null || inner === 'too-many') return 'too-many';
    made.push(...inner);
    if (made.length > wordsMax) return 'too-many';
  }
  return made;
}

const sequencePattern = /^(?:(-?\d{1,15})\.\.(-?\d{1,15})|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d{1,15}))?$/;

function sequence(body: string): Made {
  const [, first, last, from, to, by] = sequencePattern.exec(body) ?? [];
  const begin = first === undefined ? (from?.charCodeAt(0) ?? 0) : Number(first);
  const end = last === undefined ? (to?.charCodeAt(0) ?? 0) : Number(last);
  const step = Math.max(1, Math.abs(Number(by ?? 1)));
  const count = Math.floor(Math.abs(end - begin) / step) + 1;
  // Letters pass through `[` and `\` on their way from Z to a, and those would be characters of the shell again.
  const crosses = first === undefined && /[a-z]/.test(from ?? '') !== /[a-z]/.test(to ?? '');
  if (count > wordsMax || crosses) return 'too-many';
  const width = [first, last].some((bound) => /^-?0\d/.test(bound ?? ''))
    ? Math.max(first?.length ?? 0, last?.length ?? 0)
    : 0;
  return Array.from({ length: count }, (_, index) => {
    const value = begin + (end < begin ? -step : step) * index;
    return first === undefined ? String.fromCharCode(value) : padded(value, width);
  });
}

const padded = (value: number, width: number): string =>
  value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');

/** The first group that is a list or a sequence, from its brace to the brace that closes it. */
function firstGroup(text: string): { readonly open: number; readonly close: number } | null {
  const closing = closings(text);
  for (const [open, { close, commas }] of closing) {
    if (commas > 0 || sequencePattern.test(text.slice(open + 1, close))) return { open, close };
  }
  return null;
}

/** Each unquoted brace that is closed, in order, with how many commas stand directly in it. */
function closings(text: string): Map<number, { close: number; commas: number }> {
  const found = new Map<number, { close: number; commas: number }>();
  const open: { at: number; commas: number }[] = [];
  for (let at = 0; at < text.length; at = next(text, at)) {
    const character = text[at];
    const innermost = open.at(-1);
    if (character === '{') open.push({ at, commas: 0 });
    else if (character === ',' && innermost !== undefined) innermost.commas += 1;
    else if (character === '}' && innermost !== undefined) {
      open.pop();
      found.set(innermost.at, { close: at, commas: innermost.commas });
    }
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

function splitAtCommas(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < body.length; at = next(body, at)) {
    const character = body[at];
    if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(body.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, body.slice(from)];
}

/** Where the character after the one at `at` is: quotes, escapes and other expansions count as one. */
function next(text: string, at: number): number {
  const character = text[at];
  if (character === '\\') return at + 2;
  if (character === '$' && text[at + 1] === "'") return afterEscaped(text, "'", at + 2);
  if (character === "'") return after(text, "'", at + 1);
  if (character === '"' || character === '`') return afterEscaped(text, character, at + 1);
  if (character === '$' && (text[at + 1] === '{' || text[at + 1] === '(')) return afterNested(text, at + 1);
  if ((character === '<' || character === '>') && text[at + 1] === '(') return afterNested(text, at + 1);
  return at + 1;
}

function after(text: string, quote: string, from: number): number {
  const end = text.indexOf(quote, from);
  return end === -1 ? text.length : end + 1;
}

function afterEscaped(text: string, quote: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

/** After `${…}` or `$(…)`. What is inside is quoted as it likes; a bracket inside quotes does not close it. */
function afterNested(text: string, from: number): number {
  const [open, close] = text[from] === '{' ? ['{', '}'] : ['(', ')'];
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === "'" || character === '"')
      at = (character === "'" ? after(text, "'", at + 1) : afterEscaped(text, '"', at + 1)) - 1;
    else if (character === open) depth += 1;
    else if (character === close) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
