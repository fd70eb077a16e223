/** Markup that is safe to send: made by `html` alone, from literals of ours and escaped values. */
export class Html {
  constructor(readonly markup: string) {}
}
export type Part = Html | string | number | null | false | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (char) => entities[char] ?? '');

function markupOf(part: Part): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.markup;
  if (typeof part === 'object') return part.map(markupOf).join('');
  return escaped(String(part));
}

/**
 * Markup from a template. INVARIANT: whatever is put in is text, in an element or in a quoted attribute; only what this
 * function made itself goes in as markup.
 */
export const html = (literals: TemplateStringsArray, ...parts: readonly Part[]): Html =>
  new Html(literals.reduce((made, literal, at) => made + markupOf(parts[at - 1] ?? null) + literal));

export const none = new Html('');
