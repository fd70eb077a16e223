import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { eventually } from './system.ts';

export type Received = {
  readonly id: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly type: string; readonly detail: string };
};
export type Receiver = {
  readonly url: string;
  /** Every delivery whose signature holds under the secret, in order. */
  readonly received: readonly Received[];
  /** How many deliveries came with a signature that does not hold. */
  forged(): number;
  /** From now on deliveries are answered with this status. */
  answer(status: number): void;
  until(test: (page: Received) => boolean, forMs?: number): Promise<Received>;
  stop(): Promise<void>;
};

/** A paging service on loopback that checks signatures by the Standard Webhooks library, as a real one would. */
export async function startReceiver(secret: string, path = '/pages'): Promise<Receiver> {
  const webhook = new Webhook(secret, secret.startsWith('whsec_') ? {} : { format: 'raw' });
  const received: Received[] = [];
  let status = 204;
  let forged = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      try {
        webhook.verify(text, request.headers as Record<string, string>);
        const id = String(request.headers['webhook-id']);
        received.push({ id, path: request.url ?? '', body: JSON.parse(text) });
      } catch {
        forged += 1;
      }
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    received,
    forged: () => forged,
    answer: (now) => {
      status = now;
    },
    until: (test, forMs = 30_000) => eventually('a page', () => received.find(test), forMs),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
