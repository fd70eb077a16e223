import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Loopback, startLoopback } from '../support/loopback.ts';
import { notifierOf, pageOf, webhookSecret } from './under-test.ts';

describe('a page to a signed webhook', () => {
  let receiver: Loopback;
  beforeEach(async () => {
    receiver = await startLoopback(() => ({ status: 204, type: 'text/plain', body: '' }));
  });
  afterEach(() => receiver.stop());
  const to = (secret = webhookSecret) =>
    notifierOf([{ kind: 'webhook', name: 'audit', url: `${receiver.origin}/hook`, secret }]);
  const opened = (secret: string) => {
    const { body = '', headers = {} } = receiver.asked.at(-1) ?? {};
    return new Webhook(secret, secret.startsWith('whsec_') ? {} : { format: 'raw' }).verify(body, headers);
  };

  it.each([webhookSecret, 'a secret that is not in the form of Standard Webhooks'])(
    'says everything, signed so that the receiver can tell who sent it',
    async (secret) => {
      expect((await to(secret).page(pageOf())).delivered).toBe(true);
      expect(opened(secret)).toEqual({
        type: 'holdpoint.hold-waits',
        action: 'trigger',
        alert: expect.stringMatching(/^holdpoint-[0-9a-f]{64}$/),
        ...pageOf(),
      });
    },
  );
  it('is signed with a secret of the receiver alone: another does not verify', async () => {
    await to().page(pageOf());
    expect(() => opened(`whsec_${Buffer.alloc(24, 8).toString('base64')}`)).toThrow();
  });
  it('has the id of this very page, and the alert that all pages about one thing have', async () => {
    for (const change of [{}, { about: 'hold-ended', runId: null }, { runId: null }] as const)
      await to().page(pageOf(change));
    await to().page(pageOf());
    const ids = receiver.asked.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(3);
    expect(ids[3]).toBe(ids[0]);
    expect(new Set(receiver.asked.map(({ body }) => JSON.parse(body).alert)).size).toBe(1);
  });
  it('keeps outside text as data, without half a character at its cut', async () => {
    const detail = `"},{"about":"closed" ${'🙂'.repeat(3_000)}`;
    await to().page(pageOf({ detail }));
    const sent = opened(webhookSecret) as { detail: string; about: string };
    expect(sent.about).toBe('hold-waits');
    expect(sent.detail.length).toBeLessThanOrEqual(4_000);
    expect(receiver.asked[0]?.body).not.toContain('\\ud83d');
  });
  it('cannot be configured with a secret that cannot be read', () => {
    expect(() => to('whsec_not*base64*not*base64*')).toThrow();
  });
});
