import type { Alert } from '../../contracts/alert.ts';
import type { ReadResult } from '../../contracts/evidence.ts';
import type { ActionEnd } from '../../contracts/incident.ts';
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

/** `said` is untrusted: only `validateDraft` makes calls of it. */
export type Draft = {
  readonly model: string;
  /** Shown wherever the turn is shown; null for an ordinary turn. */
  readonly label: string | null;
  readonly said: unknown;
  /** Why the playbook, and never a model, has nothing to say: what it needs was answered already. */
  readonly blocked?: string;
};

/** The one contract of every model, with or without a provider behind it. `draft` throws `MODEL_FAILED`. */
export interface Model {
  readonly name: string;
  draft(turn: Turn): Promise<Draft>;
}
