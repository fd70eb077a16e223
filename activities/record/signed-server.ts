import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { PinnedKeys } from '../../contracts/config.ts';
import { codeOf, type ErrorCode, HoldpointError } from '../../contracts/errors.ts';
import { nonceHeader, signatureHeader } from '../../contracts/recorder-api.ts';
import type { ProcessId } from '../../contracts/signed.ts';
import { Nonce } from '../../contracts/values.ts';
import { jcs, sha256Hex } from '../../policies/digest.ts';
import type { Signer } from '../../policies/signing.ts';
import { type Caller, createAuthenticator } from './auth.ts';
import { statusOf } from './statuses.ts';
import { type Call, doorNonce, encodeClaim, parseJson } from './wire.ts';

/** What a process that answers signed requests has: who it is, whom it knows, and where it tells of refusals. */
export type SignedServerDeps = {
  readonly keys: PinnedKeys;
  readonly signer: Signer;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly logger: Pick<Logger, 'info' | 'error'>;
  readonly listen: { readonly host: string; readonly port: number };
  readonly refused: (code: ErrorCode) => void;
  /** Why nothing is served now; null when it is. */
  readonly damage: () => HoldpointError | null;
};
export type SignedServer = { readonly url: string; close(): Promise<void> };

declare module 'fastify' {
  interface FastifyRequest {
    /** Who signed the request; null at an unsigned door. */
    caller: Caller | null;
  }
  interface FastifyContextConfig {
    /** True for a door that takes unsigned requests. */
    unsigned?: boolean;
  }
}

const requestMsMax = 15_000;
const closeEveryMs = 20;

/** An HTTP server that takes bodies as the bytes they are: what was signed is what is parsed. */
export function createApp(bodyLimit: number): FastifyInstance {
  const app = Fastify({
    logger: false,
    bodyLimit,
    requestTimeout: requestMsMax,
    routerOptions: { maxParamLength: 200 },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  return app;
}

/** A request is believed by its signature alone, a reply is signed for that very request, and a refusal has a code. */
export function addSignatures(app: FastifyInstance, deps: SignedServerDeps): void {
  addAuthentication(app, deps);
  addErrors(app, deps);
}

export async function listen(app: FastifyInstance, at: SignedServerDeps['listen']): Promise<SignedServer> {
  await app.listen(at);
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${at.host}:${port}`,
    async close() {
      // A request that is being answered now leaves an idle connection behind, which would keep the server for a minute.
      const idle = setInterval(() => app.server.closeIdleConnections(), closeEveryMs);
      await app.close().finally(() => clearInterval(idle));
    },
  };
}

/** The bytes of a request, as they were signed. */
export const bodyOf = (request: FastifyRequest): Buffer => (request.body as Buffer | undefined) ?? Buffer.alloc(0);

/** JSON that has canonical bytes: text with half a character in it could be neither hashed nor signed. */
export function jsonOf(request: FastifyRequest): unknown {
  const raw = parseJson(bodyOf(request));
  try {
    jcs(raw);
    return raw;
  } catch {
    throw new HoldpointError('BAD_INPUT', 'request: expected JSON of well-formed Unicode');
  }
}

export function callerOf({ caller }: FastifyRequest): ProcessId {
  if (caller === null) throw new HoldpointError('UNAUTHENTICATED', 'request: expected it to be signed');
  return caller.as;
}

function addAuthentication(app: FastifyInstance, deps: SignedServerDeps): void {
  const authenticator = createAuthenticator(deps.keys, deps.clock);
  app.decorateRequest('caller', null);
  app.addHook('onRequest', async (request) => {
    // Refused before its body is read: the door for strangers is another one.
    if (request.routeOptions.config.unsigned !== true && request.headers[signatureHeader] === undefined)
      throw new HoldpointError('UNAUTHENTICATED', 'request: expected it to be signed');
  });
  app.addHook('preHandler', async (request) => {
    const header = request.headers[signatureHeader];
    if (header !== undefined) {
      const { method, url: path } = request;
      request.caller = authenticator.authenticate({ method, path, body: bodyOf(request), header: String(header) });
    }
    const damage = deps.damage();
    if (damage !== null) throw damage;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const nonce = request.caller?.nonce ?? nonceAtDoor(request);
    if (nonce !== null) signReply(deps, nonce, reply, payload as string | Buffer | undefined);
    return payload;
  });
}

/** What the reply to an unsigned request is signed over; null when it brought no nonce, or was refused before it was read. */
function nonceAtDoor(request: FastifyRequest): string | null {
  const { method, url: path, body } = request;
  const nonce = Nonce.safeParse(request.headers[nonceHeader]);
  const isRead = method === 'GET' || body !== undefined;
  if (request.routeOptions.config.unsigned !== true || !nonce.success || !isRead) return null;
  return doorNonce({ method: method as Call['method'], path, body: bodyOf(request) }, nonce.data);
}

function signReply(
  deps: SignedServerDeps,
  requestNonce: string,
  reply: FastifyReply,
  payload: string | Buffer | undefined,
): void {
  const claim = {
    v: 1 as const,
    status: reply.statusCode,
    bodyHash: sha256Hex(payload ?? ''),
    at: new Date(deps.clock()).toISOString(),
    requestNonce,
  };
  reply.header(signatureHeader, encodeClaim(deps.signer.sign('http-reply', claim)));
}

/** Fastify's own refusals by their status; anything else that is not ours is `INTERNAL`, and says nothing of its inside. */
function classify(error: unknown, { signer, bodyLimit }: SignedServerDeps & { bodyLimit: number }): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const status = (error as { statusCode?: number }).statusCode;
  if (status === 413) return new HoldpointError('TOO_LARGE', `request: expected at most ${bodyLimit} bytes`);
  if (status !== undefined && status >= 400 && status < 500)
    return new HoldpointError('BAD_INPUT', 'request: expected well-formed HTTP');
  return new HoldpointError('INTERNAL', `${signer.as}: failed inside; its own log says more`);
}

function addErrors(app: FastifyInstance, deps: SignedServerDeps): void {
  const bodyLimit = app.initialConfig.bodyLimit ?? 0;
  const answer = (reply: FastifyReply, code: ErrorCode, message: string, details: HoldpointError['details'] = {}) => {
    const error = { code, message: message.slice(0, 1_000), ...(Object.keys(details).length > 0 ? { details } : {}) };
    return reply.code(statusOf(code)).type('application/json').send(JSON.stringify({ error }));
  };
  app.setErrorHandler((error, request, reply) => {
    const known = classify(error, { ...deps, bodyLimit });
    deps.refused(codeOf(known));
    const asked = { method: request.method, route: request.routeOptions.url, by: request.caller?.as };
    if (known.code === 'INTERNAL') deps.logger.error({ ...asked, err: error }, 'request failed');
    else deps.logger.info({ ...asked, code: known.code }, known.message);
    // What names a place in the archive stays in our own log.
    return answer(reply, known.code, known.message, known.code === 'RECORD_DAMAGED' ? {} : known.details);
  });
  app.setNotFoundHandler({}, (_request, reply) => answer(reply, 'NOT_FOUND', 'no such door'));
}
