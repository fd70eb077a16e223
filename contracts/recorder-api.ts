import { z } from 'zod';
import type { RecordBody } from './record.ts';
import { SignedRecord } from './record.ts';
import { SignedStatement } from './statement.ts';
import { Instant, Nonce, RunId, Sha256, text } from './values.ts';

/**
 * The recorder's HTTP interface. Every request of a process carries `Holdpoint-Signature`: base64url of the JSON of a
 * signed `HttpRequestClaim`; every reply to such a request carries the recorder's signed `HttpReplyClaim` in the same header.
 * `POST /v1/statements` and `POST /v1/attestations` take unsigned callers: the proof inside is their only authority. Whoever is
 * anyone sends a fresh nonce as `Holdpoint-Nonce`, and the reply is signed over it and over what was asked.
 *
 * | method and path | who | body → reply |
 * |---|---|---|
 * | POST /v1/records | pinned process, kinds by `appendersOf` | RecordBody → Appended |
 * | POST /v1/receipts | executor | ReceiptRequest → SignedReceipt |
 * | POST /v1/outcomes | executor | SignedOutcome → Appended |
 * | GET /v1/intents/open | executor | – → OpenIntent[] of its own role |
 * | GET /v1/standing/:runbookId/:digest | pinned process | – → SignedStanding |
 * | GET /v1/governed/:runbookId | pinned process | – → Governed: where it stands, what waits, and what people were told |
 * | POST /v1/statements | anyone, bounded and rate limited | StatementPost → Appended |
 * | POST /v1/attestations | anyone, bounded and rate limited | SignedAttestation → Appended |
 * | GET /v1/fences/:runbookId | pinned process | – → Fences bound by the log, nulls when stopped |
 * | PUT, GET /v1/blobs/:sha256 | pinned process | bytes |
 * | GET /v1/cards/:cardDigest | anyone, rate limited | – → a recorded card: its digest is known to whoever was shown it |
 * | GET /v1/runbooks, /v1/runbooks/:id | anyone, rate limited | – → RunbookStatus[] of the newest manifest, or one |
 * | GET /v1/proposals/:digest | anyone, rate limited | – → ProposalStatus: its digest is known to whoever was shown it |
 * | GET /v1/changes/:hash | anyone, rate limited | – → the SignedRecord of a change of standing, and of nothing else |
 * | GET /v1/records?from=SEQ&workflow=ID&kinds=A,B&limit=N | pinned process | – → SignedRecord[]; `kinds` only of one `workflow` |
 * | GET /v1/head | anyone | – → Head |
 * | GET /v1/checkpoint | anyone | – → the signed tree head of all that is stored, as text (C2SP tlog-checkpoint) |
 */
export const signatureHeader = 'holdpoint-signature';
/** The nonce of a caller that has no key of its own: 22 to 86 base64url characters. */
export const nonceHeader = 'holdpoint-nonce';

export const HttpRequestClaim = z.strictObject({
  v: z.literal(1),
  method: z.enum(['GET', 'POST', 'PUT']),
  path: text(512),
  bodyHash: Sha256,
  at: Instant,
  nonce: Nonce,
});
export type HttpRequestClaim = z.infer<typeof HttpRequestClaim>;
export const HttpReplyClaim = z.strictObject({
  v: z.literal(1),
  status: z.number().int(),
  bodyHash: Sha256,
  at: Instant,
  requestNonce: Nonce,
});
export type HttpReplyClaim = z.infer<typeof HttpReplyClaim>;

export const Appended = z.strictObject({ seq: z.number().int().min(0), hash: Sha256, at: Instant });
export type Appended = z.infer<typeof Appended>;
export const OpenIntent = z.strictObject({ record: SignedRecord });
export const OpenIntents = z.array(OpenIntent).max(1_000);
const BoundFence = z.strictObject({ runId: RunId, resumedAt: Instant });
/** The fence runs that the log binds to a signed resume, with the recorder's time of it; null means stopped. */
export const BoundFences = z.strictObject({ all: BoundFence.nullable(), runbook: BoundFence.nullable() });
export type BoundFences = z.infer<typeof BoundFences>;
export const Head = z.strictObject({ seq: z.number().int().min(-1), hash: Sha256, at: Instant });
export type Head = z.infer<typeof Head>;
export const StatementPost = z.strictObject({ statements: z.array(SignedStatement).min(1).max(5) });
/** Each record is opened by itself, and its signature checked. */
export const RecordPage = z.array(z.unknown()).max(500);
/** `details` name what a refusal is about, for whoever acts on it: a condition, what it expects, what there is. */
const Details = z.record(z.string().max(64), z.union([z.number(), text(256)]));
export const ApiError = z.strictObject({
  error: z.strictObject({ code: text(64), message: text(1_000), details: Details.optional() }),
});

/** Which process may append which kind through `POST /v1/records`. A kind not listed here is the recorder's own. */
export const appendersOf: Readonly<Partial<Record<RecordBody['kind'], readonly string[]>>> = {
  alert: ['orchestrator'],
  proposal: ['orchestrator'],
  verdict: ['orchestrator'],
  card: ['orchestrator'],
  page: ['orchestrator', 'gateway'],
  refusal: ['orchestrator', 'executor', 'gateway'],
  result: ['executor'],
  finding: ['orchestrator', 'executor'],
};
