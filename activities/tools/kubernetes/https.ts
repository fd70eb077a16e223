import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { HttpLibrary, RequestContext } from '@kubernetes/client-node';
import { HoldpointError } from '../../../contracts/errors.ts';
import type { Login } from './access.ts';

/** Far above the 500 objects that are ever asked for at once. */
export const answerBytesMax = 16 * 1_048_576;
const socketsMax = 4;
/** The server is to give up first: its own answer says more than a closed connection. */
const graceMs = 1_000;

/** How long one request may take in all, and what ends it before that. */
export type Bounds = { readonly timeoutMs: () => number; readonly signal: AbortSignal };
type Client = typeof import('@kubernetes/client-node');
export type Connection = { readonly library: HttpLibrary; close(): void };

/**
 * The client's requests over connections of our own: to this one server under this one authority, without redirects, each
 * within its bounds and with a bounded answer. The server is told the time that is left, and gives up by itself after it.
 */
export function connect({ url, ca, token }: Login, bounds: () => Bounds, client: Client): Connection {
  const { origin } = new URL(url);
  const agent = new Agent({ ca, keepAlive: true, maxSockets: socketsMax });
  const send = async (context: RequestContext) => {
    const { timeoutMs, signal } = bounds();
    const ms = timeoutMs();
    if (!(ms > 0)) throw new HoldpointError('TARGET_AWAY', 'no time is left for the request');
    context.setQueryParam('timeout', `${Math.ceil(ms)}ms`);
    const target = new URL(context.getUrl());
    // INVARIANT: the token goes nowhere else, whatever a name in a path may be.
    if (target.origin !== origin) throw new HoldpointError('TARGET_REFUSED', 'expected a request to the API server');
    const headers = { ...context.getHeaders(), authorization: `Bearer ${token}`, 'user-agent': 'holdpoint' };
    const until = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(ms) + graceMs)]);
    const options: RequestOptions = { agent, headers, method: context.getHttpMethod(), signal: until };
    const body = context.getBody();
    const answer = await exchange(target, options, typeof body === 'string' ? body : undefined);
    const { text } = answer;
    return new client.ResponseContext(answer.status, answer.headers, {
      text: () => Promise.resolve(text.toString('utf8')),
      binary: () => Promise.resolve(text),
    });
  };
  return { library: client.wrapHttpLibrary({ send }), close: () => agent.destroy() };
}

type Answer = { readonly status: number; readonly headers: Record<string, string>; readonly text: Buffer };

const exchange = (target: URL, options: RequestOptions, body: string | undefined): Promise<Answer> =>
  new Promise((done, failed) => {
    const sent = request(target, options, (response) => read(response).then(done, failed));
    sent.once('error', failed);
    sent.end(body);
  });

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    // Leaving the loop destroys the connection: the rest is never read.
    if (bytes > answerBytesMax)
      throw new HoldpointError('TOO_LARGE', `answer: expected at most ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), text: Buffer.concat(chunks) };
}
