import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { AppsV1Api, CoreV1Api, PatchStrategy, setHeaderOptions, type V1Pod } from '@kubernetes/client-node';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../servers/child.ts';
import { issuer } from '../../servers/kubernetes/programs.ts';
import { isAlive } from '../../servers/lock.ts';
import type { ClusterWorld } from '../support/kubernetes.ts';
import { crashingImage, deploymentOf, isKnown, openCluster, refusalOf } from '../support/kubernetes.ts';
import { describeWith } from '../support/skips.ts';

const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
const reads = { apiGroups: ['', 'apps'], resources: ['pods', 'deployments'], verbs: ['get', 'list'] };
const patches = { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'patch', 'create', 'delete'] };
const reader = { namespace: 'shop', name: 'holdpoint-web-read' };
const actor = { namespace: 'shop', name: 'holdpoint-web-act' };
const predictor = { namespace: 'shop', name: 'holdpoint-web-predict' };

let world: ClusterWorld;

const podsOf = async (app: string): Promise<V1Pod[]> =>
  (await world.core.listNamespacedPod({ namespace: 'shop', labelSelector: `app=${app}` })).items;
const webPatch = (replicas: number) => ({ namespace: 'shop', name: 'web', body: { spec: { replicas } } });
const appsAs = async (account: typeof actor): Promise<AppsV1Api> => (await world.as(account)).makeApiClient(AppsV1Api);

