import {
  type DetailedError,
  policySetTextToParts,
  policyToJson,
  preparsePolicySet,
  preparseSchema,
  type ValidationError,
  validate,
} from '@cedar-policy/cedar-wasm/nodejs';
import { HoldpointError } from '../../contracts/errors.ts';
import { sha256Hex } from '../digest.ts';
import { organisationSchema } from './schema.ts';

/** The policies of one manifest, parsed and validated. `id` names them in Cedar's cache. */
export type OrganisationPolicies = {
  readonly id: string;
  /** Ids of the policies that permit: an answer that rests on any other is no permission. */
  readonly permits: ReadonlySet<string>;
  readonly size: number;
};
export type PolicyText = { readonly name: string; readonly text: string };
type Policy = { readonly id: string; readonly text: string; readonly effect: 'permit' | 'forbid' };

export const schemaId = `holdpoint-${sha256Hex(organisationSchema).slice(0, 16)}`;
const policiesMax = 1_000;
const idPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Loads policy files: each parsed, each policy named by its own \`@id\`, all validated against the schema. Throws
 * `MANIFEST_MISMATCH` naming file, line and column of the first thing that is wrong.
 */
export function loadPolicies(texts: readonly PolicyText[]): OrganisationPolicies {
  if (texts.length === 0) throw fault('policies: expected at least one file: without a permit nothing is permitted');
  const policies = texts.flatMap(policiesOf);
  if (policies.length > policiesMax) throw fault(`policies: expected at most ${policiesMax}, got ${policies.length}`);
  const byId = new Map<string, string>();
  for (const { id, text } of policies) {
    if (byId.has(id)) throw fault(`policies: expected the id \`${id}\` once`);
    byId.set(id, text);
  }
  const id = sha256Hex(JSON.stringify([...byId]));
  preparse(id, byId);
  return { id, permits: new Set(policies.filter(isPermit).map((policy) => policy.id)), size: policies.length };
}

const isPermit = ({ effect }: Policy): boolean => effect === 'permit';

function policiesOf({ name, text }: PolicyText): Policy[] {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw detailed(name, text, 0, parts.errors[0]);
  if (parts.policy_templates.length > 0) throw fault(`policies/${name}: expected no template: nothing here links one`);
  let from = 0;
  return parts.policies.map((policy) => {
    const at = Math.max(text.indexOf(policy, from), 0);
    from = at + policy.length;
    return policyAt(name, text, at, policy);
  });
}

function policyAt(name: string, file: string, at: number, text: string): Policy {
  const parsed = policyToJson(text);
  if (parsed.type === 'failure') throw detailed(name, file, at, parsed.errors[0]);
  const { annotations, effect } = parsed.json;
  const id = annotations?.id ?? '';
  if (!idPattern.test(id))
    throw fault(`policies/${name}:${placeOf(file, at)}: expected \`@id\` of lower-case letters, digits and dashes`);
  const checked = validate({ schema: organisationSchema, policies: { staticPolicies: { [id]: text } } });
  if (checked.type === 'failure') throw detailed(name, file, at, checked.errors[0]);
  const wrong: ValidationError | undefined = checked.validationErrors[0];
  if (wrong !== undefined) throw detailed(name, file, at, wrong.error);
  return { id, text, effect };
}

function preparse(id: string, byId: ReadonlyMap<string, string>): void {
  const schema = preparseSchema(schemaId, organisationSchema);
  const policies = preparsePolicySet(id, { staticPolicies: Object.fromEntries(byId) });
  for (const answer of [schema, policies])
    if (answer.type === 'failure') throw fault(`policies: ${answer.errors[0]?.message ?? 'could not be parsed'}`);
}

const detailed = (name: string, file: string, at: number, error: DetailedError | undefined): HoldpointError => {
  const start = error?.sourceLocations?.[0]?.start ?? 0;
  return fault(`policies/${name}:${placeOf(file, at, start)}: ${error?.message ?? 'expected a Cedar policy'}`);
};

/** Line and column, from 1. Cedar counts bytes from the start of the policy. */
function placeOf(file: string, at: number, bytes = 0): string {
  const head = file.slice(0, at) + Buffer.from(file.slice(at), 'utf8').subarray(0, bytes).toString('utf8');
  const lines = head.split('\n');
  return `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

const fault = (message: string): HoldpointError => new HoldpointError('MANIFEST_MISMATCH', message.slice(0, 500));
