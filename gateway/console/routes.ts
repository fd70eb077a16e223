import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { ConsoleConfig, ConsoleSecrets } from '../../contracts/config.ts';
import { HoldpointError } from '../../contracts/errors.ts';
import { answerOf } from '../replies.ts';
import { sleep } from '../sweep.ts';
import type { ConsoleFiles } from './files.ts';
import { formOf, isOurHost, mustBeOnCall, mustBeOurHost, mustBeOurPage, mustBeTheirForm, ownPage } from './guard.ts';
import { setHeaders } from './headers.ts';
import { killHref, root } from './hrefs.ts';
import type { Kills } from './kills.ts';
import { createKills, parseScope } from './kills.ts';
import type { Live } from './live.ts';
import { createLive } from './live.ts';
import type { Page, Shell } from './page.ts';
import { documentOf } from './page.ts';
import type { Reads } from './reads.ts';
import type { Sessions, Visitor } from './sessions.ts';
import { createSessions } from './sessions.ts';
import { refusalPage, signInPage } from './sign-in-page.ts';
import type { ScopeView } from './stops.ts';
import type { ViewDeps } from './views.ts';
import { viewOf } from './views.ts';

export type ConsoleDeps = {
  readonly reads: Reads;
  readonly config: ConsoleConfig;
  readonly secrets: ConsoleSecrets;
  readonly files: ConsoleFiles;
  readonly mode: 'development' | 'production';
  readonly clock: () => number;
  readonly log: Logger;
  readonly limits?: Partial<ConsoleLimits>;
};
/** In one minute: sign-ins from one address, stops by one token. `pollMs`: how often an open page is looked at. */
export type ConsoleLimits = {
  readonly signInsPerMinute: number;
  readonly killsPerMinute: number;
  readonly pollMs: number;
};
const defaultLimits: ConsoleLimits = { signInsPerMinute: 30, killsPerMinute: 60, pollMs: 1_000 };

type Parts = ConsoleDeps & {
  readonly sessions: Sessions;
  readonly kills: Kills;
  readonly live: Live;
  readonly views: ViewDeps;
};
type Framed = { readonly visitor?: Visitor | null; readonly stopped?: ScopeView; readonly version?: string };
const formBytesMax = 8_192;
const closingMsMax = 3_000;

/** The pages of the console on a server, under `/console`. Nothing is read or stopped without a session of a token. */
export async function addConsole(scope: FastifyInstance, deps: ConsoleDeps): Promise<void> {
  const { reads, config, secrets, mode, clock, log } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const kills = createKills(reads, clock, log);
  const views = { reads, kills, config, clock };
  const live = createLive(async (page) => (await viewOf(views, page)).version, limits.pollMs);
  const parts = {
    ...deps,
    sessions: createSessions(secrets, { mode, origin: config.origin }, clock),
    kills,
    live,
    views,
  };
  scope.addHook('preClose', async () => live.stop());
  // What it still sweeps, the sweeper finishes after the next start; that it is stopped does not depend on either.
  scope.addHook('onClose', () => Promise.race([kills.settled(), sleep(closingMsMax)]));
  scope.addHook('onRequest', async (request, reply) => {
    setHeaders(reply, config.origin);
    mustBeOurHost(request, config.origin);
  });
  scope.setErrorHandler((error, request, reply) => refuse(parts, error, request, reply));
  scope.setNotFoundHandler((request, reply) => refuse(parts, noPage(), request, reply));
  addFiles(scope, deps.files);
  addSignIn(scope, parts, limits);
  addPages(scope, parts);
  addLive(scope, parts);
  addKill(scope, parts, limits);
}

const noPage = (): HoldpointError => new HoldpointError('NOT_FOUND', 'the console has no such page');

function sendPage(
  parts: Parts,
  request: FastifyRequest,
  reply: FastifyReply,
  page: Page,
  framed: Framed,
): FastifyReply {
  const shell: Shell = {
    mode: parts.mode,
    files: { style: parts.files.style.path, script: parts.files.script.path },
    visitor: framed.visitor ?? null,
    stopped: framed.stopped ?? null,
    path: request.url,
    version: framed.version ?? '',
  };
  return reply.type('text/html; charset=utf-8').send(documentOf(page, shell));
}

function refuse(parts: Parts, error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body } = answerOf(error);
  const { code, message } = (body as { error: { code: string; message: string } }).error;
  if (status === 500) parts.log.error({ code }, 'the console failed');
  // Under a name that is not ours even a refusal says nothing of a session.
  const visitor = isOurHost(request, parts.config.origin) ? parts.sessions.of(request.headers.cookie) : null;
  return sendPage(parts, request, reply.code(status), refusalPage(code, message), { visitor });
}

