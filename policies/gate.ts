import { ToolCall } from '../contracts/action.ts';
import type { ReadResult } from '../contracts/evidence.ts';
import type { Limits } from '../contracts/limits.ts';
import type { StandingSnapshot } from '../contracts/standing.ts';
import type { Entity } from '../contracts/tools/contract.ts';
import { toolRegistry } from '../contracts/tools/registry.ts';
import type { Verdict } from '../contracts/verdict.ts';
import { floorRules } from './gate/floor.ts';
import { organisationRules } from './gate/organisation.ts';
import { boundaryRules, limitRules, neverAllowRules, scopeRules } from './gate/plan.ts';
import { provenanceRules } from './gate/provenance.ts';
import { deny, type Judging, type Rule, shown, verdict } from './gate/rule.ts';

import { permit, standingRules } from './gate/standing.ts';
import type { OrganisationPolicies } from './organisation/load.ts';
import type { LoadedRunbook } from './runbook.ts';
import type { Unaided } from './unaided.ts';
import type { Usage } from './usage.ts';

export type JudgeInputs = Usage & {
  readonly call: ToolCall;
  readonly runbook: LoadedRunbook;
  /** The organisation's own policies, of the same manifest. */
  readonly organisation: OrganisationPolicies;
  readonly limits: Limits;
  /** The recorder's signed word, already verified; null when there is none. */
  readonly standing: StandingSnapshot | null;
  /** The judge's own clock, in ms. */
  readonly now: number;
  /** The write's target, already resolved from a signed read of this workflow; null when there is none. */
  readonly target: { readonly entity: Entity; readonly result: ReadResult } | null;
  /** Whether the playbook alone proposes the call over signed evidence: without that, no grant releases anything. */
  readonly unaided: Unaided;
};

/** The order of judging (design section 7). The first rule that answers decides; what every rule lets pass is permitted. */
const order: readonly Rule[] = [
  ...floorRules,
  ...neverAllowRules,
  ...scopeRules,
  ...provenanceRules,
  ...standingRules,
  ...boundaryRules,
  ...organisationRules,
  ...limitRules,
];

/**
 * What happens to one proposed call: denied, read, rehearsed, held or released by a grant, by which rule, why, and what would change it.
 * Pure: no clock, no I/O. Never throws: a rule that cannot answer denies.
 */
export function judge(inputs: JudgeInputs): Verdict {
  try {
    const judging = judgingOf(inputs);
    if ('kind' in judging) return judging;
    for (const rule of order) {
      const answer = rule(judging);
      if (answer !== null) return answer;
    }
    return permit(judging);
  } catch {
    return deny(
      'error.rule-failed',
      'a rule could not be applied to this call',
      'correct the input that the rule needs',
    );
  }
}

/** What the rules judge, or the denial of a call that no contract accepts. Named one by one: a spread costs half a judgement. */
export function judgingOf(inputs: JudgeInputs): Judging | Verdict {
  const recognised = recognise(inputs.call);
  if ('kind' in recognised) return recognised;
  return {
    call: recognised.call,
    asked: recognised.asked,
    contract: recognised.contract,
    runbook: inputs.runbook,
    organisation: inputs.organisation,
    limits: inputs.limits,
    standing: inputs.standing,
    now: inputs.now,
    target: inputs.target,
    unaided: inputs.unaided,
    counts: inputs.counts,
    recoveryReads: inputs.recoveryReads,
    runs: inputs.runs,
  };
}

/** The schema rules: a known tool, and arguments that its contract accepts. Everything after trusts the types. */
export function recognise(proposed: ToolCall): Pick<Judging, 'call' | 'asked' | 'contract'> | Verdict {
  const reserved = 'expected no reserved name in arguments';
  if (hasReservedName(proposed.args, 16)) return deny('schema.reserved-name', reserved, 'leave that name out');
  const parsed = ToolCall.safeParse(proposed);
  if (!parsed.success)
    return deny('schema.bad-call', 'expected a tool, its arguments and why', 'propose a well-formed call');
  const asked = parsed.data;
  const contract = toolRegistry.get(asked.tool);
  if (contract === undefined)
    return deny(
      'schema.unknown-tool',
      `no tool is named ${shown(asked.tool)}`,
      'propose a tool that the runbook lists',
    );
  const args = contract.args.safeParse(asked.args);
  if (!args.success) {
    const field = args.error.issues[0]?.path.join('.') ?? '';
    const reason = `${shown(contract.name)} does not take these arguments: ${shown(field === '' ? 'args' : field)} does not fit`;
    return deny('schema.bad-args', reason, 'propose arguments that the contract of the tool accepts');
  }
  return { call: { tool: asked.tool, args: args.data, why: asked.why }, asked, contract };
}

/** Names that reach a prototype when code is careless, and that schema parsers drop without a word. */
function hasReservedName(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const name of Object.keys(value)) {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') return true;
    if (hasReservedName((value as Readonly<Record<string, unknown>>)[name], depth - 1)) return true;
  }
  return false;
}

const strictness = { deny: 0, rehearse: 1, hold: 2, auto: 3, read: 4 } as const;

/**
 * The stricter of two judgements of one call: deny before rehearse before hold before auto. A read agrees only with a read:
 * two rule sets that cannot agree whether a call writes permit nothing; and two that would release it by different grants
 * hold it. Equally strict, the first is kept with its rule.
 */
export function stricter(a: Verdict, b: Verdict): Verdict {
  const denied = a.kind === 'deny' || b.kind === 'deny';
  if (!denied && (a.kind === 'read') !== (b.kind === 'read'))
    return deny(
      'error.kinds-disagree',
      `one rule set says ${a.kind}, the other ${b.kind}`,
      'make both rule sets agree',
    );
  if (a.kind === 'auto' && b.kind === 'auto' && a.grant !== b.grant)
    return verdict('hold', 'ring.grants-disagree', 'two rule sets name two grants', 'a signed statement of a person');
  return strictness[b.kind] < strictness[a.kind] ? b : a;
}
