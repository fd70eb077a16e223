import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { anthropic } from './anthropic.ts';
import { openai } from './openai.ts';
import type { Protocol, Saying, Sent } from './protocol.ts';

export type ProviderName = 'anthropic' | 'openai';
const protocols: Readonly<Record<ProviderName, Protocol>> = { anthropic, openai };

/** What a server does with one request. */
export type Reply =
  | { readonly say: Saying }
  /** An answer whose connection ends after so many of its events: in order, or torn. */
  | { readonly say: Saying; readonly events: number; readonly how: 'ended' | 'torn' }
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** A body of another type than an event stream. */
  | { readonly page: string }
  /** Text in the place of events. */
  | { readonly raw: string }
  /** One text over and over, until so many bytes were sent. */
  | { readonly flood: string; readonly bytes: number }
  /** An event that says that the server has failed. */
  | 'failing'
  /** No answer at all. */
  | 'hang'
  /** Headers, and then nothing. */
  | 'silent'
  /** A comment every few milliseconds, and never an end. */
  | 'drip'
  | 'hang-up';

export type ProviderServer = {
  readonly baseUrl: string;
  /** Every request that the protocol has no fault with, in order. */
  readonly sent: readonly Sent[];
  readonly said: (at: number) => { readonly system: string; readonly user: string };
  /** What was wrong with the others. */
  readonly faults: readonly string[];
  /** What the next requests get, one each. */
  next(...replies: readonly Reply[]): void;
  stop(): Promise<void>;
};

const dripMs = 20;

/** A server that speaks a provider's protocol on loopback and takes one key. What it answers is queued, or made by `answer`. */
export async function startProvider(
  name: ProviderName,
  key: string,
  answer?: (said: { readonly system: string; readonly user: string }) => Reply,
): Promise<ProviderServer> {
  const protocol = protocols[name];
  const sent: Sent[] = [];
  const faults: string[] = [];
  const replies: Reply[] = [];
  const replyTo = (one: Sent): Reply => {
    if (protocol.keyOf(one.headers) !== key) return { status: 401, body: JSON.stringify({ error: `bad key ${key}` }) };
    const fault = protocol.fault(one);
    if (fault !== null) faults.push(fault);
    if (fault !== null) return { status: 400 };
    sent.push(one);
    return replies.shift() ?? answer?.(protocol.said(one)) ?? { status: 500 };
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.method !== 'POST' || request.url !== protocol.path) return void response.writeHead(404).end();
      const headers = request.headers as Record<string, string>;
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Sent['body'];
      give(protocol, replyTo({ headers, body }), request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    baseUrl: name === 'openai' ? `${origin}/v1` : origin,
    sent,
    said: (at) => protocol.said(sent[at] as Sent),
    faults,
    next: (...more) => void replies.push(...more),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });

function give(protocol: Protocol, reply: Reply, { socket }: IncomingMessage, response: ServerResponse): void {
  if (typeof reply === 'string') failures[reply](response, protocol);
  else if ('say' in reply) say(protocol, reply, socket, stream(response));
  else if ('raw' in reply) stream(response).end(reply.raw);
  else if ('page' in reply) response.writeHead(200, { 'content-type': 'text/html' }).end(reply.page);
  else if ('flood' in reply) flood(stream(response), reply);
  else response.writeHead(reply.status, reply.headers).end(reply.body);
}

const failures: Readonly<Record<Extract<Reply, string>, (response: ServerResponse, protocol: Protocol) => void>> = {
  hang: () => undefined,
  'hang-up': ({ socket }) => void socket?.destroy(),
  silent: (response) => stream(response).flushHeaders(),
  failing: (response, { failing }) => void stream(response).end(failing),
  drip: (response) => {
    stream(response);
    const timer = setInterval(() => response.write(': wait\n\n'), dripMs);
    response.on('close', () => clearInterval(timer));
  },
};

function say(
  protocol: Protocol,
  reply: Extract<Reply, { readonly say: Saying }>,
  socket: IncomingMessage['socket'],
  response: ServerResponse,
): void {
  const events = protocol.events(reply.say);
  if (!('events' in reply)) return void response.end(events.join(''));
  response.write(events.slice(0, reply.events).join(''), () => {
    if (reply.how === 'ended') response.end();
    else socket.destroy();
  });
}

/** As fast as it is taken. */
function flood(
  response: ServerResponse,
  { flood: text, bytes }: { readonly flood: string; readonly bytes: number },
): void {
  const piece = text.repeat(Math.max(1, Math.ceil(65_536 / text.length)));
  let left = bytes;
  const more = (): void => {
    while (left > 0) {
      left -= piece.length;
      if (!response.write(piece)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}