function addFiles(scope: FastifyInstance, files: ConsoleFiles): void {
  for (const { path, type, text } of Object.values(files))
    scope.get(path.slice(root.length), async (_request, reply) =>
      reply.type(type).header('cache-control', 'public, max-age=31536000, immutable').send(text),
    );
}

type Take = (request: FastifyRequest) => Promise<void>;
function limiter(scope: FastifyInstance, max: number, what: string, key: (request: FastifyRequest) => string): Take {
  const take = scope.createRateLimit({ max, timeWindow: 60_000, keyGenerator: key });
  return async (request) => {
    const taken = await take(request);
    if (!taken.isAllowed && taken.isExceeded)
      throw new HoldpointError('RATE_LIMITED', `console: expected at most ${max} ${what} in a minute`);
  };
}

function addSignIn(scope: FastifyInstance, parts: Parts, { signInsPerMinute }: ConsoleLimits): void {
  const { sessions, config, log } = parts;
  const take = limiter(scope, signInsPerMinute, 'sign-ins', ({ ip }) => ip);
  scope.get('/sign-in', async (request, reply) => {
    const { searchParams } = new URL(request.url, config.origin);
    // Looking at the link uses nothing up: what previews links must not take it from its reader.
    const once = parts.mode === 'development' ? searchParams.get('once') : null;
    return sendPage(parts, request, reply, signInPage(ownPage(searchParams.get('to'), config.origin), once, false), {});
  });
  scope.post('/sign-in', { bodyLimit: formBytesMax, onRequest: take }, async (request, reply) => {
    mustBeOurPage(request, config.origin);
    const form = formOf(request);
    const to = ownPage(form.get('to'), config.origin);
    const entered = sessions.enter(form.get('token') ?? '');
    if (entered === null) return sendPage(parts, request, reply.code(401), signInPage(to, null, true), {});
    log.info({ name: entered.visitor.name, role: entered.visitor.role }, 'signed in to the console');
    return reply.header('set-cookie', entered.cookie).redirect(to, 303);
  });
  scope.post('/sign-out', { bodyLimit: formBytesMax }, async (request, reply) => {
    mustBeOurPage(request, config.origin);
    mustBeTheirForm(formOf(request), mustBeVisitor(parts, request));
    return reply.header('set-cookie', sessions.leave(request.headers.cookie)).redirect(`${root}/sign-in`, 303);
  });
}

/** Throws `UNAUTHENTICATED`. */
function mustBeVisitor({ sessions }: Parts, { headers }: FastifyRequest): Visitor {
  const visitor = sessions.of(headers.cookie);
  if (visitor === null) throw new HoldpointError('UNAUTHENTICATED', 'console: sign in first');
  return visitor;
}

function addPages(scope: FastifyInstance, parts: Parts): void {
  const { sessions, views } = parts;
  const first = (_request: FastifyRequest, reply: FastifyReply) => reply.redirect(`${root}/incidents`, 303);
  scope.get('/', first);
  scope.get('/*', async (request, reply) => {
    const visitor = sessions.of(request.headers.cookie);
    if (visitor === null) return reply.redirect(`${root}/sign-in?to=${encodeURIComponent(request.url)}`, 303);
    const { page, stopped, version } = await viewOf(views, request.url);
    return sendPage(parts, request, reply, page, { visitor, stopped, version });
  });
}

function addLive(scope: FastifyInstance, parts: Parts): void {
  const { live, sessions, config } = parts;
  scope.get('/live', async (request, reply) => {
    mustBeVisitor(parts, request);
    const { cookie } = request.headers;
    const page = ownPage(new URL(request.url, config.origin).searchParams.get('page'), config.origin);
    live.mustHaveRoom();
    reply.hijack();
    const headers = { ...reply.getHeaders(), 'content-type': 'text/event-stream' } as OutgoingHttpHeaders;
    reply.raw.writeHead(200, headers);
    try {
      live.listen(page, { response: reply.raw, isWelcome: () => sessions.of(cookie) !== null });
    } catch {
      reply.raw.end();
    }
  });
}

function addKill(scope: FastifyInstance, parts: Parts, { killsPerMinute }: ConsoleLimits): void {
  const { sessions, kills, config } = parts;
  // Counted by token, and only after the token: nobody without one can use up what the person on call needs.
  const take = limiter(scope, killsPerMinute, 'stops', ({ headers }) => sessions.of(headers.cookie)?.name ?? '');
  scope.post('/kill', { bodyLimit: formBytesMax }, async (request, reply) => {
    const visitor = mustBeVisitor(parts, request);
    mustBeOurPage(request, config.origin);
    const form = formOf(request);
    mustBeTheirForm(form, visitor);
    mustBeOnCall(visitor);
    await take(request);
    const { id } = kills.begin(parseScope(form.get('scope') ?? ''), visitor.name, form.get('reason') ?? '');
    return reply.redirect(killHref(id), 303);
  });
}
