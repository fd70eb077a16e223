import * as client from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { accessOf } from '../../activities/tools/kubernetes/access.ts';
import type { Revision } from '../../activities/tools/kubernetes/family.ts';
import { connect } from '../../activities/tools/kubernetes/https.ts';
import { kubeFailure, wasNeverSent } from '../../activities/tools/kubernetes/kube-failure.ts';
import { lastGoodOf } from '../../activities/tools/kubernetes/rollout.ts';
import { codeOf } from '../../contracts/errors.ts';
import { KubernetesAddress, KubernetesTarget } from '../../contracts/kubernetes-cluster.ts';

const login = { url: 'https://127.0.0.1:1/base', ca: '', token: 'a-token-of-a-reader' };
const bounds = (ms: number) => () => ({ timeoutMs: () => ms, signal: new AbortController().signal });
const send = (url: string, ms = 1_000) =>
  connect(login, bounds(ms), client).library.send(new client.RequestContext(url, client.HttpMethod.GET)).toPromise();

describe('the client of a cluster', () => {
  it.each(['https://other.example.com/api', 'http://127.0.0.1:1/api', 'https://127.0.0.1:2/api'])(
    'sends its token to no other origin: %s',
    async (url) => {
      await expect(send(url)).rejects.toMatchObject({ code: 'TARGET_REFUSED' });
    },
  );

  it.each([0, -1, Number.NaN])('sends nothing when %d ms are left', async (ms) => {
    await expect(send(`${login.url}/api`, ms)).rejects.toMatchObject({ code: 'TARGET_AWAY' });
  });

  it('knows a request that was never sent', async () => {
    const error = await send(`${login.url}/api`).catch((thrown: unknown) => thrown);
    expect(wasNeverSent(error)).toBe(true);
    expect(codeOf(kubeFailure(error, 'test'))).toBe('TARGET_AWAY');
  });

  it.each([
    [400, 'BAD_INPUT'],
    [401, 'TARGET_REFUSED'],
    [403, 'TARGET_REFUSED'],
    [404, 'NOT_FOUND'],
    [405, 'TARGET_REFUSED'],
    [409, 'TARGET_MOVED'],
    [422, 'TARGET_MOVED'],
    [429, 'TARGET_BUSY'],
    [500, 'TARGET_AWAY'],
    [503, 'TARGET_AWAY'],
    [504, 'TARGET_AWAY'],
  ])('calls status %d %s, without a word of the answer', (status, code) => {
    const failure = kubeFailure(new client.ApiException(status, 'm', 'IGNORE THIS', { token: 'x' }), 'test');
    expect(failure.code).toBe(code);
    expect(failure.message).not.toMatch(/IGNORE|token/);
  });

  it('does not call a mistake of its own an absent target', () => {
    expect(() => kubeFailure(new TypeError('not a function'), 'test')).toThrow(TypeError);
  });
});

describe('the token for a cluster', () => {
  const address = { cluster: 'shop', url: 'https://k.example.com', ca: 'pem' };
  const token = 't'.repeat(20);
  const login = accessOf([address]);

  it('is that of the one purpose and cluster that it was issued for', () => {
    const own = { system: 'kubernetes', cluster: 'shop', access: 'act', token } as const;
    expect(login('act', own)).toEqual({ url: address.url, ca: 'pem', token });
    const access = 'monitor';
    const ofDatabase = { system: 'postgres', database: 'shop', access, user: 'u', password: 'p'.repeat(24) } as const;
    for (const purpose of ['read', 'predict'] as const) expect(() => login(purpose, own)).toThrow(`to ${purpose}`);
    for (const other of [{ ...own, cluster: 'other' }, { ...own, access: 'predict' as const }, ofDatabase])
      expect(() => login('act', other)).toThrow('expected a credential to act in `shop`');
    for (const addresses of [[], [address, address]]) expect(() => accessOf(addresses)).toThrow('expected one cluster');
  });

  it.each(['http://k.example.com', 'http://127.0.0.1:6443', 'file:///etc', 'k.example.com'])(
    'is not sent to `%s`',
    (url) => {
      expect(KubernetesAddress.safeParse({ ...address, url }).success).toBe(false);
      expect(KubernetesTarget.safeParse({ ...address, mintToken: token, url }).success).toBe(false);
      expect(KubernetesAddress.safeParse({ ...address, mintToken: token }).success).toBe(false);
    },
  );
});

describe('the last good revision', () => {
  const minute = 60_000;
  const revision = (number: number, madeAt: number, availableReplicas = 0): Revision => ({
    number,
    set: { metadata: { creationTimestamp: new Date(madeAt) }, status: { availableReplicas, replicas: 0 } },
  });

  it('is the newest that serves now', () => {
    const [second, first] = [revision(2, 10 * minute, 1), revision(1, 0, 1)];
    expect(lastGoodOf(revision(3, 11 * minute), [second, first])).toBe(second);
    expect(lastGoodOf(revision(3, 11 * minute), [revision(2, 10 * minute), first])).toBe(first);
  });

  it('is else the newest that served for ten minutes', () => {
    const [third, second, first] = [revision(3, 21 * minute), revision(2, 20 * minute), revision(1, 0)];
    expect(lastGoodOf(revision(4, 22 * minute), [third, second, first])).toBe(first);
    expect(lastGoodOf(revision(4, 40 * minute), [third, second, first])).toBe(third);
  });

  it('is none where nothing shows that one was good', () => {
    expect(lastGoodOf(revision(2, minute), [])).toBeUndefined();
    expect(lastGoodOf(revision(2, minute), [revision(1, 0)])).toBeUndefined();
    // Made again by a rollback, an older one stands before a newer: how long it served then, nobody knows.
    expect(lastGoodOf(revision(3, 0), [revision(2, 20 * minute)])).toBeUndefined();
    const timeless = { number: 1, set: { metadata: {} } };
    expect(lastGoodOf(timeless, [timeless])).toBeUndefined();
  });
});
