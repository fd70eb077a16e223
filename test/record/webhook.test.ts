import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotifier, type Page } from '../../activities/notify/webhook.ts';

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
const page: Page = {
  about: 'hold-waits',
  at: '2026-03-01T12:00:00.000Z',
  workflowId: 'incident/a/1',
  detail: 'a hold',
};

describe('paging by webhook', () => {
  let server: Server;
  let url: string;
  let statuses: number[];
  let received: { headers: Record<string, string>; body: string }[];
  const warned: object[] = [];
  const log = { warn: (fields: object) => warned.push(fields) } as never;

  beforeEach(async () => {
    statuses = [];
    received = [];
    warned.length = 0;
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        received.push({ headers: request.headers as Record<string, string>, body });
        response.writeHead(statuses.shift() ?? 204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?token=planted-secret`;
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('sends what it says, signed so that the receiver can tell who sent it', async () => {
    expect(await createNotifier({ url, secret }, log).page(page)).toBe(true);
    const [one] = received;
    expect(new Webhook(secret).verify(one?.body ?? '', one?.headers ?? {})).toEqual({
      type: 'holdpoint.hold-waits',
      ...page,
    });
  });
  it('signs with a secret of the receiver alone: another does not verify', async () => {
    await createNotifier({ url, secret }, log).page(page);
    const other = new Webhook(`whsec_${Buffer.alloc(24, 8).toString('base64')}`);
    expect(() => other.verify(received[0]?.body ?? '', received[0]?.headers ?? {})).toThrow();
  });
  it('tries three times under one id, then says that it failed, and never throws', async () => {
    statuses = [500, 500, 500];
    expect(await createNotifier({ url, secret }, log).page(page)).toBe(false);
    expect(new Set(received.map(({ headers }) => headers['webhook-id']))).toHaveProperty('size', 1);
    expect(received).toHaveLength(3);
  });
  it('is content with a later try', async () => {
    statuses = [503, 204];
    expect(await createNotifier({ url, secret }, log).page(page)).toBe(true);
  });
  it('never logs the url or the secret', async () => {
    statuses = [500, 500, 500];
    await createNotifier({ url, secret }, log).page(page);
    expect(JSON.stringify(warned)).not.toMatch(/planted-secret|whsec/);
  });
  it('answers false without a receiver, and when nobody listens', async () => {
    expect(await createNotifier(null, log).page(page)).toBe(false);
    expect(await createNotifier({ url: 'http://127.0.0.1:9/', secret }, log).page(page)).toBe(false);
  });
});
