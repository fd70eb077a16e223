import type { Alert } from '../../contracts/alert.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import type { ReadResult } from '../../contracts/evidence.ts';
import type { ActionEnd } from '../../contracts/incident.ts';
import type { ModelUsage } from '../../contracts/model-usage.ts';
import type { LoadedRunbook } from '../../policies/runbook.ts';
import type { EvidenceFinding } from './evidence/show.ts';

/** One read result whose executor's signature was verified here. */
export type Evidence = { readonly hash: string; readonly result: ReadResult };

/** What a model is given for one turn. It has no clock, no tool and no way to remember another turn. */
export type Turn = {
  readonly step: number;
  readonly callsMax: number;
  readonly runbook: LoadedRunbook;
  /** Null when the gateway's signature on the alert did not verify. */
  readonly alert: Alert | null;
  /** Oldest first. */
  readonly evidence: readonly Evidence[];
  readonly ends: readonly ActionEnd[];
  /** The same evidence as text between random markers, labelled as data: what a model that reads prose is shown. */
  readonly prompt: string;
  /** What was taken out of that text, or stood out in it. */
  readonly findings: readonly EvidenceFinding[];
  /** What was wrong with this turn's first draft; empty for the first. */
  readonly complaints: readonly string[];
};

export type FaultCode = Extract<ErrorCode, 'PROPOSAL_INVALID' | 'MODEL_FAILED' | 'BUDGET_SPENT'>;
/** `said` is untrusted: only `validateDraft` makes calls of it. */
export type Draft = {
  readonly model: string;
  /** Shown wherever the turn is shown; null for an ordinary turn. */
  readonly label: string | null;
  readonly said: unknown;
  /** Why nothing of it can be a call. One that is not `PROPOSAL_INVALID` is not asked to be repaired: nobody answered. */
  readonly fault?: { readonly code: FaultCode; readonly reason: string };
  /** Why the playbook, and never a model, has nothing to say: what it needs was answered already. */
  readonly blocked?: string;
};

export type Tokens = Pick<ModelUsage, 'inputTokens' | 'outputTokens'>;
/** What one incident may still cost. */
export interface Purse {
  /**
   * Counts a request before it is made, at the most that it may take, and answers how to say what it took; null where
   * nobody knows, and then it stays counted as it is. Throws `BUDGET_SPENT`.
   */
  reserve(most: Tokens): (took: Tokens | null) => void;
}
export type Bounds = {
  /** Aborts when the activity is cancelled, and when the turn's time is over. */
  readonly signal: AbortSignal;
  /** When that is, by the monotonic clock. */
  readonly endsAt: number;
  readonly purse: Purse;
};
/** What one incident may take of a provider's, over all of its turns and runs. */
export type Budget = {
  readonly inputTokensMax: number;
  readonly outputTokensMax: number;
  readonly costMicrosMax: number;
  readonly turnMsMax: number;
  /** Of a million tokens; so in millionths, of one. */
  readonly prices: { readonly inputPerMillion: number; readonly outputPerMillion: number };
};

/** The one contract of every model, with or without a provider behind it. `draft` throws `MODEL_FAILED` or `BUDGET_SPENT`. */
export interface Model {
  readonly name: string;
  /** Null where asking costs nothing. */
  readonly budget: Budget | null;
  draft(turn: Turn, bounds: Bounds): Promise<Draft>;
}
