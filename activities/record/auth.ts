import type { PinnedKeys } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { HttpRequestClaim } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { openSigned } from '../../policies/signing.ts';
import { decodeClaim } from './wire.ts';

export const requestAgeMsMax = 30_000;
const noncesMax = 200_000;

export type Caller = { readonly as: ProcessId; readonly nonce: string };
export type RequestToCheck = {
  readonly method: string;
  /** Path with its query, as it was sent. */
  readonly path: string;
  readonly body: Uint8Array;
  readonly header: string | undefined;
};
export type Authenticator = {
  /**
   * Who asks. Throws `UNAUTHENTICATED`, `BAD_INPUT`, `BAD_SIGNATURE`, `STALE_REQUEST`, `REPLAYED_REQUEST`, or
   * `RATE_LIMITED` when more requests are alive than can be remembered: forgetting one would let it be replayed.
   */
  authenticate(request: RequestToCheck): Caller;
};

/** Believes a request by its signature alone, never by its connection: keys are pinned, each nonce is good once. */
export function createAuthenticator(keys: PinnedKeys, clock: () => number): Authenticator {
  const nonces = new Map<string, number>();
  // A request signed before this life began may have been served in an earlier one, whose nonces died with it.
  const bornAt = clock();
  return {
    authenticate({ method, path, body, header }) {
      if (header === undefined) throw new HoldpointError('UNAUTHENTICATED', 'request: expected it to be signed');
      const claim = openSigned('http-request', HttpRequestClaim, decodeClaim(header), keys, () => true);
      const { payload, signer } = claim;
      if (payload.method !== method || payload.path !== path || payload.bodyHash !== sha256Hex(body))
        throw new HoldpointError('BAD_SIGNATURE', 'request: the signature is over another method, path or body');
      mustBeRecent(Date.parse(payload.at), bornAt, clock());
      spendNonce(nonces, `${signer} ${payload.nonce}`, Date.parse(payload.at), clock());
      return { as: signer, nonce: payload.nonce };
    },
  };
}

function mustBeRecent(at: number, bornAt: number, now: number): void {
  if (!(Math.abs(now - at) <= requestAgeMsMax))
    throw new HoldpointError('STALE_REQUEST', `request: expected a time within ${requestAgeMsMax} ms of the server's`);
  if (at < bornAt) throw new HoldpointError('STALE_REQUEST', 'request: it was signed before the server started');
}

function spendNonce(nonces: Map<string, number>, nonce: string, at: number, now: number): void {
  if (nonces.has(nonce)) throw new HoldpointError('REPLAYED_REQUEST', 'request: its nonce was used before');
  if (nonces.size >= noncesMax) forgetDead(nonces, now);
  if (nonces.size >= noncesMax) throw new HoldpointError('RATE_LIMITED', 'request: too many within a minute');
  nonces.set(nonce, at);
}

function forgetDead(nonces: Map<string, number>, now: number): void {
  for (const [nonce, at] of nonces) if (at < now - requestAgeMsMax) nonces.delete(nonce);
}
