/**
 * What was removed from a text from outside, or stood out in it, and on which line (from 1). A finding is evidence for the
 * person who releases; no protection rests on it.
 */
export type Finding = { readonly rule: Rule; readonly line: number };

/** Every rule, and whether one finding of it is reason enough to call its text suspicious. */
export const rules = {
  'character.control': false,
  'character.bidi': false,
  'character.bidi-override': true,
  'character.tag': true,
  'character.flag': false,
  'character.zero-width': false,
  'character.zero-width-in-word': true,
  'character.invisible': false,
  'character.variation': false,
  'character.variation-run': true,
  'character.surrogate': false,
  'escape.terminal': false,
  'escape.conceal': true,
  'escape.string': true,
  'marker.chat-template': true,
  'marker.tag': true,
  'marker.role': true,
  'marker.fence': true,
  'marker.image-link': true,
  'instruction.override': true,
  'instruction.disclose': true,
  'instruction.persona': true,
  'instruction.addressed': true,
  'instruction.task': true,
  'instruction.act': true,
  'instruction.quoted': false,
  'disguise.spaced': true,
  'disguise.compact': true,
  'disguise.encoded': true,
  'disguise.rot13': true,
  'disguise.reversed': true,
  'disguise.twins': true,
} as const;
export type Rule = keyof typeof rules;

export const isSuspicious = (findings: readonly Finding[]): boolean => findings.some(({ rule }) => rules[rule]);
