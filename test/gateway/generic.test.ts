import { randomBytes } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/skips.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';
import { bearer, bearerOf, gatewayUnderTest, genericSecret, post, signedHeaders } from './under-test.ts';

const path = '/webhooks/generic';
const delivery = (over: object = {}) =>
  JSON.stringify({
    alerts: [
      {
        fingerprint: randomBytes(8).toString('hex'),
        status: 'firing',
        labels: { a: 'b' },
        startsAt: '2026-03-07T06:33:21Z',
        ...over,
      },
    ],
  });

describeWith('temporal', 'the generic webhook', () => {
  let namespace = '';
  beforeAll(async () => {
    namespace = await freshNamespace();
  });
  const start = (over = {}) => gatewayUnderTest({ address: sharedTemporal().address, namespace, ...over });
  const send = (url: string, body: string, headers: Record<string, string> = signedHeaders(body)) =>
    post(url, path, body, headers);

  it('answers 202 to a signed delivery, with a source of its own in the workflow id', async () => {
    const { url } = await start();
    const reply = await send(url, delivery());
    expect(reply).toMatchObject({ status: 202, json: { accepted: [{ result: 'started' }] } });
    expect(reply.json.accepted?.[0]?.workflowId).toMatch(/^incident\/generic\/[0-9a-f]{64}$/);
  });

  it('answers 401 to anything not signed with the secret, before it looks at the body', async () => {
    const { url } = await start();
    for (const body of [delivery(), '{', '', '['.repeat(100)]) {
      const good = signedHeaders(body, { id: 'one' });
      const { 'webhook-signature': signature, ...unsigned } = good;
      const forged: Record<string, string>[] = [
        {},
        bearerOf(bearer.token),
        unsigned,
        signedHeaders(`${body} `),
        signedHeaders(body, { secret: `whsec_${randomBytes(24).toString('base64')}` }),
        { ...good, 'webhook-id': 'other' },
        { ...good, 'webhook-timestamp': String(Number(good['webhook-timestamp']) + 1) },
        { ...good, 'webhook-signature': signature.replace('v1,', 'v2,') },
        { ...good, 'webhook-signature': 'v1' },
        { ...good, 'webhook-timestamp': `${good['webhook-timestamp']}x` },
        { ...good, 'webhook-id': 'x'.repeat(300) },
      ];
      for (const headers of forged) expect((await send(url, body, headers)).status).toBe(401);
    }
  });

  it('refuses a delivery signed too long ago or ahead of our clock, however well signed', async () => {
    const { url } = await start();
    const body = delivery();
    for (const minutes of [-6, 6]) {
      const headers = signedHeaders(body, { at: Date.now() + minutes * 60_000 });
      expect(await send(url, body, headers)).toMatchObject({ status: 401, json: { error: { code: 'STALE_REQUEST' } } });
    }
  });

  it('answers a copy of a delivery from memory: a captured one signals nothing', async () => {
    const { url, client } = await start();
    const body = delivery();
    const headers = signedHeaders(body);
    const workflowId = (await send(url, body, headers)).json.accepted?.[0]?.workflowId ?? '';
    for (let n = 0; n < 3; n++) expect((await send(url, body, headers)).status).toBe(200);
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    expect(events?.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(1);
  });

  it('refuses another body under an id that was used', async () => {
    const { url } = await start();
    const [first, second] = [delivery(), delivery()];
    await send(url, first, signedHeaders(first, { id: 'used' }));
    const reply = await send(url, second, signedHeaders(second, { id: 'used' }));
    expect(reply).toMatchObject({ status: 400, json: { error: { code: 'REPLAYED_REQUEST' } } });
  });

  it('does not remember a delivery that was not accepted: the sender may send it again', async () => {
    const { url } = await gatewayUnderTest({ address: '127.0.0.1:1', namespace, deadlineMs: 500 });
    const body = delivery();
    const headers = signedHeaders(body);
    for (let n = 0; n < 2; n++) expect((await send(url, body, headers)).status).toBe(503);
  });

  it('names the field of a body that is signed but wrong', async () => {
    const { url } = await start();
    for (const [body, field] of [
      [delivery({ startsAt: undefined }), 'alerts[0].startsAt'],
      [delivery({ status: 'pending' }), 'alerts[0].status'],
      [delivery({ approved: true }), 'alerts[0]'],
      ['{"alerts":{}}', 'alerts'],
      ['[]', 'body'],
    ] as const)
      expect(await send(url, body)).toMatchObject({
        status: 400,
        json: { error: { code: 'BAD_INPUT', message: expect.stringContaining(field) } },
      });
  });

  it('limits how often one address may send', async () => {
    const { url } = await start({ limits: { knownPerMinute: 2 } });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n++) statuses.push((await send(url, '{', {})).status);
    expect(statuses).toEqual([401, 401, 429, 429]);
  });

  it('shows none of its secrets in any answer, log line or metric', async () => {
    const { url, logged, registry } = await start();
    const secrets = [bearer.token, genericSecret, genericSecret.slice('whsec_'.length)];
    const seen: string[] = [];
    for (const secret of secrets)
      for (const [where, body, headers] of [
        ['/webhooks/alertmanager', '{', bearerOf(bearer.token)],
        ['/webhooks/alertmanager', JSON.stringify({ alerts: secret }), bearerOf(bearer.token)],
        ['/webhooks/alertmanager', '{}', bearerOf(`${secret}x`)],
        ['/webhooks/alertmanager', '{}', { authorization: `Basic ${Buffer.from(`a:${secret}`).toString('base64')}` }],
        [path, delivery({ status: secret }), signedHeaders('x')],
        [path, JSON.stringify({ [secret]: 1 }), signedHeaders(JSON.stringify({ [secret]: 1 }))],
        [`/${secret}`, '{}', {}],
        [`/%ff${secret}`, '{}', {}],
        [path, delivery(), signedHeaders('{}', { id: secret })],
      ] as [string, string, Record<string, string>][]) {
        const { text, headers: replied } = await post(url, where, body, headers);
        seen.push(text, JSON.stringify([...replied]));
      }
    seen.push(logged(), await registry.metrics());
    for (const secret of secrets) expect(seen.filter((text) => text.includes(secret))).toEqual([]);
  });
});
