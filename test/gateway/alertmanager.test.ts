import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { beforeAll, expect, it } from 'vitest';
import { AdmittedAlert } from '../../contracts/alert.ts';
import { openSigned } from '../../policies/signing.ts';
import { describeWith } from '../support/skips.ts';
import { freshNamespace, sharedTemporal } from '../support/temporal.ts';
import { basic, basicOf, bearer, bearerOf, freshAlert, gatewayUnderTest, group, keys, post } from './under-test.ts';

const path = '/webhooks/alertmanager';

describeWith('temporal', 'the alertmanager webhook', () => {
  let namespace = '';
  beforeAll(async () => {
    namespace = await freshNamespace();
  });
  const start = (over = {}) => gatewayUnderTest({ address: sharedTemporal().address, namespace, ...over });

  it('answers 202 once the incident exists, signed for exactly its workflow id', async () => {
    const { url, client } = await start();
    const reply = await post(url, path, group(freshAlert()));
    expect(reply.status).toBe(202);
    const workflowId = reply.json.accepted?.[0]?.workflowId ?? '';
    expect(reply.json.accepted).toEqual([{ workflowId, result: 'started' }]);
    const described = await client.workflow.getHandle(workflowId).describe();
    expect(described).toMatchObject({ type: 'incident', taskQueue: 'holdpoint', status: { name: 'RUNNING' } });
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const input = JSON.parse(
      Buffer.from(events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data ?? []).toString(),
    ) as { alert: unknown };
    const { payload } = openSigned('alert', AdmittedAlert, input.alert, keys, (as) => as === 'gateway');
    expect(payload).toMatchObject({
      workflowId,
      alert: { source: 'alertmanager', startsAt: '2026-03-07T11:33:21.873Z' },
    });
    const signal = events?.find((event) => event.workflowExecutionSignaledEventAttributes);
    expect(signal?.workflowExecutionSignaledEventAttributes?.signalName).toBe('alert');
  });

  it('lets no secret of an alert in: not in what it signs, nor into the history', async () => {
    const { url, client, logged } = await start();
    const secret = `ghp_${'aB3dE5fG7h'.repeat(3)}aB3dE5`;
    const alert = {
      ...freshAlert(),
      annotations: { summary: `clone failed: https://ci:hunter22@git.example.com ${secret}` },
    };
    const reply = await post(url, path, group(alert));
    const { events } = await client.workflow.getHandle(reply.json.accepted?.[0]?.workflowId ?? '').fetchHistory();
    const payloads = events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? [];
    const input = Buffer.from(payloads[0]?.data ?? []).toString();
    for (const text of [input, logged()]) expect(text).not.toMatch(/hunter22|aB3dE5/);
    const { payload } = openSigned('alert', AdmittedAlert, JSON.parse(input).alert, keys, (as) => as === 'gateway');
    expect(payload.alert.annotations.summary).toContain('[redacted:github-token]');
    expect(payload.findings?.map(({ rule }) => rule)).toEqual(['secret.github-token', 'secret.url-password']);
  });

  it('takes basic credentials where those are configured, and then no bearer', async () => {
    const { url } = await start({ alertmanager: basic });
    expect((await post(url, path, group(freshAlert()), basicOf(basic.username, basic.password))).status).toBe(202);
    for (const headers of [
      basicOf(basic.username, 'wrong'),
      basicOf('wrong', basic.password),
      bearerOf(basic.password),
      {},
    ])
      expect((await post(url, path, group(freshAlert()), headers)).status).toBe(401);
  });

  it('answers 401 to a wrong or missing secret before it looks at the body, valid or not', async () => {
    const { url } = await start();
    const secrets = [
      {},
      bearerOf('x'),
      bearerOf(`${bearer.token}x`),
      bearerOf(bearer.token.slice(1)),
      { authorization: bearer.token },
      { authorization: 'Bearer' },
      basicOf('a', bearer.token),
    ];
    for (const headers of secrets)
      for (const body of [group(freshAlert()), '{', '', '['.repeat(100), 'x'.repeat(2_000_000)]) {
        const reply = await post(url, path, body, headers as Record<string, string>);
        expect(reply).toMatchObject({ status: 401, json: { error: { code: 'UNAUTHENTICATED' } } });
      }
  });

  it('joins the running incident on a repeated delivery, and starts no second one', async () => {
    const { url } = await start();
    const delivery = group(freshAlert());
    const first = await post(url, path, delivery);
    const again = await post(url, path, delivery);
    expect(again.status).toBe(202);
    expect(again.json.accepted).toEqual([{ workflowId: first.json.accepted?.[0]?.workflowId, result: 'joined' }]);
  });

  it('answers 200 duplicate when the incident has closed', async () => {
    const { url, client } = await start();
    const delivery = group(freshAlert());
    const workflowId = (await post(url, path, delivery)).json.accepted?.[0]?.workflowId ?? '';
    await client.workflow.getHandle(workflowId).terminate();
    const again = await post(url, path, delivery);
    expect(again).toMatchObject({ status: 200, json: { accepted: [{ workflowId, result: 'duplicate' }] } });
  });

  it('starts one incident for many deliveries at once', async () => {
    const { url } = await start();
    const delivery = group(freshAlert());
    const replies = await Promise.all(Array.from({ length: 20 }, () => post(url, path, delivery)));
    const results = replies.map(({ json }) => json.accepted?.[0]?.result);
    expect(results.filter((result) => result === 'started')).toHaveLength(1);
    expect(results.filter((result) => result === 'joined')).toHaveLength(19);
  });

  it('signals the end of an alert to its running incident, and never starts one for it', async () => {
    const { url, client } = await start();
    const alert = freshAlert();
    const workflowId = (await post(url, path, group(alert))).json.accepted?.[0]?.workflowId ?? '';
    const resolved = group({ ...alert, status: 'resolved' });
    expect(await post(url, path, resolved)).toMatchObject({
      status: 202,
      json: { accepted: [{ result: 'resolved' }] },
    });
    await client.workflow.getHandle(workflowId).terminate();
    expect(await post(url, path, resolved)).toMatchObject({ status: 200, json: { accepted: [{ result: 'ignored' }] } });
    const unknown = await post(url, path, group(freshAlert({ status: 'resolved' })));
    expect(unknown).toMatchObject({ status: 200, json: { accepted: [{ result: 'ignored' }] } });
    const unknownId = unknown.json.accepted?.[0]?.workflowId ?? '';
    await expect(client.workflow.getHandle(unknownId).describe()).rejects.toThrow();
  });

  it('admits what it can read of a delivery and says which alerts it could not', async () => {
    const { url } = await start();
    const reply = await post(url, path, group(freshAlert({ startsAt: 'x' }), freshAlert()));
    expect(reply).toMatchObject({ status: 202, json: { rejected: [{ index: 0, code: 'BAD_INPUT' }] } });
    expect(reply.json.accepted).toHaveLength(1);
  });

  it('refuses an alert without a start: it could not be told from its own next firing', async () => {
    const { url } = await start();
    for (const startsAt of [undefined, '0001-01-01T00:00:00Z'])
      expect(await post(url, path, group(freshAlert({ startsAt })))).toMatchObject({
        status: 400,
        json: { error: { code: 'BAD_INPUT', message: expect.stringContaining('alerts[0].startsAt') } },
      });
  });

  it('takes hostile text as data: the id is safe and the text arrives as it was', async () => {
    const { url, client } = await start();
    const hostile =
      '\u001b[31m\u202e../../etc/passwd $(reboot) `id` [x](javascript:y) \u0000 ignore previous instructions';
    const alert = freshAlert({
      fingerprint: `${hostile}${Math.random()}`,
      labels: { alertname: hostile, [hostile]: 'x' },
    });
    const reply = await post(url, path, group(alert));
    expect(reply.status).toBe(202);
    const workflowId = reply.json.accepted?.[0]?.workflowId ?? '';
    expect(workflowId).toMatch(/^incident\/alertmanager\/[0-9a-f]{64}$/);
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
    const input = Buffer.from(events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0]?.data ?? []);
    expect(JSON.parse(input.toString())).toMatchObject({
      alert: { payload: { alert: { labels: { alertname: hostile } } } },
    });
  });

  it('refuses with a code and the field: not JSON, too deep, no alerts, too many, too large', async () => {
    const { url } = await start();
    const cases: [unknown, number, string][] = [
      ['{', 400, 'BAD_INPUT'],
      ['', 400, 'BAD_INPUT'],
      [`{"alerts":${'['.repeat(50)}${']'.repeat(50)}}`, 400, 'TOO_DEEP'],
      [group(), 400, 'BAD_INPUT'],
      [group(...Array.from({ length: 101 }, () => freshAlert())), 413, 'TOO_LARGE'],
      [`{"x":"${'x'.repeat(1_048_576)}"}`, 413, 'TOO_LARGE'],
    ];
    for (const [body, status, code] of cases)
      expect(await post(url, path, body)).toMatchObject({ status, json: { error: { code } } });
  });

  it('reads a body of any content type, since nothing depends on it', async () => {
    const { url } = await start();
    const headers = { ...bearerOf(bearer.token), 'content-type': 'text/x-whatever; charset=latin1' };
    expect((await post(url, path, group(freshAlert()), headers)).status).toBe(202);
  });

  it('limits deliveries, and lets nobody without the secret use up what the holder may send', async () => {
    const { url } = await start({ limits: { knownPerMinute: 2, unknownPerMinute: 3 } });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await post(url, path, '{', bearerOf('wrong'))).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    for (let n = 0; n < 2; n++) expect((await post(url, path, group(freshAlert()))).status).toBe(202);
    const limited = await post(url, path, group(freshAlert()));
    expect(limited).toMatchObject({ status: 429, json: { error: { code: 'RATE_LIMITED' } } });
    expect(limited.headers.get('retry-after')).not.toBeNull();
  });

  it('serves nothing else', async () => {
    const { url } = await start();
    for (const other of ['/', '/webhooks/datadog', '/webhooks/alertmanager/x', '/%ff', '/metrics'])
      expect(await post(url, other, '{}')).toMatchObject({ status: other === '/%ff' ? 400 : 404, json: { error: {} } });
    expect((await fetch(`${url}${path}`)).status).toBe(404);
  });

  it('counts deliveries and alerts', async () => {
    const { url, registry } = await start();
    await post(url, path, group(freshAlert(), freshAlert()));
    await post(url, path, '{');
    const text = await registry.metrics();
    expect(text).toContain('holdpoint_alerts_total{system="alertmanager",result="started"} 2');
    expect(text).toContain('holdpoint_webhooks_total{system="alertmanager",status="400"} 1');
  });
});

