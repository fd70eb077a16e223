import type { Function as FunctionNode } from 'unbash';
import type { Text } from './text.ts';
import { sameText } from './text.ts';

export type Variable =
  | { readonly kind: 'scalar'; readonly text: Text }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'unset' }
  /** It has a value that nothing here knows. */
  | { readonly kind: 'opaque' };

export const opaque: Variable = { kind: 'opaque' };
export const unset: Variable = { kind: 'unset' };
export const scalar = (text: Text): Variable => ({ kind: 'scalar', text });

/** What a shell holds while it runs. A name that is not in `variables` comes from outside, or is not set at all. */
export type State = {
  readonly variables: Map<string, Variable>;
  /** Null: one of several definitions. */
  readonly functions: Map<string, FunctionNode | null>;
  /** Null: one of several definitions, or one that is not literal. */
  readonly aliases: Map<string, string | null>;
  /** `$1` and so on; null when they are not known. */
  positional: readonly Text[] | null;
};

export const newState = (positional: readonly Text[] | null = null): State => ({
  variables: new Map(),
  functions: new Map(),
  aliases: new Map(),
  positional,
});

/** For a subshell: what it changes stays with it. */
export const copyState = (state: State): State => ({
  ...state,
  variables: new Map(state.variables),
  functions: new Map(state.functions),
  aliases: new Map(state.aliases),
});

/**
 * Makes `state` what holds after either it or `other`: what the two do not agree on is not known. Answers whether that
 * changed it.
 */
export function joinState(state: State, other: State): boolean {
  let changed = joinVariables(state, other);
  changed = joinNames(state.functions, other.functions) || changed;
  changed = joinNames(state.aliases, other.aliases) || changed;
  if (state.positional !== null && !samePositional(state.positional, other.positional)) {
    state.positional = null;
    changed = true;
  }
  return changed;
}

function joinVariables(state: State, other: State): boolean {
  let changed = false;
  for (const [name, value] of state.variables) {
    if (value.kind === 'opaque' || sameVariable(value, other.variables.get(name))) continue;
    state.variables.set(name, opaque);
    changed = true;
  }
  for (const name of other.variables.keys()) {
    if (state.variables.has(name)) continue;
    state.variables.set(name, opaque);
    changed = true;
  }
  return changed;
}

function joinNames<T>(names: Map<string, T | null>, others: ReadonlyMap<string, T | null>): boolean {
  let changed = false;
  for (const name of new Set([...names.keys(), ...others.keys()])) {
    if (names.get(name) === null || names.get(name) === others.get(name)) continue;
    names.set(name, null);
    changed = true;
  }
  return changed;
}

const samePositional = (a: readonly Text[], b: readonly Text[] | null): boolean =>
  a === b || (b !== null && sameItems(a, b));

const sameItems = (a: readonly Text[], b: readonly Text[]): boolean =>
  a.length === b.length && a.every((item, index) => sameText(item, b[index] ?? []));

function sameVariable(a: Variable, b: Variable | undefined): boolean {
  if (a === b) return true;
  if (b === undefined || a.kind !== b.kind) return false;
  if (a.kind === 'scalar' && b.kind === 'scalar') return sameText(a.text, b.text);
  if (a.kind === 'list' && b.kind === 'list') return sameItems(a.items, b.items);
  return a.kind === 'unset';
}
