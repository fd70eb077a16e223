import type { JsonObject } from '../../contracts/values.ts';
import { floorRules } from '../gate/floor.ts';
import { recognise } from '../gate.ts';
import type { CommandVerdict, Forbids } from './judge-command.ts';
import { toolActions } from './tool-actions.ts';
import type { TypedAction } from './typed-action.ts';

/**
 * Judges a call of a typed tool by what holds in every runbook: its contract, the floor, and then `forbids`. What a runbook
 * grants, scopes and holds is for the gate. Never throws.
 */
export function judgeToolCall(tool: string, args: JsonObject, forbids: readonly Forbids[] = []): CommandVerdict {
  const actions: TypedAction[] = [
    { system: 'tool', verb: 'call', object: tool, names: [], modifiers: [], effect: 'write' },
  ];
  try {
    const judging = recognise({ tool, args, why: 'checked' });
    if ('kind' in judging) return { verdict: 'deny', rule: judging.rule, reason: judging.reason, actions };
    const isRead = judging.contract.risk === 'read';
    const found = toolActions(judging.contract);
    for (const rule of floorRules) {
      const answer = rule({ ...judging, target: null });
      if (answer !== null) return { verdict: 'deny', rule: answer.rule, reason: answer.reason, actions: found };
    }
    for (const action of found)
      for (const forbidden of forbids) {
        const answer = forbidden(action);
        if (answer !== null) return { verdict: 'deny', ...answer, actions: found };
      }
    if (isRead) return { verdict: 'allow', rule: 'read.tool', reason: 'a tool that only reads', actions: found };
    return { verdict: 'require_human', rule: 'write.tool', reason: 'a tool that writes', actions: found };
  } catch {
    return { verdict: 'deny', rule: 'unknown.failed', reason: 'a rule could not be applied to this call', actions };
  }
}
