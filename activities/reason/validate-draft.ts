import { z } from 'zod';
import { ToolCall } from '../../contracts/action.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { Sha256, text } from '../../contracts/values.ts';
import { jcs } from '../../policies/digest.ts';
import { firstIssue } from '../../policies/signing.ts';
import { EntityHandle, idByHandle } from './entity-handle.ts';
import type { Turn } from './turn.ts';
import { Hypothesis, hypothesesMax, issueOf, whyOf } from './why.ts';

/** Far above what a turn may ask for: a longer list is not a draft, it is a flood. */
const callsReadMax = 64;
const Said = z.strictObject({
  calls: z.array(z.unknown()).max(callsReadMax),
  conclusion: text(500).nullable(),
});
const SaidCall = z.strictObject({
  ...ToolCall.shape,
  hypotheses: z.array(Hypothesis).max(hypothesesMax).default([]),
});
type Shown = Pick<Turn, 'callsMax' | 'evidence'>;

export type Validated = {
  readonly calls: readonly ToolCall[];
  readonly conclusion: string | null;
  /** What was left out and why, for the model's second attempt and for the trace. */
  readonly issues: readonly string[];
};

const Handled = z.strictObject({ entity: EntityHandle, resultHash: Sha256 });

/**
 * A target that is named by its handle, as a model is shown it, gets the id that stands there in the result that it names. No id
 * begins with the sign of a handle, so none is ever taken for another. Null when nothing stands there.
 */
function withTarget(call: ToolCall, evidence: Turn['evidence']): ToolCall | null {
  const handled = Handled.safeParse(call.args.target);
  if (!handled.success) return call;
  const { entity, resultHash } = handled.data;
  const id = idByHandle(entity, evidence.find(({ hash }) => hash === resultHash)?.result);
  return id === null ? null : { ...call, args: { ...call.args, target: { entity: id, resultHash } } };
}

function readCall(raw: unknown, { evidence }: Shown): ToolCall | string {
  const parsed = SaidCall.safeParse(raw);
  if (!parsed.success) return firstIssue(parsed.error);
  const { hypotheses, ...said } = parsed.data;
  const call = withTarget(said, evidence);
  if (call === null) return '`target`: expected the handle of an entity in the result that it names';
  const contract = toolRegistry.get(call.tool);
  if (contract === undefined) return '`tool`: expected a tool of the registry';
  const args = contract.args.safeParse(call.args);
  if (!args.success) return `\`args\`: ${firstIssue(args.error)}`;
  // What has no canonical form could be neither recorded nor digested.
  if (!isCanonical({ call, hypotheses })) return '`why`: expected well-formed Unicode';
  return issueOf(hypotheses, evidence) ?? { ...call, why: whyOf(call.why, hypotheses, evidence) };
}

function isCanonical(value: unknown): boolean {
  try {
    jcs(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes typed calls of what a model said. Only form is checked here: whether a call is allowed is the gate's to say, so
 * that what a model wanted stands on the record. Never throws.
 */
export function validateDraft(said: unknown, shown: Shown): Validated {
  const parsed = Said.safeParse(said);
  if (!parsed.success) return { calls: [], conclusion: null, issues: [`draft: ${firstIssue(parsed.error)}`] };
  const issues: string[] = [];
  const calls: ToolCall[] = [];
  parsed.data.calls.forEach((raw, index) => {
    const call = readCall(raw, shown);
    if (typeof call === 'string') issues.push(`call ${index}: ${call}`);
    else if (calls.length >= shown.callsMax) issues.push(`call ${index}: expected at most ${shown.callsMax} calls`);
    else calls.push(call);
  });
  const { conclusion } = parsed.data;
  if (conclusion !== null && !isCanonical(conclusion)) issues.push('`conclusion`: expected well-formed Unicode');
  else if (conclusion !== null || calls.length > 0) return { calls, conclusion, issues };
  if (issues.length === 0) issues.push('draft: expected a call or a conclusion, got neither');
  return { calls, conclusion: null, issues };
}
