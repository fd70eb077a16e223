import { mayBeOption, type Parsed } from '../options.ts';
import { type Reading, unknown } from '../program.ts';
import { literalOf, textOf, type Word } from '../word.ts';

/** What is known of where a word points: in S3, elsewhere for certain, or either. */
export type Place = 'remote' | 'elsewhere' | 'either';

/** Where a word with an `s3:` URL or a path points. A word that is missing or not literal may be either. */
export function urlPlace(word: Word | undefined): Place {
  if (word === undefined) return 'either';
  const start = word.kind === 'literal' ? word.value : word.prefix;
  if (/^s3:/i.test(start)) return 'remote';
  if (word.kind === 'literal' || (start !== '' && !'s3:'.startsWith(start.slice(0, 3).toLowerCase())))
    return 'elsewhere';
  return 'either';
}

/** A pattern that a client matches against the names of objects. */
export const isPattern = (word: Word): boolean => /[*?[]/.test(textOf(word));

/**
 * Unknown where a word may yet be an option that makes a removal recursive: one that is not literal, or an option that the
 * grammar does not list. Null when every option is known.
 */
export function undecidedOption(parsed: Parsed, argv: readonly Word[]): Reading | null {
  const lost = argv.find(mayBeOption);
  const text = lost === undefined ? parsed.undecided.find(({ text }) => text.startsWith('-'))?.text : textOf(lost);
  return text === undefined
    ? null
    : unknown('unknown.option', `\`${text}\` may be an option that removes what is found`);
}

export type Command = { readonly kind: 'found'; readonly name: string; readonly operands: readonly Word[] };

/** The first word that is no option names the command of a client. `none` when there is no such word. */
export function commandOf(
  parsed: Parsed,
  client: string,
): Command | { readonly kind: 'none' } | Extract<Reading, { kind: 'unknown' }> {
  const [first, ...operands] = parsed.positionals;
  const lost = parsed.undecided.find(({ at }) => first === undefined || at <= first.at);
  if (lost !== undefined)
    return { kind: 'unknown', rule: 'unknown.s3-command', reason: `\`${lost.text}\` may decide what ${client} does` };
  if (first === undefined) return { kind: 'none' };
  const name = literalOf(first.word);
  if (name === null)
    return {
      kind: 'unknown',
      rule: 'unknown.s3-command',
      reason: `\`${textOf(first.word)}\` decides what ${client} does`,
    };
  return { kind: 'found', name, operands: [...operands.map(({ word }) => word), ...(parsed.rest ?? [])] };
}
