import { type AuthorizationAnswer, type EntityUid, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { type OrganisationPolicies, schemaId } from './load.ts';

export type OrganisationRequest = {
  readonly runbook: { readonly id: string; readonly owner: string };
  readonly tool: {
    readonly name: string;
    readonly system: string;
    readonly risk: 'read' | 'low' | 'high';
    readonly effect: string;
    readonly reversible: boolean;
  };
  /** In ms. */
  readonly now: number;
  readonly ring: number;
  readonly scopes: readonly string[];
  readonly targetKind: string | null;
  readonly writesSoFar: number;
};
export type OrganisationDecision =
  | { readonly kind: 'permitted'; readonly by: readonly string[] }
  | { readonly kind: 'forbidden'; readonly by: readonly string[] }
  /** No policy permits it: silence is no permission. */
  | { readonly kind: 'silent' }
  /** A policy could not be evaluated, or the request does not fit the schema. */
  | { readonly kind: 'error'; readonly detail: string };

/** After a trap the engine's memory may be damaged, and a damaged engine must not permit anything. */
let broken = false;

/**
 * What the organisation's policies say of one call. Cedar skips a `forbid` whose evaluation errs and answers allow: so allowed
 * means success, decision allow, no error at all, and a permit of ours among the reasons. Never throws.
 */
export function decide(policies: OrganisationPolicies, request: OrganisationRequest): OrganisationDecision {
  if (broken) return { kind: 'error', detail: 'the policy engine is broken' };
  try {
    return readAnswer(policies, statefulIsAuthorized(callOf(policies, request)));
  } catch {
    // The engine answers with its errors; one that throws has trapped.
    broken = true;
    return { kind: 'error', detail: 'the policy engine failed' };
  }
}

function readAnswer({ permits }: OrganisationPolicies, answer: AuthorizationAnswer): OrganisationDecision {
  if (answer.type !== 'success') return { kind: 'error', detail: answer.errors[0]?.message ?? 'no answer' };
  const { decision, diagnostics } = answer.response;
  const [erring] = diagnostics.errors;
  if (decision === 'deny' && diagnostics.reason.length > 0) return { kind: 'forbidden', by: diagnostics.reason };
  if (erring !== undefined) return { kind: 'error', detail: `\`${erring.policyId}\`: ${erring.error.message}` };
  if (decision !== 'allow') return { kind: 'silent' };
  const by = diagnostics.reason.filter((id) => permits.has(id));
  return by.length > 0 ? { kind: 'permitted', by } : { kind: 'silent' };
}

const uid = (type: string, id: string): EntityUid => ({ type: `Holdpoint::${type}`, id });
const actions = { read: 'read', low: 'lowRiskWrite', high: 'highRiskWrite' } as const;

function callOf({ id }: OrganisationPolicies, request: OrganisationRequest) {
  const { runbook, tool, now, ring, scopes, targetKind, writesSoFar } = request;
  const at = new Date(now);
  const principal = uid('Runbook', runbook.id);
  const resource = uid('Tool', tool.name);
  const { system, risk, effect, reversible } = tool;
  return {
    principal,
    action: uid('Action', actions[risk]),
    resource,
    context: {
      now: { __extn: { fn: 'datetime', arg: at.toISOString() } },
      weekday: ((at.getUTCDay() + 6) % 7) + 1,
      ring,
      scopes: [...scopes],
      writesSoFar,
      ...(targetKind === null ? {} : { targetKind }),
    },
    entities: [
      { uid: principal, attrs: { owner: runbook.owner }, parents: [] },
      { uid: resource, attrs: { system, risk, effect, reversible }, parents: [] },
    ],
    preparsedSchemaName: schemaId,
    preparsedPolicySetId: id,
    validateRequest: true,
  };
}
