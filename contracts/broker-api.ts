import { z } from 'zod';
import { SignedReceipt } from './receipt.ts';
import { scopeKinds } from './tools/contract.ts';
import { kubernetesAccesses } from './tools/kubernetes-access.ts';
import { Base64Url, Instant, Name, RunId, Sha256, text, WorkflowId } from './values.ts';

/**
 * The broker's HTTP interface. Requests and replies are signed as the recorder's are (`contracts/recorder-api.ts`); only an
 * executor may ask.
 *
 * | method and path | body → reply |
 * |---|---|
 * | POST /v1/credentials | CredentialRequest → IssuedCredential |
 * | POST /v1/credentials/end | EndRequest → Ended: nothing works by it any more |
 */
const sealTo = Base64Url.length(43);

/** What a call falls under, in the words of the runbook's scopes. */
const Scopes = z
  .array(z.strictObject({ kind: z.enum([...scopeKinds, 'replicas']), value: text(200).min(1) }))
  .min(1)
  .max(8);
const ofRun = {
  v: z.literal(1),
  workflowId: WorkflowId,
  runId: RunId,
  tool: text(64).min(1),
  scopes: Scopes,
  /** An X25519 key (RFC 7748) made for this one request: nobody on the way can read what is sealed to it. */
  sealTo,
};

/**
 * What an executor asks with. `write`: the recorder's receipt, and nothing else is believed. `read` and `predict`: a call of a
 * run that runs. `observe`: what became of an action, which the log has an intent of this executor for.
 */
export const CredentialRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('write'), v: z.literal(1), receipt: SignedReceipt, sealTo }),
  z.strictObject({ kind: z.literal('read'), ...ofRun }),
  z.strictObject({ kind: z.literal('predict'), ...ofRun }),
  z.strictObject({ kind: z.literal('observe'), v: z.literal(1), workflowId: WorkflowId, digest: Sha256, sealTo }),
]);
export type CredentialRequest = z.infer<typeof CredentialRequest>;
export type CredentialKind = CredentialRequest['kind'];

/** What a target takes. Its system says which one, so that a tool refuses one that was made for something else. */
export const Credential = z.discriminatedUnion('system', [
  z.strictObject({
    system: z.literal('postgres'),
    database: Name,
    /** The group whose powers the login has. */
    access: text(32),
    user: text(63).min(1),
    password: text(128).min(24),
  }),
  z.strictObject({
    system: z.literal('kubernetes'),
    cluster: Name,
    /** What its service account is for. */
    access: z.enum(kubernetesAccesses),
    token: text(8_192).min(16),
  }),
]);
export type Credential = z.infer<typeof Credential>;
export type PostgresCredential = Extract<Credential, { system: 'postgres' }>;

/** A text that only one X25519 key opens: AES-256-GCM under HKDF-SHA-256 of an ephemeral exchange. */
export const Sealed = z.strictObject({
  key: Base64Url.length(43),
  nonce: Base64Url.length(16),
  text: Base64Url.min(22).max(8_192),
});
export type Sealed = z.infer<typeof Sealed>;

export const CredentialId = z.string().regex(/^[0-9a-f]{24}$/, 'expected 24 lower-case hex digits');
export const IssuedCredential = z.strictObject({
  v: z.literal(1),
  id: CredentialId,
  expiresAt: Instant,
  sealed: Sealed,
});
export type IssuedCredential = z.infer<typeof IssuedCredential>;

export const EndRequest = z.strictObject({ v: z.literal(1), id: CredentialId });
export const Ended = z.strictObject({ ended: z.literal(true) });
