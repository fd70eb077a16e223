import { createServer } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Loopback, startLoopback, type Trouble } from '../support/loopback.ts';
import { startPagerDuty } from '../support/pagerduty.ts';
import { startSlack } from '../support/slack.ts';
import {
  limits,
  notifierOf,
  pageOf,
  routingKey,
  slackToken,
  type UnderTest,
  warmUp,
  webhookSecret,
} from './under-test.ts';

type Case = { readonly server: Loopback; readonly to: (url: string) => UnderTest; readonly url: string };
const kinds: readonly (readonly [string, () => Promise<Case>])[] = [
  [
    'PagerDuty',
    async () => {
      const server = await startPagerDuty(routingKey);
      const to = (url: string) => notifierOf([{ kind: 'pagerduty', name: 'it', routingKey, url }], { limits });
      return { server, to, url: server.url };
    },
  ],
  [
    'Slack',
    async () => {
      const server = await startSlack(slackToken);
      return { server, to: (url) => notifierOf([{ kind: 'slack', name: 'it', url }], { limits }), url: server.url };
    },
  ],
  [
    'a webhook',
    async () => {
      const server = await startLoopback(() => ({ status: 200, type: 'text/plain', body: '' }));
      const to = (url: string) => notifierOf([{ kind: 'webhook', name: 'it', url, secret: webhookSecret }], { limits });
      return { server, to, url: `${server.origin}/hook` };
    },
  ],
];

beforeAll(warmUp);

describe.each(kinds)('telling %s', (_kind, start) => {
  let server: Loopback;
  let notifier: UnderTest;
  let url: string;
  let to: Case['to'];
  beforeEach(async () => {
    ({ server, to, url } = await start());
    notifier = to(url);
  });
  afterEach(() => server.stop());
  const tell = async (...troubles: readonly Trouble[]) => {
    server.trouble(...troubles);
    const [result] = (await notifier.page(pageOf())).channels;
    return { delivered: result?.delivered, fault: result?.fault, tries: server.asked.length };
  };

  it('is done once when it is taken', async () => {
    expect(await tell()).toEqual({ delivered: true, fault: null, tries: 1 });
    expect(notifier.warned).toEqual([]);
  });

  it.each([400, 401, 403, 404, 408, 410, 413, 422])(
    'is not tried again after %i, and counts as not told',
    async (status) => {
      expect(await tell({ status })).toEqual({ delivered: false, fault: `status ${status}`, tries: 1 });
    },
  );

  it.each([301, 302, 303, 307, 308])(
    'follows no redirect (%i), which would carry a secret elsewhere',
    async (status) => {
      const elsewhere = await startLoopback(() => ({ status: 202, type: 'text/plain', body: '' }));
      const told = await tell({ status, headers: { location: `${elsewhere.origin}/v2/enqueue` } });
      expect(told).toEqual({ delivered: false, fault: `status ${status}: a redirect is not followed`, tries: 1 });
      expect(elsewhere.asked).toEqual([]);
      await elsewhere.stop();
    },
  );

  it('waits as long as a 429 asks for, then tells', async () => {
    const began = performance.now();
    expect(await tell({ status: 429, headers: { 'retry-after': '1' } })).toMatchObject({ delivered: true, tries: 2 });
    expect(performance.now() - began).toBeGreaterThan(950);
  });

  it.each(['3600', new Date(Date.now() + 3_600_000).toUTCString()])(
    'gives up at once when a 429 asks for more time than there is: %s',
    async (after) => {
      const began = performance.now();
      const told = await tell({ status: 429, headers: { 'retry-after': after } });
      expect(told).toEqual({ delivered: false, fault: 'status 429, and no time for another try', tries: 1 });
      expect(performance.now() - began).toBeLessThan(limits.pageMsMax / 2);
    },
  );

  it.each([
    ['a 429 that does not say how long', { status: 429 }],
    ['a 429 that says it in no known way', { status: 429, headers: { 'retry-after': 'soon' } }],
    ['a server error', { status: 500 }],
    ['a server that is away', { status: 503 }],
    ['a connection that was cut', 'hang-up'],
    ['an answer that drips', 'drip'],
  ] as const)('is tried again after %s, with the very same request', async (_what, trouble) => {
    expect(await tell(trouble)).toEqual({ delivered: true, fault: null, tries: 2 });
    const [first, second] = server.asked;
    expect(second).toEqual(first);
  });

  it('is tried three times and no more, says that it failed, and never throws', async () => {
    const trouble = { status: 500 } as const;
    expect(await tell(trouble, trouble, trouble, trouble)).toEqual({ delivered: false, fault: 'status 500', tries: 3 });
    expect(notifier.warned).toHaveLength(3);
  });

  it.each([
    [200, 'an answer'],
    [400, 'a refusal'],
  ])('reads no body (%i), so that %s that never ends holds nothing up', async (status) => {
    const began = performance.now();
    await tell({ endless: status === 200 && url.includes('enqueue') ? 202 : status });
    expect(performance.now() - began).toBeLessThan(limits.attemptMsMax);
    expect(server.asked).toHaveLength(1);
  });

  it('fails when nobody listens', async () => {
    const free = createServer();
    const port = await new Promise<number>((resolve) =>
      free.listen(0, '127.0.0.1', () => resolve((free.address() as { port: number }).port)),
    );
    await new Promise((resolve) => free.close(resolve));
    const { origin } = new URL(url);
    const told = await to(url.replace(origin, `http://127.0.0.1:${port}`)).page(pageOf());
    expect(told).toMatchObject({ delivered: false, channels: [{ fault: 'no answer' }] });
  });
});

describe('telling a receiver that answers too slowly every time', () => {
  it('ends in time', async () => {
    const server = await startSlack(slackToken);
    server.trouble('drip', 'drip', 'drip', 'drip');
    const began = performance.now();
    const paged = await notifierOf([{ kind: 'slack', name: 'it', url: server.url }], { limits }).page(pageOf());
    expect(paged).toMatchObject({
      delivered: false,
      channels: [{ fault: expect.stringMatching(/^no answer in time/) }],
    });
    expect(performance.now() - began).toBeLessThan(limits.pageMsMax + limits.attemptMsMax);
    expect(server.asked.length).toBeGreaterThan(1);
    await server.stop();
  });
});
