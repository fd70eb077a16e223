import type { CarriedAction, Step, ToolCall } from './action.ts';
import type { SignedAlert } from './alert.ts';
import type { EvidenceRef, SignedOutcome, SignedPrediction } from './evidence.ts';
import type { Limits } from './limits.ts';
import type { ModelUsage } from './model-usage.ts';
import type { IncidentAbout } from './page.ts';
import type { RecordBody } from './record.ts';
import type { RunbookRef } from './runbook.ts';
import type { SignedStatement } from './statement.ts';
import type { JudgedCall, Verdict } from './verdict.ts';

// Types only: this file reaches the workflow sandbox, and no zod value may (design section 4).

export type IncidentInput = { readonly alert: SignedAlert };

/** What every later activity is told; none of them believes it without checking against the blob and the manifest. */
export type IncidentContext = { readonly alertRef: string; readonly runbook: RunbookRef; readonly manifest: string };

export type Matched = {
  readonly kind: 'matched';
  readonly context: IncidentContext;
  readonly title: string;
  readonly role: string;
  readonly severity: string;
  readonly summary: string;
  readonly approvals: { readonly groups: readonly string[]; readonly quorum: number; readonly expiryMs: number };
  readonly recovery: { readonly calls: readonly ToolCall[]; readonly settleMsMax: number };
  readonly limits: Pick<
    Limits,
    | 'stepsMax'
    | 'callsPerStepMax'
    | 'rejudgeMax'
    | 'signalsMax'
    | 'historyEventsMax'
    | 'effectMsMax'
    | 'readMsMax'
    | 'reasonMsMax'
  >;
};
export type Unmatched = { readonly kind: 'unmatched'; readonly reason: string };
export type Triage = Matched | Unmatched;

/** How a write ended, as the reasoner and the timeline see it. */
export type ActionEnd = {
  readonly step: Step;
  readonly tool: string;
  readonly end:
    | 'executed'
    | 'refused'
    | 'moved'
    | 'failed'
    | 'unknown'
    | 'rejected'
    | 'expired'
    | 'denied'
    | 'rehearsed';
  readonly rule: string;
  readonly detail: string;
};

export type JudgeInput = {
  readonly context: IncidentContext;
  readonly step: number;
  /** Index of the first call: one that is judged again keeps its step. */
  readonly firstIndex: number;
  readonly calls: readonly ToolCall[];
};
export type ProposeInput = {
  readonly context: IncidentContext;
  readonly step: number;
  readonly evidence: readonly EvidenceRef[];
  readonly ends: readonly ActionEnd[];
  readonly callsMax: number;
};
export type Proposal = {
  readonly calls: readonly ToolCall[];
  /** Set when the model thinks it is done; never believed without the recovery reads. */
  readonly conclusion: string | null;
  readonly model: string;
  /** Shown wherever the turn is shown, for example that a hijacked model made it on purpose. */
  readonly label: string | null;
  readonly trace: string;
  /** Set when the playbook has no row left because what it needs was answered already: which tool, how, by which rule. */
  readonly blocked?: string;
  /** What the turn took of a provider's, in all attempts at it. */
  readonly usage?: ModelUsage;
  /** Set when the turn brought nothing that can be used: on the record like any other, and then a person is paged. */
  readonly failed?: { readonly code: string; readonly reason: string };
};

export type ReadInput = { readonly context: IncidentContext; readonly step: Step; readonly call: ToolCall };
export type PredictInput = {
  readonly context: IncidentContext;
  readonly action: CarriedAction;
  readonly digest: string;
};
export type CardInput = {
  readonly context: IncidentContext;
  readonly judged: JudgedCall;
  readonly prediction: SignedPrediction;
};
/** A card is recorded by its activity, which resolves it in full; the workflow keeps what a screen needs. */
export type HoldView = {
  readonly digest: string;
  readonly cardDigest: string;
  readonly step: Step;
  readonly tool: string;
  readonly risk: 'low' | 'high';
  readonly does: string;
  readonly target: string;
  readonly why: string;
  readonly changes: readonly string[];
  readonly blastRadius: readonly string[];
  /** What was taken out of the evidence, or stands out in it. Views of earlier versions have none. */
  readonly findings?: readonly string[];
  readonly inverse: string;
  readonly groups: readonly string[];
  readonly quorum: number;
  readonly expiresAt: string;
  readonly rule: string;
};
/** One hold as `pending` answers it. */
export type PendingHold = HoldView & {
  readonly approvedBy: readonly string[];
  readonly refusedSignals: number;
  readonly lastRefusal: string | null;
};
export type WeighInput = {
  readonly context: IncidentContext;
  readonly raw: unknown;
  readonly hold: {
    readonly digest: string;
    readonly cardDigest: string;
    readonly tool: string;
    readonly expiresAt: string;
  };
};
export type Weighed =
  | {
      readonly kind: 'counts';
      readonly verdict: 'approve' | 'reject';
      readonly person: string;
      readonly statement: SignedStatement;
      readonly hash: string;
    }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };
