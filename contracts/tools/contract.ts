import { z } from 'zod';
import type { TypedAction } from '../typed-action.ts';
import type { JsonObject, JsonValue } from '../values.ts';
import { Sha256, text } from '../values.ts';

export type Risk = 'read' | 'low' | 'high';
/** The write contract of design section 3: what makes a repeat harmless, or forbids one. */
export type Effect = 'none' | 'idempotent' | 'conditional' | 'once';

/**
 * Something a read found on a target: the only kind of thing a write may be aimed at. What follows `::` in its id names a
 * part or a change of what stands before it: for limits and open writes, that is one target.
 */
export const Entity = z.strictObject({
  kind: z.string().regex(/^[a-z][a-z-]{0,30}$/),
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:/_.-]{0,199}$/),
  attributes: z.record(z.string().max(64), z.union([z.null(), z.boolean(), z.number(), text(2_048)])),
});
export type Entity = z.infer<typeof Entity>;

/** A reference into the incident's inventory: entity `entity` of the signed read result with this hash. */
export const InventoryRef = z.strictObject({ entity: Entity.shape.id, resultHash: Sha256 });
export type InventoryRef = z.infer<typeof InventoryRef>;

/** Scopes that are lists of names in a runbook; judged before anything runs. */
export const scopeKinds = ['databases', 'namespaces', 'deployments', 'nodes'] as const;
export type ScopeKind = (typeof scopeKinds)[number];
/** One thing that a call falls under. `replicas` is a number as text, and the runbook's scope of it is a range. */
export type Scoped = { readonly kind: ScopeKind | 'replicas'; readonly value: string };

/**
 * A tool's contract: data that judging, reasoning and the executor share. Risk belongs here, never to a model's answer.
 * `targetKind` is the entity kind its `target` argument must name (writes only); `scopeOf` reads the scope values from
 * arguments (reads) or from the target's attributes (writes); `preconditionsOf` pins what the approver saw. `actions` says
 * what the tool does in the words of never_allow lists, so that a list forbids a tool that does what it names.
 */
export type ToolContract = {
  readonly name: string;
  readonly summary: string;
  readonly risk: Risk;
  readonly effect: Effect;
  readonly actions: readonly TypedAction[];
  /** The tool that undoes this one, or null with the reason that the card shows. */
  readonly inverse: { readonly tool: string | null; readonly note: string };
  readonly targetKind: string | null;
  readonly args: z.ZodType<JsonObject>;
  readonly result: z.ZodType<JsonObject>;
  readonly scopeOf: (args: JsonObject, target: Entity | null) => readonly Scoped[];
  readonly preconditionsOf: (target: Entity) => Readonly<Record<string, string>>;
};

const toolName = /^[a-z][a-z0-9]*\.[a-z][A-Za-z0-9]*$/;

/** Checks a contract's own invariants once, at load: a write has a target and no other argument, a write contract and an action that writes, a read none. */
export function defineContract(
  contract: Omit<ToolContract, 'args' | 'result'> & { args: z.ZodType; result: z.ZodType },
): ToolContract {
  const write = contract.risk !== 'read';
  if (!toolName.test(contract.name)) throw new TypeError(`tool name \`${contract.name}\`: expected system.verbNoun`);
  if (write !== (contract.effect !== 'none'))
    throw new TypeError(`tool \`${contract.name}\`: a write needs a write contract and a read has none`);
  if (write !== (contract.targetKind !== null))
    throw new TypeError(`tool \`${contract.name}\`: a write needs a target and a read has none`);
  // INVARIANT: a write takes nothing from whoever proposes it but the name of what a signed read found.
  if (write && !takesOnlyTarget(contract.args))
    throw new TypeError(
      `tool \`${contract.name}\`: a write takes \`target\`, an inventory reference, and nothing else`,
    );
  if (contract.actions.length === 0 || write !== contract.actions.some(({ effect }) => effect === 'write'))
    throw new TypeError(`tool \`${contract.name}\`: expected actions, of which one writes where the tool does`);
  return Object.freeze(contract as ToolContract);
}

const takesOnlyTarget = (args: z.ZodType): boolean =>
  args instanceof z.ZodObject &&
  Object.keys(args.shape).join() === 'target' &&
  args.shape.target === InventoryRef &&
  !args.safeParse({ target: sampleRef, more: 1 }).success;
const sampleRef: InventoryRef = { entity: 'entity/0', resultHash: '0'.repeat(64) };

export type { JsonValue };