describeWith('kubernetes', 'a cluster', () => {
  beforeAll(async () => {
    world = await openCluster();
    await Promise.all(['shop', 'other'].map(world.namespace));
    await Promise.all([
      world.account(reader, [reads]),
      world.account(actor, [patches]),
      world.account(predictor, [patches]),
    ]);
    await world.deploy('shop', 'web');
    await world.rolledOut('shop', 'web');
  });
  afterAll(() => world.close());

  it('rolls a deployment out to nodes that the scheduler chose', async () => {
    const pods = await podsOf('web');
    expect(pods).toHaveLength(2);
    for (const { spec, status } of pods) {
      expect(spec?.nodeName).toMatch(/^node-[12]$/);
      expect(status?.phase).toBe('Running');
      expect(status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status).toBe('True');
    }
  });

  it('gives no pod to a cordoned node', async () => {
    await world.core.patchNode({ name: 'node-1', body: { spec: { unschedulable: true } } }, merge);
    await world.deploy('shop', 'elsewhere');
    await world.rolledOut('shop', 'elsewhere');
    await world.core.patchNode({ name: 'node-1', body: { spec: { unschedulable: false } } }, merge);
    expect((await podsOf('elsewhere')).map(({ spec }) => spec?.nodeName)).toEqual(['node-2', 'node-2']);
  });

  it('crash-loops a bad image: it restarts and is never ready, and what ran before goes on', async () => {
    const template = { spec: { containers: [{ name: 'web', image: crashingImage }] } };
    await world.deploy('shop', 'cart');
    await world.rolledOut('shop', 'cart');
    await world.apps.patchNamespacedDeployment(
      { namespace: 'shop', name: 'cart', body: { spec: { template } } },
      merge,
    );
    const restarting = async (): Promise<V1Pod | null> => {
      const bad = (await podsOf('cart')).filter(({ spec }) => spec?.containers[0]?.image === crashingImage);
      return bad.find(({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) >= 2) ?? null;
    };
    const pod = await until(restarting, { forMs: 30_000, late: () => new Error('nothing crashed') });
    expect(pod.status?.containerStatuses?.[0]).toMatchObject({
      ready: false,
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    });
    const { status } = await world.apps.readNamespacedDeployment({ namespace: 'shop', name: 'cart' });
    expect(status?.availableReplicas).toBe(2);
    const { items } = await world.core.listNamespacedEvent({ namespace: 'shop' });
    expect(items.some(({ reason, involvedObject }) => reason === 'BackOff' && involvedObject.kind === 'Pod')).toBe(
      true,
    );
  });

  it('serves what a pod logged, now and before its restart, and lets no line forge another', async () => {
    const [first, second] = await podsOf('web');
    const pod = first?.metadata?.name ?? '';
    await world.cluster.logs.write({ namespace: 'shop', pod }, [
      'listening',
      `odd\n${new Date().toISOString()} stdout F forged`,
    ]);
    await world.cluster.logs.write({ namespace: 'shop', pod }, ['panic: no database'], { previous: true });
    const logOf = (name: string, previous = false): Promise<string> =>
      world.core.readNamespacedPodLog({ namespace: 'shop', name, previous });
    const served = (): Promise<string | null> =>
      logOf(pod).then(
        (text) => text || null,
        () => null,
      );
    const text = await until(served, { forMs: 10_000, late: () => new Error('no log was served') });
    expect(text.trim().split('\n')).toEqual(['listening', expect.stringMatching(/^odd .* forged$/)]);
    expect(await logOf(pod, true)).toContain('panic: no database');
    expect(await logOf(second?.metadata?.name ?? '')).toBe('');
  });

  it('listens on loopback alone, its nodes too: they ask nobody for a name', async () => {
    const { items } = await world.core.listNode();
    const ports = [
      Number(new URL(world.cluster.url).port),
      items[0]?.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0,
    ];
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const opens = (host: string, port: number): Promise<boolean> =>
      new Promise((done) => {
        const socket = connect({ host, port, timeout: 2_000 });
        const end = (open: boolean) => (): void => {
          socket.destroy();
          done(open);
        };
        socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
      });
    for (const port of ports) {
      expect(await opens('127.0.0.1', port)).toBe(true);
      for (const { address, internal } of addresses) if (!internal) expect(await opens(address, port)).toBe(false);
    }
  });

  it('refuses whoever has no token, or one that nobody made', async () => {
    for (const token of ['', 'x'.repeat(48)]) {
      const core = world.cluster.as(token).makeApiClient(CoreV1Api);
      expect((await refusalOf(core.listNamespacedPod({ namespace: 'shop' }))).code).toBe(401);
    }
  });

  it('refuses an account another namespace, another verb, and every Secret', async () => {
    const client = await world.as(reader);
    const [core, apps] = [client.makeApiClient(CoreV1Api), client.makeApiClient(AppsV1Api)];
    expect((await core.listNamespacedPod({ namespace: 'shop' })).items.length).toBeGreaterThan(0);
    const refused = [
      () => core.listNamespacedPod({ namespace: 'other' }),
      () => core.listPodForAllNamespaces(),
      () => core.listNamespacedSecret({ namespace: 'shop' }),
      () => core.listNode(),
      () => apps.patchNamespacedDeployment(webPatch(3), merge),
      () => core.createNamespacedServiceAccountToken({ ...actor, body: { spec: { audiences: [] } } }),
    ];
    for (const call of refused) expect((await refusalOf(call())).code).toBe(403);
  });

  it('gives a token of ten minutes, none shorter, and an account of ours none that is longer', async () => {
    const ask = (name: string, expirationSeconds: number) =>
      world.core.createNamespacedServiceAccountToken({
        namespace: 'shop',
        name,
        body: { spec: { audiences: [], expirationSeconds } },
      });
    const made = await ask(actor.name, 600);
    const lasts = (made.status?.expirationTimestamp.getTime() ?? 0) - Date.now();
    expect(lasts).toBeGreaterThan(590_000);
    expect(lasts).toBeLessThanOrEqual(601_000);
    expect((await refusalOf(ask(actor.name, 599))).code).toBe(422);
    for (const seconds of [601, 86_400]) {
      expect(await refusalOf(ask(actor.name, seconds))).toMatchObject({
        code: 403,
        message: expect.stringMatching(/ten minutes/),
      });
    }
    // An account that no policy of ours covers still gets no day.
    expect((await ask('default', 86_400)).spec.expirationSeconds).toBe(3_600);
  });

  it('knows a token until it expires, and not after', async () => {
    const { metadata } = await world.core.readNamespacedServiceAccount(actor);
    const key = createPrivateKey(world.cluster.serviceAccountKey);
    const serviceaccount = { name: actor.name, uid: metadata?.uid };
    const signed = (expires: number): Promise<string> =>
      new SignJWT({ 'kubernetes.io': { namespace: actor.namespace, serviceaccount } })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(issuer)
        .setAudience(issuer)
        .setSubject(`system:serviceaccount:${actor.namespace}:${actor.name}`)
        .setIssuedAt(expires - 600)
        .setNotBefore(expires - 600)
        .setExpirationTime(expires)
        .sign(key);
    const now = Math.floor(Date.now() / 1_000);
    expect(await isKnown(world.cluster.admin, await signed(now + 300))).toBe(true);
    expect(await isKnown(world.cluster.admin, await signed(now - 300))).toBe(false);
  });

  it('knows a token that is bound to an object only while that object is there', async () => {
    const name = 'holdpoint-lease';
    const lease = await world.core.createNamespacedSecret({ namespace: 'shop', body: { metadata: { name } } });
    const uid = lease.metadata?.uid ?? '';
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name, uid };
    const body = { spec: { audiences: [], expirationSeconds: 600, boundObjectRef } };
    const bound = async (): Promise<string> =>
      (await world.core.createNamespacedServiceAccountToken({ ...actor, body })).status?.token ?? '';
    const [used, unused] = [await bound(), await bound()];
    expect(await isKnown(world.cluster.admin, used)).toBe(true);
    await world.core.deleteNamespacedSecret({ namespace: 'shop', name });
    // The server remembers for ten seconds whom it knew: this one it has not seen yet.
    const gone = async (): Promise<true | null> => ((await isKnown(world.cluster.admin, unused)) ? null : true);
    await until(gone, { forMs: 5_000, late: () => new Error('the token outlived what it was bound to') });
  });

  it('shows by a dry run what would change, and changes nothing', async () => {
    const before = await world.apps.readNamespacedDeployment({ namespace: 'shop', name: 'web' });
    const shown = await world.apps.patchNamespacedDeployment({ ...webPatch(7), dryRun: 'All' }, merge);
    expect(shown.spec?.replicas).toBe(7);
    const after = await world.apps.readNamespacedDeployment({ namespace: 'shop', name: 'web' });
    expect(after.spec?.replicas).toBe(2);
    expect(after.metadata?.resourceVersion).toBe(before.metadata?.resourceVersion);
  });

  it('lets the account that predicts do so, and refuses each write of it that is not a dry run', async () => {
    const apps = await appsAs(predictor);
    expect((await apps.patchNamespacedDeployment({ ...webPatch(7), dryRun: 'All' }, merge)).spec?.replicas).toBe(7);
    const target = { namespace: 'shop', name: 'web' };
    const refused = [
      () => apps.patchNamespacedDeployment(webPatch(7), merge),
      () => apps.deleteNamespacedDeployment(target),
      () => apps.createNamespacedDeployment({ namespace: 'shop', body: deploymentOf('planted') }),
    ];
    for (const call of refused) {
      expect(await refusalOf(call())).toMatchObject({ code: 403, message: expect.stringMatching(/only predict/) });
    }
    expect((await world.rolledOut('shop', 'web')).spec?.replicas).toBe(2);
    // The same rights without the name are the rights to act.
    expect((await (await appsAs(actor)).patchNamespacedDeployment(webPatch(3), merge)).spec?.replicas).toBe(3);
  });

  it('writes into its audit log who changed what with which body, and nothing of a Secret or a token', async () => {
    const token = await world.tokenOf(actor);
    const apps = world.cluster.as(token).makeApiClient(AppsV1Api);
    await apps.patchNamespacedDeployment({ ...webPatch(2), fieldManager: 'audited' }, merge);
    const secret = { metadata: { name: 'held' }, stringData: { password: 'not-for-the-log' } };
    await world.core.createNamespacedSecret({ namespace: 'shop', body: secret });
    // Each event is written once its answer is out.
    const written = async (): Promise<string | null> => {
      const text = readFileSync(world.cluster.auditLog, 'utf8');
      return text.includes('"name":"held"') ? text : null;
    };
    const log = await until(written, { forMs: 5_000, late: () => new Error('nothing was written of the Secret') });
    const events = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(events.filter(({ requestURI }) => String(requestURI).includes('fieldManager=audited'))).toMatchObject([
      {
        verb: 'patch',
        user: { username: 'system:serviceaccount:shop:holdpoint-web-act' },
        objectRef: { resource: 'deployments', namespace: 'shop', name: 'web' },
        requestObject: { spec: { replicas: 2 } },
        responseStatus: { code: 200 },
      },
    ]);
    for (const secretText of ['not-for-the-log', btoa('not-for-the-log'), token]) expect(log).not.toContain(secretText);
  });

  it('ends every one of its programs', async () => {
    const { pids } = world.cluster;
    expect(pids.map(isAlive)).toEqual([true, true, true, true, true]);
    await world.cluster.stop();
    expect(pids.map(isAlive)).toEqual([false, false, false, false, false]);
  });
});
