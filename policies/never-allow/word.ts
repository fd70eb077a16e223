/**
 * One word of a command line as the program would receive it. `literal`: the text alone decides it, after quotes are
 * removed. `unknown`: something outside the text decides it (a variable, a substitution, a glob); `prefix` is what it is
 * known to begin with, and `splits` says that it may become no word, one, or many.
 */
export type Word =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'unknown'; readonly text: string; readonly prefix: string; readonly splits: boolean };

export const literal = (value: string): Word => ({ kind: 'literal', value });

/** The value of a word that the text decides; null for any other. */
export const literalOf = (word: Word | undefined): string | null => (word?.kind === 'literal' ? word.value : null);

/** How a word is shown to people: what the text says, never what it might come to. */
export const textOf = (word: Word): string => (word.kind === 'literal' ? word.value : word.text);

/**
 * Whether a word is no option, whatever it comes to: it is one word that begins with something other than a dash, or a glob
 * that does, all of whose matches begin so too. A variable that splits may bring words of any kind along.
 */
export const isNoOption = (word: Word): boolean => {
  if (word.kind === 'literal') return !word.value.startsWith('-');
  return word.prefix !== '' && !word.prefix.startsWith('-') && (!word.splits || isGlob(word));
};

/** Whether a word is open because of a pattern alone: all that it may come to begins with its prefix. */
export const isGlob = (word: Word): boolean => word.kind === 'unknown' && !/[$`]/.test(word.text);
