import { PolicyEngine } from '@microsoft/agent-governance-sdk';
import type { Verdict } from '../../contracts/verdict.ts';
import { floorRules } from '../../policies/gate/floor.ts';
import { organisationRules } from '../../policies/gate/organisation.ts';
import { boundaryRules, limitRules, neverAllowRules, scopeRules } from '../../policies/gate/plan.ts';
import { provenanceRules } from '../../policies/gate/provenance.ts';
import { permit, standingRules } from '../../policies/gate/standing.ts';
import { type JudgeInputs, judge, judgingOf } from '../../policies/gate.ts';
import { loadSqlParser } from '../../policies/sql-read.ts';
import type { Sides } from '../bench.ts';
import { timed } from '../clock.ts';
import { shippedPolicies, shippedRunbook, writeInputs } from './write-call.ts';

const calls = 4_000;
const rulesBeside = [10, 100, 1_000, 10_000] as const;

/** Every rule of the gate but that of the organisation's policy, in the gate's order. */
const plainRules = [
  ...[...floorRules, ...neverAllowRules, ...scopeRules, ...provenanceRules],
  ...[...standingRules, ...boundaryRules, ...limitRules],
];

function judgePlainly(inputs: JudgeInputs): Verdict {
  const judging = judgingOf(inputs);
  if ('kind' in judging) return judging;
  for (const rule of plainRules) {
    const answer = rule(judging);
    if (answer !== null) return answer;
  }
  return permit(judging);
}

export async function openGate(): Promise<Sides> {
  await loadSqlParser();
  const inputs = writeInputs(shippedRunbook(), shippedPolicies());
  const peer = peerWith(100);
  mustHold(judgePlainly(inputs));
  return {
    subject: async () => timed(calls, () => judgePlainly(inputs)),
    peer: async () => timed(calls / 4, peer),
    aside: async () => [
      'aside, by the number of rules beside those that speak of this call (p50):',
      ...rulesBeside.map((count) => {
        const ours = timed(calls, beside(count));
        const theirs = timed(Math.max(20, 40_000 / count), peerWith(count));
        return `  ${count} rules: subject ${ours.value.toFixed(2)} us (${ours.note}) · peer ${theirs.value.toFixed(1)} us`;
      }),
    ],
    address: null,
  };
}

export async function openGateWithCedar(): Promise<Sides> {
  await loadSqlParser();
  const inputs = writeInputs(shippedRunbook(), shippedPolicies());
  mustHold(judge(inputs));
  const judging = judgingOf(inputs);
  if ('kind' in judging) throw new Error(judging.reason);
  const [organisation] = organisationRules;
  return {
    subject: async () => timed(calls / 4, () => judge(inputs)),
    peer: async () => timed(calls / 4, () => organisation?.(judging)),
    address: null,
  };
}

function mustHold({ kind, reason }: Verdict): void {
  if (kind !== 'hold') throw new Error(`expected a hold, got ${kind}: ${reason}`);
}

/** The same call by way of a manifest with that many rules in other runbooks, 10 in each. */
function beside(rules: number): () => Verdict {
  const own = shippedRunbook();
  const others = Array.from({ length: rules / 10 }, (_, at) => [`other-${at}`, { ...own, id: `other-${at}` }] as const);
  const runbooks = new Map([...others, [own.id, own] as const]);
  const inputs = writeInputs(own, shippedPolicies());
  return () => judgePlainly({ ...inputs, runbook: runbooks.get(own.id) ?? inputs.runbook });
}

/** As many expression rules, of which the last one speaks of the call and holds it for a person. */
function peerWith(rules: number): () => unknown {
  const engine = new PolicyEngine();
  const condition = (tool: string, database: string) =>
    `tool.name == '${tool}' and target.database == '${database}' and standing.ring >= 2`;
  engine.loadPolicy({
    name: 'bench',
    scope: 'global',
    default_action: 'deny',
    rules: Array.from({ length: rules }, (_, at) => ({
      name: `rule-${at}`,
      condition:
        at === rules - 1 ? condition('postgres.terminateBackend', 'payments') : condition(`tool.number${at}`, `d${at}`),
      ruleAction: 'require_approval' as const,
      priority: 1,
    })),
  });
  const context = {
    tool: { name: 'postgres.terminateBackend' },
    target: { database: 'payments' },
    standing: { ring: 2 },
  };
  const evaluate = () => engine.evaluatePolicy('did:web:example.com', context);
  const found = evaluate().matchedRule;
  if (found !== `rule-${rules - 1}`) throw new Error(`expected the last rule to match, got ${found}`);
  return evaluate;
}
