import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Asked = {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};
/** What a server does with one request instead of its own answer. */
export type Trouble =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Headers that never end, a byte at a time. */
  | 'drip'
  /** An answer whose body never ends. */
  | { readonly endless: number }
  | 'hang-up';
export type Answer = { readonly status: number; readonly type: string; readonly body: string };
export type Loopback = {
  readonly origin: string;
  /** Every request that came whole, in order. */
  readonly asked: readonly Asked[];
  /** What the next requests meet, one each. */
  trouble(...next: readonly Trouble[]): void;
  stop(): Promise<void>;
};

const dripMs = 20;

/** An HTTP server on loopback that can be in trouble. */
export async function startLoopback(answer: (asked: Asked) => Answer): Promise<Loopback> {
  const asked: Asked[] = [];
  const troubles: Trouble[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      const headers = request.headers as Record<string, string>;
      const one = { method, path, headers, body: Buffer.concat(chunks).toString('utf8') };
      asked.push(one);
      const trouble = troubles.shift();
      if (trouble !== undefined) return makeTrouble(trouble, request, response);
      const { status, type, body } = answer(one);
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    trouble: (...next) => void troubles.push(...next),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function makeTrouble(trouble: Trouble, { socket }: IncomingMessage, response: ServerResponse): void {
  const forEver = (write: () => void): void => {
    const timer = setInterval(write, dripMs);
    socket.on('close', () => clearInterval(timer));
  };
  if (trouble === 'hang-up') {
    socket.destroy();
  } else if (trouble === 'drip') {
    socket.write('HTTP/1.1 202 Accepted\r\nx-slow: ');
    forEver(() => socket.write('.'));
  } else if ('endless' in trouble) {
    response.writeHead(trouble.endless);
    forEver(() => response.write('.'));
  } else {
    response.writeHead(trouble.status, trouble.headers).end();
  }
}
