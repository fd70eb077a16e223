import { z } from 'zod';
import { CarriedAction, Step, ToolCall } from './action.ts';
import { Sha256, text } from './values.ts';

export const verdictKinds = ['deny', 'read', 'rehearse', 'hold', 'auto'] as const;
/** A judgement: what happens to a call, by which rule, why, and what would change it. */
export const Verdict = z
  .strictObject({
    kind: z.enum(verdictKinds),
    rule: z.string().regex(/^[a-z][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$/),
    reason: text(500),
    change: text(500),
    /** The record of the grant that releases the call; of `auto` alone. */
    grant: Sha256.optional(),
  })
  .refine(({ kind, grant }) => (kind === 'auto') === (grant !== undefined), {
    message: 'expected a grant with `auto`, and with nothing else',
    path: ['grant'],
  });
export type Verdict = z.infer<typeof Verdict>;

/** One judged call. A write that is held, rehearsed or released by a grant carries its action and the digest minted for it. */
export const JudgedCall = z.strictObject({
  step: Step,
  call: ToolCall,
  verdict: Verdict,
  action: CarriedAction.nullable(),
  digest: Sha256.nullable(),
});
export type JudgedCall = z.infer<typeof JudgedCall>;
