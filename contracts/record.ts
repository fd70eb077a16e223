import { z } from 'zod';
import { Step, ToolCall } from './action.ts';
import { SignedAlert } from './alert.ts';
import { SignedAttestation } from './attestation.ts';
import { Card } from './card.ts';
import { EvidenceRef, SignedOutcome } from './evidence.ts';
import { Findings } from './finding.ts';
import { ModelUsage } from './model-usage.ts';
import { ChannelResult, channelsMax, Matter } from './page.ts';
import { Fences, ReceiptRequest } from './receipt.ts';
import { RunbookRef } from './runbook.ts';
import { ProcessId, signed } from './signed.ts';
import { Trip } from './standing.ts';
import { SignedStatement } from './statement.ts';
import { Instant, RunId, Sha256, text, WorkflowId } from './values.ts';
import { Verdict } from './verdict.ts';

const of = <K extends string, S extends z.ZodRawShape>(kind: K, shape: S) =>
  z.strictObject({ kind: z.literal(kind), ...shape });
const incident = { workflowId: WorkflowId, runId: RunId };
const Code = text(64);

/** What a record says, by kind (design section 9). The kinds that later issues add come with them. */
export const RecordBody = z.discriminatedUnion('kind', [
  of('alert', {
    ...incident,
    alertRef: Sha256,
    alert: SignedAlert,
    manifest: Sha256,
    runbook: RunbookRef.nullable(),
    bundle: text(80),
  }),
  of('result', {
    ...incident,
    evidence: EvidenceRef,
    /** Hash of tool and arguments. A result without it is taken for no recovery read, so it counts like any other. */
    call: Sha256.optional(),
    signer: ProcessId,
  }),
  /** What was taken out of evidence, or stands out in it, as whoever let it in signed it. */
  of('finding', {
    ...incident,
    /** `alert`, or the tool whose result it is of. */
    from: text(64),
    /** Hash of the signed alert, or of the signed result. */
    ref: Sha256,
    findings: Findings,
  }),
  of('proposal', {
    ...incident,
    step: z.number().int().min(0),
    model: text(64),
    label: text(120).nullable(),
    calls: z.array(ToolCall).max(16),
    conclusion: text(500).nullable(),
    trace: Sha256,
    /** What the turn took of a provider's; budgets count it. Left out where none was asked, like the next one. */
    usage: ModelUsage.optional(),
    /** The turn brought nothing, and ended the incident. */
    failed: z.strictObject({ code: Code, reason: text(500) }).optional(),
  }),
  of('verdict', {
    ...incident,
    step: Step,
    tool: text(64),
    verdict: Verdict,
    digest: Sha256.nullable(),
    /** Of a rehearsed write: the card that a person would have been shown. It is graded, and releases nothing. */
    rehearsal: z.strictObject({ cardDigest: Sha256, card: Card }).nullable(),
  }),
  of('card', { ...incident, cardDigest: Sha256, card: Card }),
  of('statement', {
    workflowId: WorkflowId.nullable(),
    runId: RunId.nullable(),
    statement: SignedStatement,
    hash: Sha256,
  }),
  /** A refusal by a machine: what was asked, by whom, and the code. `raw` is outside text, bounded. */
  of('refusal', {
    workflowId: WorkflowId.nullable(),
    runId: RunId.nullable(),
    digest: Sha256.nullable(),
    what: text(120),
    code: Code,
    reason: text(500),
    raw: text(2_048).nullable(),
    /** The rule of the gate that denied, where one did. */
    rule: Verdict.shape.rule.optional(),
  }),
  of('intent', {
    ...incident,
    digest: Sha256,
    attempt: z.number().int().min(1),
    executor: ProcessId,
    request: ReceiptRequest,
    fences: Fences,
    issuedAt: Instant,
    startBefore: Instant,
  }),
  of('outcome', {
    ...incident,
    digest: Sha256,
    attempt: z.number().int().min(1),
    outcome: SignedOutcome.nullable(),
    status: text(16),
    why: text(500),
  }),
  of('kill', { scope: text(120), fenceRunId: RunId.nullable(), how: text(120), reason: text(500) }),
  of('resume', { scope: text(120), fenceRunId: RunId, statements: z.array(SignedStatement).min(1).max(5) }),
  of('standing', {
    change: z.enum(['waive', 'promote', 'demote', 'revoke', 'grade', 'grant', 'trip', 'trip-reset']),
    runbook: RunbookRef.nullable(),
    /** None for a trip, which the recorder counts by itself. */
    statements: z.array(SignedStatement).max(5),
    trip: Trip.optional(),
  }),
  of('reset', { ...incident, from: RunId }),
  of('page', {
    workflowId: WorkflowId.nullable(),
    runId: RunId.nullable(),
    about: text(64),
    to: text(200),
    detail: text(1_000),
    /** True when at least one channel took it. */
    delivered: z.boolean(),
    /** The action that it is about. Like `channels`, left out by records of earlier versions. */
    digest: Sha256.nullable().optional(),
    channels: z.array(ChannelResult).max(channelsMax).optional(),
    /** Of a governor's page alone. */
    matter: Matter.optional(),
  }),
  of('manifest', {
    manifest: Sha256,
    /** The blob of the manifest file itself: an auditor opens it and checks every proof by it. */
    file: Sha256,
    version: z.number().int().min(1),
    mode: z.enum(['development', 'production']),
    runbooks: z.array(RunbookRef).max(256),
  }),
  of('attestation', { runbook: RunbookRef, hash: Sha256, attestation: SignedAttestation }),
  of('seal', {
    ...incident,
    status: text(32),
    history: Sha256,
    historyEvents: z.number().int().min(0),
    records: z.number().int().min(0),
    bundle: text(80),
  }),
]);
export type RecordBody = z.infer<typeof RecordBody>;
export type RecordKind = RecordBody['kind'];
export const RecordKind = z.enum(RecordBody.options.map(({ shape }) => shape.kind.value));

/** One entry of the log. `prev` is the SHA-256 of the JCS bytes of the previous signed record; 64 zeros for the first. */
export const LogRecord = z.strictObject({
  v: z.literal(1),
  seq: z.number().int().min(0),
  prev: Sha256,
  at: Instant,
  by: ProcessId,
  body: RecordBody,
});
export type LogRecord = z.infer<typeof LogRecord>;
export const SignedRecord = signed(LogRecord);
export type SignedRecord = z.infer<typeof SignedRecord>;
export const genesisPrev = '0'.repeat(64);
