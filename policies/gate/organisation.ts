import { decide, type OrganisationRequest } from '../organisation/decide.ts';
import { writesIn } from './plan.ts';
import { deny, type Judging, type Rule, shown } from './rule.ts';
import { ringOf } from './standing.ts';

/** What the organisation says beyond the runbook, in Cedar. It is asked last of those who may forbid, and may only tighten. */
const organisation: Rule = (judging) => {
  const decision = decide(judging.organisation, requestOf(judging));
  switch (decision.kind) {
    case 'permitted':
      return null;
    case 'forbidden': {
      const by = decision.by.map(shown).join(', ');
      return deny('organisation.forbidden', `the organisation's policy ${by} forbids it`, 'change that policy, signed');
    }
    case 'silent':
      return deny('organisation.not-permitted', 'no policy of the organisation permits it', 'add a permit, signed');
    case 'error':
      return deny(
        'organisation.policy-error',
        `a policy of the organisation could not be evaluated: ${shown(decision.detail)}`,
        'correct that policy',
      );
  }
};

function requestOf(judging: Judging): OrganisationRequest {
  const { contract, runbook, call, target, now } = judging;
  const { name, risk, effect, inverse } = contract;
  return {
    runbook: { id: runbook.id, owner: runbook.runbook.owner },
    tool: { name, system: name.split('.')[0] ?? '', risk, effect, reversible: inverse.tool !== null },
    now,
    ring: ringOf(judging),
    scopes: contract.scopeOf(call.args, target?.entity ?? null).map(({ kind, value }) => `${kind}:${value}`),
    targetKind: target?.entity.kind ?? null,
    writesSoFar: writesIn(judging.counts),
  };
}

export const organisationRules: readonly Rule[] = [organisation];
