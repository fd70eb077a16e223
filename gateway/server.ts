import rateLimit from '@fastify/rate-limit';
import underPressure from '@fastify/under-pressure';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { fastify } from 'fastify';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Counter, Histogram } from 'prom-client';
import type { SecretsOf } from '../contracts/config.ts';
import { codeOf, HoldpointError } from '../contracts/errors.ts';
import type { Admit } from './admission.ts';
import { root as consoleRoot } from './console/hrefs.ts';
import type { ConsoleDeps } from './console/routes.ts';
import { addConsole } from './console/routes.ts';
import type { Answer } from './replies.ts';
import { answerOf, answerTo, send } from './replies.ts';
import { normalizeAlertmanager, verifyAlertmanager } from './webhooks/alertmanager.ts';
import { parseBoundedJson } from './webhooks/bounded-json.ts';
import type { Delivery } from './webhooks/delivery.ts';
import { normalizeGeneric, verifyGeneric } from './webhooks/generic.ts';
import { createReplayWindow } from './webhooks/replay-window.ts';

export const bodyBytesMax = 1_048_576;

export type GatewayDeps = {
  readonly admit: Admit;
  readonly secrets: Pick<SecretsOf<'gateway'>, 'alertmanager' | 'generic'>;
  readonly clock: () => number;
  readonly log: Logger;
  readonly registry: Registry;
  readonly limits?: Partial<RateLimits>;
  /** Null where nobody is configured who may see it: then there is no console. */
  readonly console?: ConsoleDeps | null;
};
/** Deliveries in one minute: `knownPerMinute` in all with the right secret, `unknownPerMinute` from one address without. */
export type RateLimits = { readonly knownPerMinute: number; readonly unknownPerMinute: number };
const defaultLimits: RateLimits = { knownPerMinute: 600, unknownPerMinute: 60 };

/** The webhook server, not yet listening. What it answers without a valid secret never depends on the body. */
export async function createWebhookServer(deps: GatewayDeps): Promise<FastifyInstance> {
  const server = fastify({
    logger: false,
    bodyLimit: bodyBytesMax,
    trustProxy: false,
    requestTimeout: 15_000,
    frameworkErrors: (error, _request, reply) => void send(reply as FastifyReply, answerOf(error)),
  });
  // INVARIANT: a body stays bytes until its delivery is verified; no parser of the framework's ever sees one.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.setErrorHandler((error, _request, reply) => {
    if (answerOf(error).status === 500) deps.log.error({ code: codeOf(error) }, 'webhook failed');
    return send(reply, answerOf(error));
  });
  server.setNotFoundHandler((_request, reply) =>
    send(reply, answerOf(new HoldpointError('NOT_FOUND', 'expected POST /webhooks/alertmanager or /webhooks/generic'))),
  );
  await server.register(underPressure, { maxEventLoopDelay: 2_000, retryAfter: 5 });
  await server.register(rateLimit, { global: false });
  await server.register(async (scope) => {
    const meter = createMeter(deps.registry);
    addAlertmanager(scope, deps, meter);
    addGeneric(scope, deps, meter);
  });
  const { console } = deps;
  if (console) await server.register((scope) => addConsole(scope, console), { prefix: consoleRoot });
  return server;
}

type Limiter = (request: FastifyRequest) => Promise<void>;

function createLimiter(scope: FastifyInstance, max: number, key: (request: FastifyRequest) => string): Limiter {
  const take = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: key });
  return async (request) => {
    const taken = await take(request);
    if (!taken.isAllowed && taken.isExceeded)
      throw new HoldpointError('RATE_LIMITED', `expected at most ${max} deliveries in a minute`);
  };
}

function addAlertmanager(scope: FastifyInstance, deps: GatewayDeps, meter: Meter): void {
  const { knownPerMinute, unknownPerMinute } = { ...defaultLimits, ...deps.limits };
  // Counted apart, so that nobody without the secret can use up what the holder of the secret is allowed.
  const takeKnown = createLimiter(scope, knownPerMinute, () => 'known');
  const takeUnknown = createLimiter(scope, unknownPerMinute, ({ ip }) => ip);
  scope.post('/webhooks/alertmanager', {
    onRequest: async (request) => {
      try {
        verifyAlertmanager(request.headers.authorization, deps.secrets.alertmanager);
      } catch (error) {
        await takeUnknown(request);
        throw error;
      }
      await takeKnown(request);
    },
    onResponse: async (_request, reply) => meter.answered('alertmanager', reply),
    handler: async (request, reply) => {
      const delivery = normalizeAlertmanager(parseBoundedJson(bodyOf(request)), { startRequired: true });
      return send(reply, await handOver('alertmanager', delivery, deps, meter));
    },
  });
}

function addGeneric(scope: FastifyInstance, deps: GatewayDeps, meter: Meter): void {
  const { knownPerMinute } = { ...defaultLimits, ...deps.limits };
  // The signature covers the body, so the body is read before the sender is known: all senders of one address are counted.
  const take = createLimiter(scope, knownPerMinute, ({ ip }) => ip);
  const replays = createReplayWindow<Answer>(deps.clock);
  scope.post('/webhooks/generic', {
    onRequest: take,
    onResponse: async (_request, reply) => meter.answered('generic', reply),
    handler: async (request, reply) => {
      const body = bodyOf(request);
      const { id } = verifyGeneric(request.headers, body, deps.secrets.generic, deps.clock());
      const known = replays.recall(id, body);
      if (known !== null) return send(reply, known);
      const answer = await handOver('generic', normalizeGeneric(parseBoundedJson(body)), deps, meter);
      if (answer.status < 300) replays.remember(id, body, { status: 200, body: answer.body });
      return send(reply, answer);
    },
  });
}

const bodyOf = ({ body }: FastifyRequest): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

async function handOver(system: string, delivery: Delivery, deps: GatewayDeps, meter: Meter): Promise<Answer> {
  const admission = await deps.admit(delivery.alerts);
  for (const { result } of admission.accepted) meter.alerts.inc({ system, result });
  if (admission.failed > 0) meter.alerts.inc({ system, result: 'failed' }, admission.failed);
  const rejected = delivery.rejected;
  if (rejected.length > 0) {
    meter.alerts.inc({ system, result: 'rejected' }, rejected.length);
    deps.log.warn({ system, rejected }, 'alerts that could not be read');
  }
  deps.log.info({ system, accepted: admission.accepted, failed: admission.failed }, 'delivery');
  return answerTo(admission, rejected);
}

type Meter = { readonly alerts: Counter; answered(system: string, reply: FastifyReply): void };

function createMeter(registry: Registry): Meter {
  const registers = [registry];
  const alerts = new Counter({
    name: 'holdpoint_alerts_total',
    help: 'Alerts by system and what became of them',
    labelNames: ['system', 'result'],
    registers,
  });
  const webhooks = new Counter({
    name: 'holdpoint_webhooks_total',
    help: 'Deliveries by system and HTTP status',
    labelNames: ['system', 'status'],
    registers,
  });
  const seconds = new Histogram({
    name: 'holdpoint_webhook_seconds',
    help: 'Time from the first byte of a delivery to its answer',
    labelNames: ['system'],
    registers,
  });
  return {
    alerts,
    answered(system, reply) {
      webhooks.inc({ system, status: String(reply.statusCode) });
      seconds.observe({ system }, reply.elapsedTime / 1_000);
    },
  };
}
