import { z } from 'zod';
import { Base64Url } from './values.ts';

/**
 * Who signs: one Ed25519 key each. An executor signs under its role, so that roles cannot speak for each other. `platform`
 * signs manifests and `preflight` attestations; neither is a process that runs.
 */
export const ProcessId = z
  .string()
  .regex(
    /^(platform|preflight|gateway|orchestrator|reasoner|recorder|broker|executor\.[A-Za-z0-9][A-Za-z0-9_-]{0,62})$/,
  );
export type ProcessId = z.infer<typeof ProcessId>;

/** Domain separation: a signature made for one purpose never verifies for another. */
export const purposes = [
  'alert',
  'result',
  'prediction',
  'outcome',
  'receipt',
  'record',
  'standing',
  'manifest',
  'attestation',
  'http-request',
  'http-reply',
] as const;
export type Purpose = (typeof purposes)[number];

/**
 * An Ed25519 signature (RFC 8032) over the UTF-8 bytes of `holdpoint-<purpose>@v1`, a newline, and the JCS form
 * (RFC 8785) of `payload`. `signer` only selects the pinned key; it proves nothing by itself.
 */
export const signed = <T extends z.ZodType>(payload: T) =>
  z.strictObject({ payload, signer: ProcessId, signature: Base64Url.length(86) });
export type Signed<T> = { readonly payload: T; readonly signer: ProcessId; readonly signature: string };
