import { blockedBy, nextRow } from '../../../policies/playbook.ts';
import type { Draft, Model, Turn } from '../turn.ts';

/** Follows the runbook's decision table over typed evidence. It reads no prose, so no prose can move it. */
export function followPlaybook({ runbook, evidence, ends, callsMax }: Turn): Draft {
  const view = { results: evidence, ends };
  const next = nextRow(runbook, view);
  const calls = (next?.calls ?? []).slice(0, callsMax);
  const blocked = next === null ? blockedBy(runbook, view) : null;
  return {
    model: 'rules',
    label: null,
    said: { calls, conclusion: next?.conclusion ?? null },
    ...(blocked === null ? {} : { blocked }),
  };
}

export const createRulesModel = (): Model => ({
  name: 'rules',
  budget: null,
  draft: async (turn) => followPlaybook(turn),
});
