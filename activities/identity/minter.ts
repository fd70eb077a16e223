import type { Credential, CredentialKind } from '../../contracts/broker-api.ts';
import type { Scoped } from '../../contracts/tools/contract.ts';

/** One credential to make. `id` is its name for its whole life, at the broker and at the target. */
export type MintOrder = {
  readonly id: string;
  /** What the target gives: `accessOf`. */
  readonly access: string;
  /** Where: `placeOf`. */
  readonly place: string;
  /** The target itself stops taking it after that, by its own clock, or after the least that it gives. */
  readonly lifeMs: number;
  /** Whose it is, for whoever looks at the target. Never a secret. */
  readonly note: string;
};

/**
 * Makes and withdraws the credentials of one kind of target. It decides nothing: the broker has checked by then. No method
 * puts a secret into an error.
 */
export type Minter = {
  /**
   * Which of the target's powers a tool of a runbook needs for that. Throws `TOOL_UNKNOWN`: a tool that nobody listed gets none;
   * `TARGET_REFUSED` where the target has none of that name.
   */
  accessOf(kind: CredentialKind, tool: string, runbook: string): string;
  /** Which target the scopes of a call name. Throws `TARGET_REFUSED` for one that this broker cannot mint at. */
  placeOf(scopes: readonly Scoped[]): string;
  /** Throws `TARGET_AWAY` or `TARGET_REFUSED`; the target may then hold it all the same, until it is withdrawn. */
  mint(order: MintOrder): Promise<Credential>;
  /**
   * Resolves when nothing works by it any more: no sign-in, no session. A cluster's API server alone may still know, for about ten
   * seconds, one that was just used. Once more does no harm. Throws `TARGET_AWAY`.
   */
  withdraw(place: string, id: string): Promise<void>;
  readonly places: readonly string[];
  /** The ids of all credentials of ours that the target holds, whoever made them. Throws `TARGET_AWAY`. */
  issued(place: string): Promise<readonly string[]>;
};

/** By the system that a tool's name begins with. */
export type Minters = ReadonlyMap<string, Minter>;
