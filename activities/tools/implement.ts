import type { Credential } from '../../contracts/broker-api.ts';
import type { Entity, ToolContract } from '../../contracts/tools/contract.ts';
import type { JsonObject } from '../../contracts/values.ts';

/** Asks the broker for what this one call may use at its target. Throws `BROKER_AWAY` or the broker's refusal. */
export type Access = () => Promise<Credential>;
export type LookContext = { readonly signal: AbortSignal; readonly credential: Access };
export type ReadContext = LookContext & { readonly bytesMax: number };
export type ReadAnswer = { readonly data: JsonObject; readonly entities: readonly Entity[] };
/** How a read is done. What may be read was judged before; a tool still bounds what it returns. */
export type ReadTool = {
  readonly kind: 'read';
  readonly contract: ToolContract;
  read(args: JsonObject, context: ReadContext): Promise<ReadAnswer>;
};

/** What a write is aimed at: the entity that the approver saw, from a signed read result, and what was pinned of it. */
export type Aim = {
  readonly target: Entity;
  readonly preconditions: Readonly<Record<string, string>>;
  /** What the effect leaves on a target that can hold it, so that a repeat knows itself and the target's own log can be read. */
  readonly mark: { readonly digest: string; readonly incident: string };
};

/** Lines made from typed facts, never from outside text. */
export type Predicted = {
  readonly dryRun: boolean;
  readonly does: string;
  readonly target: string;
  readonly changes: readonly string[];
  readonly blastRadius: readonly string[];
};
export type Postcondition = { readonly held: boolean; readonly detail: string };
export type Effect = {
  readonly status: 'done' | 'moved' | 'refused' | 'failed' | 'unknown';
  readonly detail: string;
  readonly result: JsonObject | null;
};
/** Until when an effect may begin: by the wall clock as ISO text, and in ms of what is left of the monotonic budget. */
export type Deadline = { readonly startBefore: string; readonly leftMs: number };

/** A write made ready: whatever is slow and has no effect (connecting) is behind it. */
export type Armed = {
  /**
   * The effect: one request that itself holds preconditions and deadline. Never throws: what nobody can tell is
   * `unknown`. An abort cancels it where the target can.
   */
  fire(deadline: () => Deadline, signal: AbortSignal): Promise<Effect>;
  disarm(): Promise<void>;
};

export type WriteTool = {
  readonly kind: 'write';
  readonly contract: ToolContract;
  /**
   * How long its postcondition may take to come true, where that is long: it is then waited for as long as `effectMsMax`
   * leaves, until the signal ends the wait.
   */
  readonly settleMsMax?: number;
  /** Reads the target again and says what a write would do. Throws `TARGET_MOVED`, `TARGET_AWAY`, `TARGET_REFUSED`. */
  predict(aim: Aim, context: ReadContext): Promise<Predicted>;
  /** Proves that the target answers, before an intent is durable: what is away then costs no attempt. Throws `TARGET_AWAY`. */
  ready(aim: Aim, context: LookContext): Promise<void>;
  /** With the one credential of this effect. Throws `TARGET_AWAY` or `TARGET_REFUSED`; nothing has happened then. */
  arm(aim: Aim, credential: Credential, signal: AbortSignal): Promise<Armed>;
  /** Reads whether what the write is for holds, waiting for it at most `waitMsMax`. Throws when it cannot be read. */
  postcondition(aim: Aim, waitMsMax: number, context: LookContext): Promise<Postcondition>;
};

export type Tool = ReadTool | WriteTool;
/** The tools of one executor role, by contract name. */
export type Tools = ReadonlyMap<string, Tool>;
