import { z } from 'zod';
import { toolCallWhyCharsMax } from '../../contracts/action.ts';
import { Sha256, text } from '../../contracts/values.ts';
import { sanitize } from '../../policies/sanitize/sanitize.ts';
import { whyLinesMax } from '../../policies/visible.ts';
import type { Evidence } from './turn.ts';

/** What a model takes to be so, and the results that speak for it. */
export const Hypothesis = z.strictObject({
  claim: text(240).min(1),
  evidence: z.array(Sha256).max(4),
});
export type Hypothesis = z.infer<typeof Hypothesis>;
/** The first line is the reason of the call itself. */
export const hypothesesMax = whyLinesMax - 1;

const claimCharsMax = Math.floor(toolCallWhyCharsMax / whyLinesMax) - 1;
const hashCharsShown = 8;

/**
 * A model's words as a person is shown them beside a call, in three lines at most: why this call, then what it takes to be
 * so, likeliest first, each with the results that it names. Text that instructs its reader is withheld from a person too.
 */
export function whyOf(why: string, hypotheses: readonly Hypothesis[], evidence: readonly Evidence[]): string {
  const claims = hypotheses.map(({ claim, evidence: hashes }) => {
    const named = hashes.map((hash) => `${toolOf(hash, evidence)} ${hash.slice(0, hashCharsShown)}`).join(', ');
    const refs = named === '' ? ' [no result named]' : ` [${named}]`;
    return `${lineOf(claim, claimCharsMax - refs.length)}${refs}`;
  });
  const taken = claims.reduce((chars, line) => chars + line.length + 1, 0);
  return [lineOf(why, toolCallWhyCharsMax - taken), ...claims].join('\n');
}

/** What is wrong with what it refers to, or null. */
export function issueOf(hypotheses: readonly Hypothesis[], evidence: readonly Evidence[]): string | null {
  const unknown = hypotheses
    .flatMap((one) => one.evidence)
    .find((hash) => !evidence.some((seen) => seen.hash === hash));
  return unknown === undefined ? null : `\`evidence\`: expected hashes of results that were shown, got \`${unknown}\``;
}

const toolOf = (hash: string, evidence: readonly Evidence[]): string =>
  evidence.find((one) => one.hash === hash)?.result.tool ?? '';

function lineOf(words: string, charsMax: number): string {
  const line = sanitize(words.replace(/\s+/g, ' ').trim()).text.replace(/\s+/g, ' ').trim();
  if (line.length <= charsMax) return line;
  const cut = line.slice(0, charsMax - 1);
  // Never half a character: canonical JSON could not hold it.
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
