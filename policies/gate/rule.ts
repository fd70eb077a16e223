import type { ToolCall } from '../../contracts/action.ts';
import type { ToolContract } from '../../contracts/tools/contract.ts';
import type { Verdict } from '../../contracts/verdict.ts';
import type { JudgeInputs } from '../gate.ts';

/** The inputs of a judgement, once the tool is known and its arguments fit the contract. */
export type Judging = Omit<JudgeInputs, 'call'> & {
  readonly call: ToolCall;
  /** The call as it was asked for, before its contract read it: as its result will be recorded. */
  readonly asked: ToolCall;
  readonly contract: ToolContract;
};
/** A pure rule: a denial, or null where it has nothing to say. INVARIANT: no rule grants; it may only tighten. */
export type Rule = (judging: Judging) => Verdict | null;

const charsMax = 500;

export const verdict = (kind: Verdict['kind'], rule: string, reason: string, change: string): Verdict => ({
  kind,
  rule,
  reason: reason.slice(0, charsMax),
  change: change.slice(0, charsMax),
});
export const deny = (rule: string, reason: string, change: string): Verdict => verdict('deny', rule, reason, change);

/** Outside text inside a reason: printable ASCII of bounded length, in backticks. */
export const shown = (value: string): string => `\`${value.replace(/[^ -_a-~]/g, '?').slice(0, 80)}\``;

export const isWrite = ({ contract }: Judging): boolean => contract.risk !== 'read' || contract.targetKind !== null;

/** A time that must be there: a rule that compares with NaN would let everything pass. Throws `TypeError`. */
export function msOf(instant: string): number {
  const ms = Date.parse(instant);
  if (!Number.isFinite(ms)) throw new TypeError('expected an instant');
  return ms;
}
