import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export type Health = { readonly port: number; ready(): void; stopping(): void; close(): Promise<void> };

const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });

/**
 * `/healthz`: 200 once the process works, 503 before and while it stops. `/metrics`: the Prometheus text format.
 * Nothing else is served, and nothing here is secret.
 */
export async function startHealth(at: { host: string; port: number }, registry: Registry): Promise<Health> {
  let state: 'starting' | 'ready' | 'stopping' = 'starting';
  const server = createServer((request, response) => {
    request.resume();
    if (request.url === '/healthz') {
      response.writeHead(state === 'ready' ? 200 : 503, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ state }));
    } else if (request.url === '/metrics') {
      registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
        () => response.writeHead(500).end(),
      );
    } else response.writeHead(404).end();
  });
  server.requestTimeout = 5_000;
  const port = await listen(server, at.host, at.port);
  return {
    port,
    ready: () => {
      if (state === 'starting') state = 'ready';
    },
    stopping: () => {
      state = 'stopping';
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
