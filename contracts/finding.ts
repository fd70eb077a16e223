import { z } from 'zod';
import { text } from './values.ts';

/**
 * What whoever let a text in took out of it, or saw stand out in it: by which rule, where, how often. `secret.*` was replaced
 * before anyone else could read it; the rest (`instruction.*`, `marker.*` …) is what no model is shown. It holds nothing of
 * the text itself.
 */
export const Finding = z.strictObject({
  rule: z
    .string()
    .regex(/^[a-z]+(?:[.-][a-z0-9]+)*$/)
    .max(64),
  /** The place in the evidence, without positions in lists: `/backends[]/query`. A name in it is outside text. */
  at: text(120),
  count: z.number().int().min(1).max(1_000_000),
});
export type Finding = z.infer<typeof Finding>;
export const placesMax = 64;
/** One entry for each rule and place. What is beyond so many is counted by rule, at no place: there are fewer rules than that. */
export const findingsMax = 2 * placesMax;
export const Findings = z.array(Finding).min(1).max(findingsMax);

/** A finding as a card shows it: `from` is `alert`, or the tool whose result it is of; empty where many are counted together. */
export const ShownFinding = z.strictObject({ from: text(64), ...Finding.shape });
export type ShownFinding = z.infer<typeof ShownFinding>;
export const ShownFindings = z.array(ShownFinding).min(1).max(findingsMax);
