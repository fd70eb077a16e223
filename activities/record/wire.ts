import { randomBytes } from 'node:crypto';
import type { PinnedKeys } from '../../contracts/config.ts';
import type { ErrorCode } from '../../contracts/errors.ts';
import { errorCodes, HoldpointError } from '../../contracts/errors.ts';
import { ApiError, HttpReplyClaim, nonceHeader, signatureHeader } from '../../contracts/recorder-api.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import type { Signer } from '../../policies/signing.ts';
import { openSigned } from '../../policies/signing.ts';

/** Bounds of one exchange. A reply is at most one page of records or one blob. */
export const replyBytesMax = 32 * 1024 * 1024;
export const blobBytesMax = 4 * 1024 * 1024;

/** Who answers a request, and the code for when no reply of it came. */
export type Peer = { readonly as: 'recorder' | 'broker'; readonly away: 'RECORDER_AWAY' | 'BROKER_AWAY' };
export const recorderPeer: Peer = { as: 'recorder', away: 'RECORDER_AWAY' };

export type Reply = { readonly status: number; readonly body: Buffer; readonly signature: string | null };
export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly body?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The value of a signature header: base64url of the JSON of a signed claim. */
export const encodeClaim = (signed: unknown): string =>
  Buffer.from(JSON.stringify(signed), 'utf8').toString('base64url');

/** Reads a signature header back into the JSON that it carries. Throws `BAD_INPUT`; what it says is not yet believed. */
export function decodeClaim(header: string): unknown {
  if (header.length > 8_192)
    throw new HoldpointError('BAD_INPUT', 'signature header: expected at most 8192 characters');
  try {
    return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as unknown;
  } catch {
    throw new HoldpointError('BAD_INPUT', 'signature header: expected base64url of JSON');
  }
}

/** The headers that sign one request: method, path with its query, body hash, time, and a nonce used once. */
export function signCall(call: Call, signer: Signer, now: number): { nonce: string; headers: Record<string, string> } {
  const nonce = randomBytes(18).toString('base64url');
  const claim = {
    v: 1 as const,
    method: call.method,
    path: call.path,
    bodyHash: sha256Hex(call.body ?? new Uint8Array()),
    at: new Date(now).toISOString(),
    nonce,
  };
  return { nonce, headers: { [signatureHeader]: encodeClaim(signer.sign('http-request', claim)) } };
}

/**
 * What a reply to a caller without a key is signed over: its nonce bound to what it asked, since nothing else binds the two.
 * Else the recorder's word on one question could be passed off as its answer to another.
 */
export function doorNonce({ method, path, body }: Pick<Call, 'method' | 'path' | 'body'>, nonce: string): string {
  const asked = sha256Hex(jcs([method, path, sha256Hex(body ?? new Uint8Array()), nonce]));
  return Buffer.from(asked, 'hex').toString('base64url');
}

/** The recorder, as somebody knows it who has no key that it pins: a person's command, or a process at its open doors. */
export type Door = { readonly url: string; readonly keys: PinnedKeys };

/**
 * Asks at a door that takes anyone, and believes the reply only under the recorder's pinned key. Throws `RECORDER_AWAY` when
 * the recorder did not answer, else the recorder's own code.
 */
export async function askDoor({ url, keys }: Door, call: Call, timeoutMs: number): Promise<Buffer> {
  const nonce = randomBytes(18).toString('base64url');
  const reply = await send(url, { ...call, headers: { ...call.headers, [nonceHeader]: nonce } }, timeoutMs);
  // Refused before it was read, so there was nothing to sign over; all that follows from it is to come again, or with less.
  const unread = reply.signature === null && (reply.status === 429 || reply.status === 413);
  if (!unread) mustBePeers(reply, doorNonce(call, nonce), keys);
  if (reply.status !== 200) throw namedError(reply.body) ?? errorOf(reply);
  return reply.body;
}

