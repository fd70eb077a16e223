import type { Runbook } from '../../contracts/runbook.ts';
import { covers } from '../../contracts/runbook-scopes.ts';
import type { Scoped } from '../../contracts/tools/contract.ts';
import { toolRegistry } from '../../contracts/tools/registry.ts';
import { boundaryOf, entryOn } from '../boundary.ts';
import { derivedOnce } from '../derived-once.ts';
import { callHash, isRecoveryRead, recoveryReadsMax } from '../usage.ts';
import { deny, isWrite, type Judging, type Rule, shown } from './rule.ts';

const listingOf = ({ runbook, contract }: Judging) => listingsOf(runbook.runbook.tools).get(contract.name);
/** A tool that is listed twice has its first listing. */
const listingsOf = derivedOnce(
  (tools: Runbook['tools']) => new Map([...tools].reverse().map((one) => [one.tool, one])),
);

const toolListed: Rule = (judging) =>
  listingOf(judging) === undefined
    ? deny(
        'scope.tool-not-listed',
        `the runbook does not list ${shown(judging.contract.name)}`,
        'list it in the runbook',
      )
    : null;

/** Reads are scoped by their arguments, writes by their target; a write without target is refused by provenance. */
const scopesCover: Rule = (judging) => {
  const { contract, call, target } = judging;
  if (contract.targetKind !== null && target === null) return null;
  const needed = contract.scopeOf(call.args, target?.entity ?? null);
  if (needed.length === 0)
    return deny(
      'scope.unscoped',
      `${shown(contract.name)} falls under no scope`,
      'give the tool a scope in its contract',
    );
  const scopes = listingOf(judging)?.scopes;
  const outside = needed.find((one) => !covers(scopes, one));
  if (outside === undefined) return null;
  const reason = `${shown(outside.value)} is not among the ${outside.kind} of ${shown(contract.name)} in this runbook`;
  return deny(scopeRule[outside.kind], reason, 'aim inside the scopes of the runbook');
};
const scopeRule = {
  databases: 'scope.database',
  namespaces: 'scope.namespace',
  deployments: 'scope.deployment',
  nodes: 'scope.node',
  replicas: 'scope.replicas',
} as const satisfies Record<Scoped['kind'], string>;

export const scopeRules: readonly Rule[] = [toolListed, scopesCover];

/** By what a tool does, not only by its name: an entry forbids every tool that does the same thing. */
const neverAllow: Rule = ({ runbook, contract }) => {
  const entry = entryOn(boundaryOf(runbook.runbook).neverAllow, contract);
  if (entry === null) return null;
  const tool = entry === contract.name ? '' : `, which ${shown(contract.name)} does`;
  return deny('boundary.never-allow', `the runbook never allows ${shown(entry)}${tool}`, 'nothing while it says so');
};

/** Reads have no card and no release: one that must be held cannot run at all. */
const heldRead: Rule = (judging) =>
  !isWrite(judging) && entryOn(boundaryOf(judging.runbook.runbook).requireHuman, judging.contract) !== null
    ? deny('boundary.read-cannot-be-held', `${shown(judging.contract.name)} is a read`, 'take it off require_human')
    : null;

/** Judged right after the floor: what the runbook forbids is forbidden wherever it is aimed. */
export const neverAllowRules: readonly Rule[] = [neverAllow];
export const boundaryRules: readonly Rule[] = [heldRead];

const countOf = (counts: Readonly<Record<string, number>>, tool: string): number =>
  Object.hasOwn(counts, tool) ? natural(counts[tool]) : 0;

function natural(count: number | undefined): number {
  if (count === undefined || !Number.isSafeInteger(count) || count < 0) throw new TypeError('expected a count');
  return count;
}

/** A tool that nobody knows counts as a write. */
export const writesIn = (counts: Readonly<Record<string, number>>): number =>
  Object.keys(counts)
    .filter((tool) => toolRegistry.get(tool)?.risk !== 'read')
    .reduce((sum, tool) => sum + countOf(counts, tool), 0);

/** The runbook's own recovery reads have a bound of their own; what goes beyond it counts like any other call. */
const perIncident: Rule = (judging) => {
  const { contract, asked, limits } = judging;
  const { runbook } = judging.runbook;
  const aside = natural(recoveryReadsMax(runbook, contract.name, limits, natural(judging.runs)));
  const looked = countOf(judging.recoveryReads, contract.name);
  if (looked < aside && isRecoveryRead(runbook, callHash(asked))) return null;
  const used = countOf(judging.counts, contract.name) + Math.max(0, looked - aside);
  const max = natural(listingOf(judging)?.perIncidentMax);
  if (used < max) return null;
  const but = aside === 0 ? '' : `, not counting ${Math.min(looked, aside)} recovery reads`;
  const reason = `${shown(contract.name)} was used ${used} times in this incident, of ${max}${but}`;
  return deny('limits.per-incident', reason, 'nothing in this incident');
};

const writesPerIncident: Rule = (judging) => {
  if (!isWrite(judging)) return null;
  const used = writesIn(judging.counts);
  const max = natural(judging.runbook.runbook.limits.writesPerIncidentMax);
  if (used < max) return null;
  return deny('limits.writes-per-incident', `the runbook allows ${max} writes an incident`, 'nothing in this incident');
};

const writesPerWorkflow: Rule = (judging) => {
  if (!isWrite(judging)) return null;
  const used = writesIn(judging.counts);
  const max = natural(judging.limits.writesPerWorkflowMax);
  if (used < max) return null;
  return deny('limits.writes-per-workflow', `the platform allows ${max} writes a workflow`, 'nothing in this incident');
};

export const limitRules: readonly Rule[] = [perIncident, writesPerIncident, writesPerWorkflow];
