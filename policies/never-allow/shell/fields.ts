import type { Word } from '../word.ts';
import { type Bit, type Text, textSize } from './text.ts';

/** The characters at which an unquoted expansion is cut; null when they are not known. */
export type Separators = string | null;
export const usualSeparators = ' \t\n';

/** One word while it is put together. `loose`: an unquoted part of it is not known, so it may become none or many. */
type Field = { readonly bits: Bit[]; loose: boolean };

/** Whether a text that comes from an unquoted expansion would be matched against file names. */
const pattern = /[*?[]|[@!+]\(/;

/** Puts the words together that one word of the source comes to: concatenation, splitting and file name patterns. */
export class Fields {
  private readonly done: Field[] = [];
  private current: Field | null = null;

  constructor(
    private readonly separators: Separators,
    private readonly shown: string,
  ) {}

  /** Text that is quoted, or stands in the source as it is. */
  add(text: string): void {
    this.open().bits.push(text);
  }

  addUnknown(shown: string, loose: boolean): void {
    const field = this.open();
    field.bits.push({ unknown: shown });
    field.loose ||= loose;
  }

  addQuoted(text: Text): void {
    this.open().bits.push(...text);
  }

  /** The value of an unquoted expansion: cut at the separators, and taken as a pattern. */
  addSplit(text: Text): void {
    for (const bit of text) {
      if (typeof bit !== 'string') this.addUnknown(bit.unknown, true);
      else if (this.separators === null) this.addUnknown(this.shown, true);
      else this.cut(bit, this.separators);
    }
  }

  /** Ends the word at hand, if there is one: what follows belongs to the next. */
  end(): void {
    if (this.current !== null) this.done.push(this.current);
    this.current = null;
  }

  words(): Word[] {
    this.end();
    return this.done.map((field) => wordOf(field, this.shown));
  }

  private open(): Field {
    this.current ??= { bits: [], loose: false };
    return this.current;
  }

  private cut(text: string, separators: string): void {
    let piece = '';
    for (const character of text) {
      if (!separators.includes(character)) {
        piece += character;
        continue;
      }
      // A separator that is no blank also ends a word that is empty.
      if (piece !== '' || (this.current === null && !usualSeparators.includes(character))) this.addPiece(piece);
      piece = '';
      this.end();
    }
    if (piece !== '') this.addPiece(piece);
  }

  private addPiece(piece: string): void {
    if (pattern.test(piece)) this.addUnknown(piece, true);
    else this.add(piece);
  }
}

function wordOf({ bits, loose }: Field, shown: string): Word {
  let prefix = '';
  for (const bit of bits) {
    if (typeof bit !== 'string') return { kind: 'unknown', text: shown, prefix, splits: loose };
    prefix += bit;
  }
  return { kind: 'literal', value: prefix };
}

/** A list (`"$@"`) inside quotes: the first joins what stands before it, the last what follows. */
export function addList(fields: Fields, items: readonly Text[], quoted: boolean): void {
  items.forEach((item, index) => {
    if (index > 0) fields.end();
    if (quoted) fields.addQuoted(item.length === 0 ? [''] : item);
    else fields.addSplit(item);
  });
}

export const sizeOfList = (items: readonly Text[]): number => items.reduce((sum, item) => sum + textSize(item), 0);