export type WeighAlertInput = { readonly incident: IncidentInput; readonly raw: unknown };
export type WeighedAlert =
  /** The very delivery that started the incident, which a start brings along as a signal too. */
  | { readonly kind: 'own' }
  | { readonly kind: 'repeats' }
  | { readonly kind: 'resolved' }
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string };
export type ExecuteInput = {
  readonly context: IncidentContext;
  readonly action: CarriedAction;
  readonly digest: string;
  readonly cardDigest: string;
  /** Of persons; empty where a grant releases it. */
  readonly statements: readonly SignedStatement[];
  /** The record of the grant that releases it without a person. */
  readonly grant: string | null;
};
export type RecoveryInput = { readonly context: IncidentContext; readonly evidence: readonly EvidenceRef[] };
export type Recovery = { readonly recovered: boolean; readonly detail: string };
export type PageInput = {
  readonly context: IncidentContext | null;
  readonly about: IncidentAbout;
  /** The held action it is about, for the exact commands that release it. */
  readonly digest: string | null;
  /** The alert's own word, as far as it is known. */
  readonly severity: string | null;
  readonly detail: string;
};

/** What the workflow asks the orchestrator's activities to append; the activity adds workflow and run id from its own context. */
type WithoutPlace<T> = T extends unknown ? Omit<T, 'workflowId' | 'runId'> : never;
export type RecordInput = WithoutPlace<Extract<RecordBody, { kind: 'proposal' | 'verdict' | 'refusal' }>>;

/** Activities on queue `holdpoint`. Those marked local run as local activities: recorded, so that no replay changes them. */
export interface OrchestratorActivities {
  /** Verifies the gateway's signature over this workflow id, matches one runbook, appends `alert`. */
  beginIncident(input: IncidentInput): Promise<Triage>;
  /** Local. Judges each call and mints digests from its own run id. */
  judge(input: JudgeInput): Promise<JudgedCall[]>;
  /** Local. Verifies one signalled statement, only to decide waiting; the executor and the recorder verify again. */
  weighStatement(input: WeighInput): Promise<Weighed>;
  /** Local. Verifies one signalled alert: the gateway's word, on the alert that started this incident. Records a resolved one. */
  weighAlert(input: WeighAlertInput): Promise<WeighedAlert>;
  /** Local. True when the digest was minted under another run id: this run was born of a Reset. */
  wasReset(input: { readonly action: CarriedAction; readonly digest: string }): Promise<boolean>;
  /** Local. Evaluates the runbook's recovery condition over signed read results. */
  assessRecovery(input: RecoveryInput): Promise<Recovery>;
  recordEvent(input: RecordInput): Promise<void>;
  recordCard(input: CardInput): Promise<HoldView>;
  /** Records the verdict of a rehearsed write with the card that it would have had. */
  recordRehearsal(input: CardInput): Promise<void>;
  page(input: PageInput): Promise<void>;
}
/** Activity on queue `holdpoint-reason`. */
export interface ReasonerActivities {
  proposeCalls(input: ProposeInput): Promise<Proposal>;
}
/** Activities on queue `holdpoint-execute.<role>`. */
export interface ExecutorActivities {
  readCall(input: ReadInput): Promise<EvidenceRef>;
  predict(input: PredictInput): Promise<SignedPrediction>;
  executeCall(input: ExecuteInput): Promise<SignedOutcome>;
}

export type IncidentState = 'triage' | 'investigating' | 'held' | 'acting' | 'verifying' | 'closed';
export type IncidentOutcome =
  | 'recovered'
  | 'concluded'
  | 'not-recovered'
  | 'resolved-by-alert'
  | 'gave-up'
  | 'unmatched';
export type TimelineEntry = { readonly at: string; readonly what: string; readonly detail: string };
export type StateView = {
  readonly state: IncidentState;
  readonly runbook: string | null;
  readonly severity: string | null;
  readonly outcome: IncidentOutcome | null;
  readonly awaiting: number;
};
export type { EvidenceRef, JudgedCall, SignedOutcome, SignedPrediction, Verdict };