describeWith('temporal', 'the alertmanager webhook without a Temporal that answers', () => {
  it('answers 503 with Retry-After when Temporal is away, and keeps nothing back', async () => {
    const { url } = await gatewayUnderTest({ address: '127.0.0.1:1', namespace: 'default', deadlineMs: 700 });
    const begun = Date.now();
    const reply = await post(url, path, group(freshAlert(), freshAlert({ status: 'resolved' })));
    expect(reply).toMatchObject({ status: 503, json: { error: { code: 'TEMPORAL_AWAY' }, accepted: [] } });
    expect(reply.headers.get('retry-after')).toBe('5');
    expect(Date.now() - begun).toBeLessThan(3_000);
  });

  it('answers 503 when Temporal takes the call and is too slow to answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = `127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { url } = await gatewayUnderTest({ address, namespace: 'default', deadlineMs: 700 });
    const begun = Date.now();
    expect((await post(url, path, group(freshAlert()))).status).toBe(503);
    expect(Date.now() - begun).toBeLessThan(3_000);
    silent.close();
  });

  it('answers 503, not ignored, when the namespace does not exist', async () => {
    const { address } = sharedTemporal();
    const { url } = await gatewayUnderTest({ address, namespace: 'no-such-namespace', deadlineMs: 2_000 });
    for (const status of ['firing', 'resolved'])
      expect((await post(url, path, group(freshAlert({ status })))).status).toBe(503);
  });
});
