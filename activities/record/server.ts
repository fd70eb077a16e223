import type { AddressInfo } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { codeOf, type ErrorCode, HoldpointError } from '../../contracts/errors.ts';
import { nonceHeader, signatureHeader } from '../../contracts/recorder-api.ts';
import { Nonce } from '../../contracts/values.ts';
import { sha256Hex } from '../../policies/digest.ts';
import { type Authenticator, type Caller, createAuthenticator } from './auth.ts';
import type { RecorderMetrics } from './metrics.ts';
import { addRoutes, bodyOf } from './routes.ts';
import type { DoorParts } from './statements-door.ts';
import { statusOf } from './statuses.ts';
import { blobBytesMax, type Call, doorNonce, encodeClaim } from './wire.ts';

export type ServerDeps = DoorParts & {
  readonly logger: Logger;
  readonly metrics: RecorderMetrics;
  readonly listen: { readonly host: string; readonly port: number };
  /** Posts that one address may make to an unsigned door in a minute. */
  readonly doorPerMinute?: number;
};
export type RecorderServer = { readonly url: string; close(): Promise<void> };

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
const doorPerMinuteDefault = 60;

/** Serves `contracts/recorder-api.ts`. A request is believed by its signature alone; a log found damaged is not served. */
export async function startServer(deps: ServerDeps): Promise<RecorderServer> {
  const app = Fastify({
    logger: false,
    bodyLimit: blobBytesMax,
    requestTimeout: requestMsMax,
    routerOptions: { maxParamLength: 200 },
  });
  // Bodies stay bytes until they are checked: what was signed is what is parsed.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  await app.register(rateLimit, {
    global: false,
    max: deps.doorPerMinute ?? doorPerMinuteDefault,
    timeWindow: '1 minute',
    errorResponseBuilder: () => new HoldpointError('RATE_LIMITED', 'recorder: too many requests from this address'),
  });
  addAuthentication(app, deps, createAuthenticator(deps.keys, deps.clock));
  addErrors(app, deps);
  addRoutes(app, deps);
  await app.listen(deps.listen);
  const { port } = app.server.address() as AddressInfo;
  return {
    url: `http://${deps.listen.host}:${port}`,
    async close() {
      app.server.closeIdleConnections();
      await app.close();
    },
  };
}

function addAuthentication(app: FastifyInstance, deps: ServerDeps, authenticator: Authenticator): void {
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
    const damage = deps.log.damage();
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
  deps: ServerDeps,
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
function classify(error: unknown): HoldpointError {
  if (error instanceof HoldpointError) return error;
  const status = (error as { statusCode?: number }).statusCode;
  if (status === 413) return new HoldpointError('TOO_LARGE', `request: expected at most ${blobBytesMax} bytes`);
  if (status !== undefined && status >= 400 && status < 500)
    return new HoldpointError('BAD_INPUT', 'request: expected well-formed HTTP');
  return new HoldpointError('INTERNAL', 'recorder: failed inside; its own log says more');
}

function addErrors(app: FastifyInstance, { logger, metrics }: ServerDeps): void {
  const answer = (reply: FastifyReply, code: ErrorCode, message: string, details: HoldpointError['details'] = {}) => {
    const error = { code, message: message.slice(0, 1_000), ...(Object.keys(details).length > 0 ? { details } : {}) };
    return reply.code(statusOf(code)).type('application/json').send(JSON.stringify({ error }));
  };
  app.setErrorHandler((error, request, reply) => {
    const known = classify(error);
    metrics.refused(codeOf(known));
    const asked = { method: request.method, route: request.routeOptions.url, by: request.caller?.as };
    if (known.code === 'INTERNAL') logger.error({ ...asked, err: error }, 'request failed');
    else logger.info({ ...asked, code: known.code }, known.message);
    // What names a place in the archive stays in the recorder's own log.
    return answer(reply, known.code, known.message, known.code === 'RECORD_DAMAGED' ? {} : known.details);
  });
  app.setNotFoundHandler({}, (_request, reply) => answer(reply, 'NOT_FOUND', 'no such door'));
}
