import type { Outside } from '../program.ts';
import { literalOf, type Word } from '../word.ts';
import type { Input } from './scope.ts';
import { knownText } from './text.ts';

const callsMax = 32;

/** The command lines that a command and words from its input come to: `xargs`, `parallel`, `find -exec … {}`. */
export function withOutside(argv: readonly Word[], from: Outside, input: Input): Word[][] {
  const known = input.kind === 'text' && from.cut !== null ? cut(knownText(input.text), from.cut) : null;
  if (known === null || (from.count === 'one' && known.length > callsMax)) return [place(argv, from.replace, null)];
  // Without words `xargs` runs the command once, or not at all.
  if (from.count === 'many' || known.length === 0) return [place(argv, from.replace, known)];
  return known.map((word) => place(argv, from.replace, [word]));
}

/** Puts words where they belong; null for words of which nothing is known. */
function place(argv: readonly Word[], replace: string | null, words: readonly string[] | null): Word[] {
  if (replace === null) {
    if (words === null) return [...argv, { kind: 'unknown', text: '(words from input)', prefix: '', splits: true }];
    return [...argv, ...words.map((value): Word => ({ kind: 'literal', value }))];
  }
  return argv.map((word) => {
    const text = literalOf(word);
    if (text === null || !text.includes(replace)) return word;
    if (words !== null) return { kind: 'literal', value: text.split(replace).join(words.join(' ')) };
    return { kind: 'unknown', text, prefix: text.slice(0, text.indexOf(replace)), splits: false };
  });
}

/** Words as `xargs` cuts them; null where the text does not decide them. */
function cut(text: string | null, how: 'words' | 'lines' | 'nulls'): string[] | null {
  if (text === null) return null;
  if (how === 'nulls') return text.split('\0').filter((word) => word !== '');
  if (how === 'lines')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.trimStart());
  return cutWords(text);
}

/** Blanks separate; quotes of either kind hold a word together, a backslash the next character. */
function cutWords(text: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === "'" || character === '"') {
      const end = text.indexOf(character, at + 1);
      if (end === -1) return null;
      word = (word ?? '') + text.slice(at + 1, end);
      at = end;
    } else if (character === '\\') {
      at += 1;
      word = (word ?? '') + (text[at] ?? '');
    } else word = (word ?? '') + character;
  }
  if (word !== null) words.push(word);
  return words;
}