export type ExchangeOptions = {
  readonly url: string;
  readonly signer: Signer;
  readonly keys: PinnedKeys;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly timeoutMs?: number;
};
export const timeoutMsDefault = 10_000;

/**
 * One signed request, and the body of its reply, believed only under the peer's pinned key. Throws the peer's away code when
 * no reply of it came or it failed (5xx), and the peer's own code when it refused.
 */
export async function exchange(options: ExchangeOptions, call: Call, peer = recorderPeer): Promise<Buffer> {
  const { nonce, headers } = signCall(call, options.signer, options.clock());
  const reply = await send(options.url, { ...call, headers }, options.timeoutMs ?? timeoutMsDefault, peer);
  mustBePeers(reply, nonce, options.keys, peer);
  const error = errorOf(reply, peer);
  if (error !== null) throw error;
  return reply.body;
}

/** Sends one request, bounded in time and bytes. Throws the peer's away code when no whole reply came. */
export async function send(url: string, call: Call, timeoutMs: number, peer = recorderPeer): Promise<Reply> {
  try {
    const response = await fetch(new URL(call.path, url), {
      method: call.method,
      headers: { ...(call.body === undefined ? {} : { 'content-type': 'application/octet-stream' }), ...call.headers },
      ...(call.body === undefined ? {} : { body: call.body as Uint8Array<ArrayBuffer> }),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    return {
      status: response.status,
      body: await readBounded(response, peer),
      signature: response.headers.get(signatureHeader),
    };
  } catch (error) {
    if (error instanceof HoldpointError) throw error;
    throw new HoldpointError(peer.away, `${peer.as}: no reply to ${call.method} ${call.path}`);
  }
}

async function readBounded(response: Response, peer: Peer): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > replyBytesMax)
      throw new HoldpointError(peer.away, `${peer.as}: expected a reply of at most ${replyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Believes a reply only if the peer's pinned key signed this status and body for this very request. Throws the peer's away
 * code: whoever answered, it was not the peer.
 */
export function mustBePeers(reply: Reply, nonce: string, keys: PinnedKeys, peer = recorderPeer): void {
  const away = (why: string) => new HoldpointError(peer.away, `${peer.as}: reply ${reply.status} ${why}`);
  // Its word on why is repeated, and nothing follows from it.
  if (reply.signature === null) throw away(`is not signed (${namedError(reply.body)?.code ?? 'no reason given'})`);
  const claim = openReply(reply.signature, keys, peer);
  if (claim === null) throw away(`carries no signature of the ${peer.as}`);
  if (claim.requestNonce !== nonce || claim.status !== reply.status) throw away('answers another request');
  if (claim.bodyHash !== sha256Hex(reply.body)) throw away('has another body than was signed');
}

function openReply(header: string, keys: PinnedKeys, { as }: Peer): HttpReplyClaim | null {
  try {
    return openSigned('http-reply', HttpReplyClaim, decodeClaim(header), keys, (by) => by === as).payload;
  } catch {
    return null;
  }
}

/** The error that a refusing reply names; null for a success. 5xx is the peer's away code, whatever the body says. */
export function errorOf(reply: Reply, peer = recorderPeer): HoldpointError | null {
  if (reply.status >= 200 && reply.status < 300) return null;
  const named = namedError(reply.body);
  if (reply.status >= 500)
    return new HoldpointError(peer.away, `${peer.as}: ${reply.status} ${named?.message ?? ''}`.trimEnd());
  return named ?? new HoldpointError(peer.away, `${peer.as}: unexpected status ${reply.status}`);
}

/** The code and message in an error body, if it is one of ours. */
export function namedError(body: Buffer): HoldpointError | null {
  const parsed = ApiError.safeParse(parseJson(body));
  if (!parsed.success) return null;
  const { code, message, details } = parsed.data.error;
  if (!(errorCodes as readonly string[]).includes(code)) return null;
  return new HoldpointError(code as ErrorCode, message, details);
}

/** JSON of bytes, or undefined: what is not JSON fails the schema that follows. */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
