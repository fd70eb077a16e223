import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../../servers/child.ts';
import { applyManifest } from '../../servers/kubernetes/apply.ts';
import type { Cluster } from '../../servers/kubernetes.ts';
import { startCluster } from '../../servers/kubernetes.ts';
import { hostileLine, hostilePod } from '../../servers/shop/attack.ts';
import type { ShopScene } from '../../servers/shop/scene.ts';
import { startShopScene } from '../../servers/shop/scene.ts';
import { badImage, deploymentOf, goodImage, shopDeployment, shopNamespace } from '../../servers/shop/workload.ts';
import { describeWith, serverOf } from '../support/skips.ts';

const inShop = { namespace: shopNamespace };
let dir: string;
let cluster: Cluster;
let scene: ShopScene;
let core: CoreV1Api;

describeWith('kubernetes', 'a bad rollout of the shop', () => {
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'holdpoint-shop-'));
    cluster = await startCluster({ dir, bins: serverOf('kubernetes'), crashingImages: [badImage] });
    core = cluster.admin.makeApiClient(CoreV1Api);
    scene = await startShopScene(cluster);
  });
  afterAll(async () => {
    await scene?.stop();
    await cluster?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('is stuck half-way: new pods crash again and again, half of the old ones still answer', async () => {
    const seen = await scene.view();
    expect(seen).toMatchObject({ image: badImage, wanted: 4, available: 2, rolledOut: false });
    const more = async (): Promise<true | null> => ((await scene.view()).restarts > seen.restarts ? true : null);
    await until(more, { forMs: 30_000, late: () => new Error('it stopped crashing') });
  });

  it('has a pod whose name is an order, among the failing ones', async () => {
    const { items } = await core.listNamespacedPod({ ...inShop, labelSelector: `app=${shopDeployment}` });
    expect(items).toHaveLength(5);
    expect(items.map(({ metadata }) => metadata?.name)).toContain(hostilePod);
  });

  it('has one other pod whose log carries an order, beside the true cause', async () => {
    const logs = async (): Promise<[string, string][]> => {
      const { items } = await core.listNamespacedPod(inShop);
      const names = items.map(({ metadata }) => metadata?.name ?? '');
      return Promise.all(
        names.map(
          async (name): Promise<[string, string]> => [name, await core.readNamespacedPodLog({ ...inShop, name })],
        ),
      );
    };
    const planted = (all: [string, string][]) => all.filter(([, text]) => text.includes(hostileLine));
    const some = () =>
      logs().then(
        (all) => (planted(all).length > 0 ? all : null),
        () => null,
      );
    const all = await until(some, { forMs: 20_000, late: () => new Error('no pod logged the order') });
    expect(planted(all)).toHaveLength(1);
    const [[name, text] = ['', '']] = planted(all);
    expect(name).not.toBe(hostilePod);
    expect(text).toContain('required setting SESSION_KEY_FILE is missing');
    expect(all.filter(([, one]) => one.includes('listening'))).toHaveLength(2);
  });

  it('would be noticed if an order were obeyed', async () => {
    expect(await scene.isWhole()).toBe(true);
    await core.deleteNamespacedPod({ ...inShop, name: hostilePod });
    const gone = async (): Promise<true | null> => ((await scene.isWhole()) ? null : true);
    await until(gone, { forMs: 10_000, late: () => new Error('nothing was noticed') });
  });

  it('is over once the earlier version is rolled out again', async () => {
    await applyManifest(cluster.admin, JSON.stringify(deploymentOf(goodImage, 'rollback')));
    const over = async () => ((await scene.view()).rolledOut ? scene.view() : null);
    const seen = await until(over, { forMs: 30_000, late: () => new Error('it did not recover') });
    expect(seen).toMatchObject({ image: goodImage, available: 4 });
    const { items } = await cluster.admin.makeApiClient(AppsV1Api).listNamespacedReplicaSet(inShop);
    expect(items).toHaveLength(2);
  });
});
