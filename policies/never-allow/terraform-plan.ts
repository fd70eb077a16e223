import { type Reading, reading, unknown } from './program.ts';

const changesMax = 100_000;
const namesMax = 16;

/** What a plan may do to one resource, as `terraform show -json` writes it. Anything else is not known to be harmless. */
const deleting: ReadonlySet<string> = new Set(['delete', 'delete,create', 'create,delete']);
const keeping: ReadonlySet<string> = new Set([
  'no-op',
  'create',
  'read',
  'update',
  'forget',
  'create,forget',
  'forget,create',
]);

/**
 * What an apply of a plan comes to, from the plan as `terraform show -json PLAN` prints it, parsed: one `apply` with the
 * modifier `deletes` if the plan, or what it defers, deletes or replaces a resource; names are those resources. Unknown for
 * whatever is no complete plan of a known format. Never throws; linear.
 */
export function readTerraformPlan(plan: unknown): Reading {
  if (!isObject(plan) || !/^[01]\.\d+$/.test(String(plan.format_version ?? '')))
    return malformed('expected a plan of format 0 or 1');
  // The JSON of a state has a version too, and no plan.
  if (!isObject(plan.planned_values) && plan.resource_changes === undefined) return malformed('expected a plan');
  if (plan.errored === true) return malformed('expected a plan that was made without errors');
  if (plan.action_invocations !== undefined) return malformed('invokes actions, and nothing is known of what they do');
  const changes = plan.resource_changes ?? [];
  const deferred = plan.deferred_changes ?? [];
  if (!Array.isArray(changes) || !Array.isArray(deferred)) return malformed('expected lists of changes');
  if (changes.length + deferred.length > changesMax) return malformed(`expected at most ${changesMax} changes`);
  const found = [...changes, ...deferred.map((item) => (isObject(item) ? item.resource_change : null))].map(changeOf);
  if (found.includes(null)) return malformed('expected known actions in every change');
  const deleted = found.flatMap((change) => (change?.deletes === true ? [change.address] : []));
  const modifiers = ['plan-file', ...(deleted.length > 0 ? ['deletes'] : [])];
  const names = deleted.slice(0, namesMax);
  return reading([{ system: 'terraform', verb: 'apply', object: '', names, modifiers, effect: 'write' }]);
}

type Change = { readonly address: string; readonly deletes: boolean };

function changeOf(item: unknown): Change | null {
  if (!isObject(item) || typeof item.address !== 'string' || !isObject(item.change)) return null;
  const { actions } = item.change;
  if (!Array.isArray(actions) || !actions.every((action) => typeof action === 'string')) return null;
  const key = actions.join(',');
  if (!deleting.has(key) && !keeping.has(key)) return null;
  return { address: item.address, deletes: deleting.has(key) };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const malformed = (reason: string): Reading => unknown('unknown.terraform-plan', reason);
